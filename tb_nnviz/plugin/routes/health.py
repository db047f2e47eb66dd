"""``POST health``: the diagnosis of runs by the rules."""

from typing import Any

from tensorboard import errors

from tb_nnviz.diagnosis.document import describe
from tb_nnviz.plugin import query
from tb_nnviz.plugin.route import POST, Answer, Call, Route, binary_answer
from tb_nnviz.rules.limit_words import limit_words
from tb_nnviz.rules.registry import RULES


def handle(call: Call) -> Answer:
    """Return the verdict, the findings and what was checked of many runs, and the rules with their default limits."""
    body = query.parse_body(call.body, ("runs", "rules", "reference"))
    runs = query.parse_runs(body)
    reference = body.get("reference")
    if not (reference is None or isinstance(reference, str)):
        raise errors.InvalidArgumentError(f"invalid reference: {query.short(reference)} (expected a run, or null)")
    try:
        found = call.caches.diagnoses.diagnose(call.reader, runs, body.get("rules"), reference)
    except (ValueError, TypeError) as error:
        raise errors.InvalidArgumentError(str(error)) from None
    rules: list[dict[str, Any]] = [
        {
            "name": rule.name,
            "title": rule.title,
            "limits": dict(rule.limits),
            "words": {name: words._asdict() for name, words in limit_words(rule).items()},
            "source": rule.source,
        }
        for rule in RULES
    ]
    unknown = [one.run for one in found if one.first is None]
    missing = [{"run": run, "reason": f"no data in run {run!r}"} for run in unknown]
    known = [describe(one) for one in found if one.first is not None]
    return binary_answer({"runs": known, "rules": rules, "missing": missing})


ROUTE = Route("/health", POST, handle)
