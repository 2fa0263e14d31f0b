"""One name for each thing: words that the project has given up do not come back.

CONTRIBUTING.md has them with what to write instead.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Regular expressions. A space also matches `_`, and a line break with a comment's mark after it.
OLD_WORDS = [
    r"earn(s|ed|ing)?",
    r"offers",
    r"claim(s|ed)?",
    r"contenders?",
    r"challengers?",
    r"rivals?",
    r"winners?",
    r"pictures?",
    r"judg(e|es|ed|ing)",
    r"the affair of",
    r"go(es)? on",
    r"so many",
    r"of its own",
    r"without a word",
    r"(not to|can|cannot) be had",
    r"in good order",
    r"behind",
    r"lean",
    r"askers?",
    r"(first|last)_beta",
    r"diffused",
    r"_(waits|goes_on|carved|absurd|alone|said|NOT_LIGHTNING_S)",
]

# A source is called by its name: `Vasilev 2023, ch. 5`. In these places nothing else can be meant.
BOOK = r"the (texts?|book|course)"
WITHOUT_SAMPLES_OF_TEXT = (
    "README.md",
    "conf/",
    "docs/",
    "src/phytotron/figures/",
    "src/phytotron/models/",
    "src/phytotron/nn/",
    "src/phytotron/scratch/",
    "src/phytotron/tasks/",
    "src/phytotron/zoo/",
    "tests/components/",
    "tests/models/",
    "tests/nn/",
    "tests/scratch/",
    "tests/tasks/",
)

# Where an old word is right, with the reason.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("CONTRIBUTING.md", ""): "the glossary",
    ("tests/test_words.py", ""): "this list",
    ("src/phytotron/config/catalogue.csv", ""): "the catalogue's titles",
    ("docs/sources.md", ""): "the catalogue's titles",
    ("src/phytotron/config/renamed.py", ""): "old keys and choices with their new names",
    ("conf/clean/router.yaml", BOOK): "the text of a page",
    ("tests/models/sequence/test_statistical_translation.py", BOOK): "a word to translate",
    ("tests/config/test_renamed.py", r"(first|last)_beta"): "an old key and its answer",
}

SUFFIXES = {".cfg", ".csv", ".css", ".j2", ".json", ".lock", ".md", ".py", ".toml", ".yaml", ".yml"}
# Hashes and numbers; long, and not prose.
NOT_PROSE = ("requirements.lock", "benchmarks/requirements-keras.lock")


def tracked() -> list[str]:
    """The files that git tracks or would, whose names or contents are words."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = {name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file()}
    return sorted(
        name
        for name in names
        if (Path(name).suffix in SUFFIXES or name == "Makefile") and name not in NOT_PROSE
    )


FILES = tracked()


def pattern(word: str) -> re.Pattern[str]:
    """A whole word, of any case, in prose or in a name: not within letters."""
    words = word.replace(" ", r"(?:\s+(?:#\s*)?|_)")
    return re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)


def uses(word: str, files: list[str]) -> list[str]:
    """Where a word stands: `file:line`, or the file alone where its name has the word."""
    searched = pattern(word)
    found = []
    for name in files:
        if (name, "") in EXCEPTIONS or (name, word) in EXCEPTIONS:
            continue
        if searched.search(name):
            found.append(name)
        text = (ROOT / name).read_text(encoding="utf-8")
        found += [
            f"{name}:{text.count(chr(10), 0, hit.start()) + 1}" for hit in searched.finditer(text)
        ]
    return found


@pytest.mark.parametrize("word", OLD_WORDS)
def test_an_old_word_is_found_nowhere(word: str) -> None:
    assert uses(word, FILES) == []


def test_a_book_is_called_by_its_name() -> None:
    assert uses(BOOK, [name for name in FILES if name.startswith(WITHOUT_SAMPLES_OF_TEXT)]) == []


def test_an_exception_is_needed() -> None:
    for name, word in EXCEPTIONS:
        text = (ROOT / name).read_text(encoding="utf-8") if (ROOT / name).is_file() else None
        words = [word] if word else OLD_WORDS
        assert text is None or any(pattern(item).search(text) for item in words), name


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("it was Earned here", r"earn(s|ed|ing)?"),
        ("class Contender", r"contenders?"),
        ("_challenger = 1", r"challengers?"),
        ("training goes\n    # on after", r"goes on"),
        ("when_sgd_goes_on", r"goes on"),
    ],
)
def test_a_word_is_found_in_names_in_any_case_and_across_lines(text: str, word: str) -> None:
    assert pattern(word).search(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [("learned early", r"earn(s|ed|ing)?"), ("clean", r"lean"), ("on its own", r"of its own")],
)
def test_a_part_of_another_word_is_not_meant(text: str, word: str) -> None:
    assert not pattern(word).search(text)
