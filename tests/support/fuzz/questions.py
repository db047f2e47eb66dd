"""Questions to all routes of the plugin, and what must hold of the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.fuzz.strict import InvalidAnswer, decode, parse_json, part_of

#: A route, and the body of the question without ``runs``. None is a GET request.
Question = tuple[str, dict[str, Any] | None]
#: Sends a request to a route and returns the status and the body of the answer.
Ask = Callable[[str, bytes | None], tuple[int, bytes]]

KINDS = ("parameter", "gradient", "update", "activation", "activation_gradient", "optimizer", "input", "output")
ROWS = {"activation": ["conv", "fc"], "activation_gradient": ["conv", "fc"]}
QUESTIONS: list[Question] = [
    ("runs", None),
    ("structure", {}),
    ("findings", {}),
    *(
        ("series", {"kind": kind, "statistics": ["norm", "finite_norm", "count", "none"]})
        for kind in KINDS
        if kind != "optimizer"
    ),
    ("series", {"kind": "optimizer", "statistics": ["first_moment_norm", "effective_step_size"]}),
    ("series", {"kind": "tracked", "statistics": ["value"]}),
    ("series", {"kind": "gradient", "statistics": ["norm"]}),
    ("series", {"kind": "gradient", "statistics": ["dtype", "shape", "offset", "norm"]}),
    (
        "series",
        {
            "kind": "gradient",
            "statistics": ["norm", "nonfinite"],
            "rows": ["fc.weight", ["conv.weight", "fc.bias", "none"], "none"],
            "width": 2,
            "percentiles": [0, 0.5, 1],
        },
    ),
    (
        "series",
        {"kind": "activation", "statistics": ["outlier_ratio", "dead_fraction"], "from": 1, "to": 4, "width": 3},
    ),
    ("scalars", {"tags": None, "prefix": "nnviz/"}),
    ("scalars", {"tags": None, "prefix": ""}),
    ("scalars", {"tags": ["nnviz/log/loss", "nnviz/global/gradient_norm"], "last": True}),
    *(("maps", {"prefix": prefix}) for prefix in ("nnviz/map/", "nnviz/weight/", "nnviz/map_input")),
    ("maps", {"prefix": "nnviz/map/", "tag": "nnviz/map/conv"}),
    ("maps", {"prefix": "nnviz/map/", "tag": "nnviz/map/fc", "steps": [0, 3], "at": {"sample": 1}}),
    ("maps", {"prefix": "nnviz/weight/", "tag": "nnviz/weight/conv.weight", "steps": [9]}),
    ("maps", {"prefix": "nnviz/map_input", "tag": "nnviz/map_input"}),
    *(("histograms", {"kind": kind}) for kind in (*KINDS, "stock")),
    *(("histograms", {"kind": kind, "rows": ROWS.get(kind, ["fc.weight", "none"])}) for kind in (*KINDS, "stock")),
    ("histograms", {"kind": "parameter", "step": 3}),
    ("histograms", {"kind": "gradient", "rows": ["conv.weight"], "step": 0}),
]
#: Questions that read whole runs, which takes long.
JUDGED: list[Question] = [
    ("health", {}),
    ("health", {"reference": "good/0"}),
    ("compare", {"reference": ["good/0"]}),
]


@dataclass
class Outcome:
    """The number of questions asked, and those whose answers were wrong."""

    asked: int = 0
    errors: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    @property
    def wrong(self) -> list[str]:
        """Descriptions of all answers that were wrong."""
        return [*self.errors, *self.invalid, *self.lost]


def body_of(question: Question, runs: Sequence[str]) -> bytes | None:
    """Return the body of a question about some runs."""
    _, body = question
    return None if body is None else json.dumps({"runs": list(runs), **body}).encode()


def read(question: Question, data: bytes) -> Any:
    """Decode an answer."""
    return parse_json(data) if question[1] is None else decode(data)


def sound_answers(ask: Ask, sound: Sequence[str], questions: Sequence[Question] = QUESTIONS) -> list[dict[str, Any]]:
    """Return the answers about sound runs per question: {run: its part}."""
    answers = []
    for question in questions:
        status, data = ask(question[0], body_of(question, sound))
        assert status == 200, data
        answer = read(question, data)
        answers.append({run: part_of(answer, run) for run in sound})
    return answers


def check(
    ask: Ask,
    bad: Sequence[str],
    expected: Sequence[dict[str, Any]],
    outcome: Outcome,
    questions: Sequence[Question] = QUESTIONS,
) -> None:
    """Ask questions about bad runs together with sound ones, and add what is wrong to the outcome.

    Args:
        ask: sends a request.
        bad: the bad runs.
        expected: the answers about the sound runs alone, from ``sound_answers``.
        outcome: takes what is wrong.
        questions: those of ``expected``.
    """
    for question, of_sound in zip(questions, expected, strict=True):
        # Sound runs between bad ones: what comes before and after must not matter.
        first, *others = of_sound
        middle = len(bad) // 2
        runs = [*others, *bad[:middle], first, *bad[middle:]]
        where = f"{question[0]} {question[1]}"
        status, data = ask(question[0], body_of(question, runs))
        outcome.asked += 1
        if status != 200:
            outcome.errors.append(f"{status} for {where}: {data[:300].decode(errors='replace')}")
            continue
        try:
            answer = read(question, data)
        except InvalidAnswer as error:
            outcome.invalid.append(f"{where}: {error}")
            continue
        for run, part in of_sound.items():
            if part_of(answer, run) != part:
                outcome.lost.append(f"{where}: another answer for {run}")


def culprits(
    ask: Ask, bad: Sequence[str], expected: Sequence[dict[str, Any]], most: int = 5
) -> Iterator[tuple[str, list[str]]]:
    """Yield some of the bad runs that suffice for a wrong answer, and what is wrong."""
    found = 0
    for run in bad:
        alone = Outcome()
        check(ask, [run], expected, alone)
        if alone.wrong:
            found += 1
            yield run, alone.wrong
        if found == most:
            return


def describe(wrong: Iterable[tuple[str, list[str]]], mutations: dict[str, list[str]]) -> str:
    """Describe wrong answers and the mutations of the runs that cause them."""
    return "\n".join(f"{run} ({'; '.join(mutations.get(run, []))}):\n  " + "\n  ".join(texts) for run, texts in wrong)
