"""The language check finds each kind of problem, and works in every kind of clone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.packaging.language import (
    OPENERS,
    markdown_problems,
    problems,
    python_problems,
    subject_problems,
    subjects,
    typescript_problems,
)

#: Split, so that this file names no Markdown file that does not exist.
MD = ".md"


@pytest.mark.parametrize("opener", OPENERS)
def test_python_problems_opener_is_found_at_every_level(opener: str) -> None:
    text = f'"""{opener} it is."""'
    source = (
        f"{text}\nclass A:\n    {text}\n    async def f(self):\n        {text}\n        def g():\n            {text}\n"
    )
    assert [line for line, _ in python_problems(source)] == [1, 3, 5, 7]


@pytest.mark.parametrize("text", ["Return what is there.", "Whatever is left.", "", "Whose"])
def test_python_problems_other_opening_is_allowed(text: str) -> None:
    assert not list(python_problems(f'def f():\n    """{text}"""'))
    assert not list(python_problems(f'x = """What {text}"""'))


def test_typescript_problems_reads_doc_comments_only() -> None:
    source = "// What it is\n/* Which */\n/**\n * Which of them.\n */\n/** The value. */\n/** How it goes. */"
    assert [line for line, _ in typescript_problems(source)] == [3, 7]


def test_markdown_problems_name_must_exist() -> None:
    source = f"see a{MD},\n`docs/a{MD}`, ../docs/a{MD} or ./other/a{MD}\nand *{MD}, b.mdx, data.d.mts"
    assert list(markdown_problems(source, [f"docs/a{MD}"])) == [(2, f"./other/a{MD} does not exist")]
    assert [line for line, _ in markdown_problems(source, [])] == [1, 2, 2, 2]


def test_problems_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "code" / "node_modules").mkdir(parents=True)
    (tmp_path / "code" / "a.py").write_text(f'"""What.\n\nSee a{MD}."""')
    (tmp_path / "code" / "b.ts").write_text("\n/** Which. */")
    (tmp_path / "code" / "node_modules" / "c.py").write_text('"""What."""')
    (tmp_path / "tool").write_text('"""How."""')
    found = list(problems(tmp_path, ["code", "tool", "missing"]))
    assert [" ".join(line.split()[:2]) for line in found] == [
        "code/a.py:1: docstring",
        f"code/a.py:3: a{MD}",
        "code/b.ts:2: comment",
        "tool:1: docstring",
    ]


def git(folder: Path, *arguments: str) -> None:
    identity = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)


def commit(folder: Path, subject: str) -> None:
    git(folder, "commit", "--allow-empty", "-qm", subject)


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A repository with a commit before the check, the check, and a commit after it."""
    folder = tmp_path / "upstream"
    folder.mkdir()
    git(folder, "init", "-qb", "main")
    commit(folder, "before " + "x" * 80)
    (folder / "check.py").touch()
    git(folder, "add", ".")
    commit(folder, "add the check")
    commit(folder, "after " + "x" * 80)
    return folder


def test_subjects_without_remote_go_back_to_the_check(upstream: Path) -> None:
    found, note = subjects(upstream, "check.py")
    assert found == ["after " + "x" * 80] and "no main branch" in note
    assert len(subject_problems(found)) == 1


@pytest.mark.parametrize("detached", [False, True])
def test_subjects_in_a_clone_are_those_of_the_branch(upstream: Path, tmp_path: Path, detached: bool) -> None:
    git(tmp_path, "clone", "-q", "upstream", "clone")
    clone = tmp_path / "clone"
    git(clone, "checkout", "-q", *(["--detach"] if detached else ["-b", "topic"]))
    assert subjects(clone, "check.py") == ([], "")
    commit(clone, "one")
    assert subjects(clone, "check.py") == (["one"], "")


def test_subjects_in_a_shallow_clone_are_read(upstream: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", upstream.as_uri(), "shallow")
    commit(tmp_path / "shallow", "one")
    git(tmp_path / "shallow", "remote", "remove", "origin")
    found, note = subjects(tmp_path / "shallow", "check.py")
    assert found == ["one"] and note


def test_subjects_without_history_are_not_checked(tmp_path: Path) -> None:
    found, note = subjects(tmp_path, "check.py")
    assert found == [] and "not checked" in note
