"""The report as one HTML file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from tb_nnviz import __version__
from tb_nnviz.cli.report.figures import Figures
from tb_nnviz.cli.report.style import STYLE
from tb_nnviz.diagnosis.diagnose import NOTHING_FOUND, Diagnosis
from tb_nnviz.rules.finding import Finding

#: No script, no network: what a mail program may open.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


#: The marks of the pictures.
_LEGEND = (
    '<p class="dim">A card is one cause. What follows from it is folded under it. In the pictures, the dashed line is '
    "the first step at which the problem held, and the layers that have it have bold names. A vertical axis marked "
    "<i>log</i> is logarithmic. Crosses are NaN or Inf. Steps are counted from 0.</p>"
)


def render(diagnoses: Sequence[Diagnosis], figures: Figures, name: str) -> str:
    """Return the report: a table of all runs, then each run's findings with pictures and advice.

    Args:
        diagnoses: the diagnoses, the worst first.
        figures: the source of the pictures.
        name: the name of the log directory.
    """
    title = escape(f"Report on {name}")
    written = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
    )
    parts = [f'<h1>{title}</h1><p class="dim">tb_nnviz {escape(__version__)}, {escape(written)}</p>', _table(diagnoses)]
    if any(one.findings for one in diagnoses):
        parts.append(_LEGEND)
    for place, diagnosis in enumerate(diagnoses):
        parts.append(_run(diagnosis, figures, place))
    return f"{head}<body>{''.join(parts)}</body></html>\n"


def _table(diagnoses: Sequence[Diagnosis]) -> str:
    rows = []
    for place, one in enumerate(diagnoses):
        first = one.findings[0] if one.findings else None
        what = f"{escape(first.title)}{_where(first)}" if first else _count(one)
        if more := len(_chains(one)) - 1 if first else 0:
            what += f' <span class="dim">and {more} more cause{"s" if more > 1 else ""}</span>'
        rows.append(
            f'<tr><td><a href="#run{place}">{escape(one.run)}</a></td><td>{_verdict(one)}</td><td>{what}</td></tr>'
        )
    return f"<table><tr><th>Run, the worst first</th><th>Verdict</th><th>Main cause</th></tr>{''.join(rows)}</table>"


def _run(diagnosis: Diagnosis, figures: Figures, place: int) -> str:
    steps = "" if diagnosis.first is None else f"steps {diagnosis.first} to {diagnosis.last}"
    parts = [
        f'<h2 id="run{place}">{escape(diagnosis.run)}</h2><p>{_verdict(diagnosis)} <span class="dim">{steps}</span></p>'
    ]
    for chain in _chains(diagnosis):
        cause, *effects = [_card(finding, value, figures.of(diagnosis.run, finding)) for finding, value in chain]
        parts += [cause, _folded([finding for finding, _ in chain[1:]], effects)]
    if not diagnosis.findings and (shown := "".join(figures.losses(diagnosis.run))):
        parts.append(f'<div class="card"><div class="figures">{shown}</div></div>')
    return "".join([*parts, _checks(diagnosis)])


def _chains(diagnosis: Diagnosis) -> list[list[tuple[Finding, float | None]]]:
    """Return the findings and the values of the reference run by chain: a cause, then its effects."""
    chains: list[list[tuple[Finding, float | None]]] = []
    for finding, value in zip(diagnosis.findings, diagnosis.reference_values, strict=True):
        if finding.cause is not None:
            chains[-1].append((finding, value))
        else:
            chains.append([(finding, value)])
    return chains


def _folded(effects: Sequence[Finding], cards: Sequence[str]) -> str:
    """Return the effects of a cause under their titles."""
    if not effects:
        return ""
    titles = "; ".join(f"{escape(one.title)}{_where(one)}" for one in effects)
    return f'<details class="effects"><summary>What follows from it: {titles}</summary>{"".join(cards)}</details>'


def _card(finding: Finding, reference: float | None, pictures: Iterator[str]) -> str:
    value = "" if reference is None else f" The reference run has {reference:.3g} there."
    shown = "".join(pictures)
    advice = "".join(f"<li>{escape(one)}</li>" for one in finding.advice)
    source = f'<p class="dim">Source: <a href="{escape(finding.source)}">{escape(finding.source)}</a></p>'
    return (
        f'<section class="card is-{finding.severity}"><div class="head">'
        f'<span class="chip {finding.severity}">{finding.severity}</span><h3>{escape(finding.title)}</h3>'
        f"<code>{escape(finding.rule)}</code></div>"
        f"<p>In <b>{escape(finding.layer or 'the whole model')}</b> since <b>step {finding.since}</b>: "
        f"{escape(finding.evidence)}.{value}</p>"
        f'{f"""<div class="figures">{shown}</div>""" if shown else ""}'
        f"{f'<p><b>What to try</b></p><ol>{advice}</ol>' if advice else ''}"
        f"{source if finding.source else ''}</section>"
    )


def _checks(diagnosis: Diagnosis) -> str:
    """Return what was checked, and what could not be, with the reasons."""
    names = "".join(f'<li class="rule">{escape(name)}</li>' for name in diagnosis.checked)
    reasons: dict[str, list[str]] = {}
    for one in diagnosis.unchecked:
        reasons.setdefault(one.reason, []).append(one.rule)
    lacking = "".join(f"<li>{escape(', '.join(rules))}: {escape(why)}</li>" for why, rules in reasons.items())
    unread = "".join(f"<li>{escape(one.reason)}</li>" for one in diagnosis.missing)
    count = f"{_count(diagnosis)}, {len(diagnosis.unchecked)} not"
    return (
        f"<details{'' if diagnosis.findings else ' open'}><summary>{count}</summary>"
        f"{f'<p>Checked</p><ul class=rules>{names}</ul>' if names else ''}"
        f"{f'<p>Not checked</p><ul>{lacking}</ul>' if lacking else ''}"
        f"{f'<p>Not read</p><ul>{unread}</ul>' if unread else ''}</details>"
    )


def _count(diagnosis: Diagnosis) -> str:
    count = len(diagnosis.checked)
    return f"{count} rule{'' if count == 1 else 's'} checked"


def _verdict(diagnosis: Diagnosis) -> str:
    kind = "ok" if diagnosis.verdict == NOTHING_FOUND else diagnosis.verdict if diagnosis.findings else "dim"
    return f'<span class="chip {kind}">{diagnosis.verdict}</span>'


def _where(finding: Finding) -> str:
    layer = f" in {escape(finding.layer)}" if finding.layer else ""
    return f'{layer} <span class="dim">since step {finding.since}</span>'
