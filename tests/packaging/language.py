"""Checks of the language rules in docs/style.md that a program can decide: ``python -m tests.packaging.language``.

It needs the standard library only. Without git, or without a main branch to compare with, it checks the rest and
reports the part that it left out.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.support.paths import ROOT

#: Files and folders that are checked.
CHECKED = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "MANIFEST.in",
    "README.md",
    "demo",
    "dev",
    "docs",
    "frontend",
    "pyproject.toml",
    "setup.py",
    "tb_nnviz",
    "tests",
)
#: Words that open a description of something else than the thing itself.
OPENERS = ("How", "That", "Those", "What", "Where", "Whether", "Which", "Who")
#: Longest commit subject.
MOST_LETTERS = 72
#: Markdown files of other projects that may be named.
FOREIGN_MARKDOWN: tuple[str, ...] = ()
SUFFIXES = {".c", ".css", ".h", ".in", ".js", ".md", ".mjs", ".py", ".toml", ".ts", ".tsx"}


def files(root: Path, names: Iterable[str], suffixes: Iterable[str] = SUFFIXES) -> Iterator[Path]:
    """Yield the files with these names, and those with one of the suffixes below the folders with these names."""
    for name in names:
        path = root / name
        if path.is_file():
            yield path
        for below in sorted(path.rglob("*")) if path.is_dir() else []:
            if below.suffix in suffixes and below.is_file() and "node_modules" not in below.parts:
                yield below


def python_problems(source: str) -> Iterator[tuple[int, str]]:
    r"""Yield line and problem of each docstring that opens with one of `OPENERS`.

    >>> list(python_problems('def f():\n    "What f returns."'))
    [(2, 'docstring opens with "What": begin with a verb or a noun')]
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text and (problem := _opening(text)):
                yield node.body[0].lineno, f"docstring {problem}"


def typescript_problems(source: str) -> Iterator[tuple[int, str]]:
    r"""Yield line and problem of each documentation comment that opens with one of `OPENERS`.

    >>> list(typescript_problems("const a = 1;\n/** Whether it is drawn. */"))
    [(2, 'comment opens with "Whether": begin with a verb or a noun')]
    """
    for comment in re.finditer(r"/\*\*[\s*]*(?P<text>[^*]*)", source):
        if problem := _opening(comment["text"]):
            yield source.count("\n", 0, comment.start()) + 1, f"comment {problem}"


def _opening(text: str) -> str | None:
    word = re.match(r"\w*", text.lstrip())
    if word is None or word[0] not in OPENERS:
        return None
    return f'opens with "{word[0]}": begin with a verb or a noun'


def markdown_problems(source: str, existing: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield line and problem of each Markdown file that is named and does not exist.

    Args:
        source: the text of a file.
        existing: paths of all Markdown files of the project, relative to its root. A name may leave out folders.
    """
    known = {f"/{path}" for path in existing}
    for number, line in enumerate(source.splitlines(), start=1):
        for name in re.findall(r"[\w./-]*\w\.md\b", line):
            path = "/" + re.sub(r"^(\.*/)+", "", name)
            if name not in FOREIGN_MARKDOWN and not any(one.endswith(path) for one in known):
                yield number, f"{name} does not exist"


def subject_problems(subjects: Iterable[str]) -> list[str]:
    """Return a problem per commit subject that is too long.

    >>> subject_problems(["docs: add a page", "x" * 73])
    ['commit subject of 73 letters (at most 72): xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...']
    """
    return [
        f"commit subject of {len(subject)} letters (at most {MOST_LETTERS}): {subject[:30]}..."
        for subject in subjects
        if len(subject) > MOST_LETTERS
    ]


def subjects(root: Path, introduced_with: str) -> tuple[list[str], str]:
    """Return the commit subjects of the current branch, and a note on the commits that are left out.

    Commits of the main branch are left out, and those up to the commit that added the file ``introduced_with``.
    """
    first = _git(root, "log", "--diff-filter=A", "--format=%H", "-1", "--", introduced_with)
    if not first:
        return [], "commit subjects are not checked: there is no git history here"
    leave_out, note = [first], ""
    for main in ("@{upstream}", "upstream/main", "origin/main"):
        if base := _git(root, "merge-base", "HEAD", main):
            leave_out.append(base)
            break
    else:
        note = "commit subjects are checked back to the first check: there is no main branch to compare with"
    return (_git(root, "log", "--no-merges", "--format=%s", "HEAD", "--not", *leave_out) or "").splitlines(), note


def _git(root: Path, *arguments: str) -> str | None:
    """Return the output of a git command, or None if it fails."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def problems(root: Path, checked: Sequence[str] = CHECKED) -> Iterator[str]:
    """Yield a line per problem in the files below a project's root."""
    existing = [path.relative_to(root).as_posix() for path in files(root, _top_level(root), {".md"})]
    for path in files(root, checked):
        name, source = path.relative_to(root).as_posix(), path.read_text("utf-8")
        found = list(markdown_problems(source, existing))
        if path.suffix in {".py", ""}:
            found += python_problems(source)
        elif path.suffix in {".ts", ".tsx"}:
            found += typescript_problems(source)
        yield from (f"{name}:{line}: {problem}" for line, problem in sorted(found))


def _top_level(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if not path.name.startswith("."))


def main() -> int:
    """Print all problems and return 1 if there are any."""
    found, note = subjects(ROOT, Path(__file__).relative_to(ROOT).as_posix())
    lines = [*problems(ROOT), *subject_problems(found)]
    print(*lines, *([note] if note else []), f"{len(lines)} language problems", sep="\n")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
