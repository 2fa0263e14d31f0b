"""The table of experiments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phytotron.config.listing import list_experiments, render
from phytotron.errors import UserError


def test_a_row_comes_from_the_file_and_the_last_result(project: Path) -> None:
    metrics = project / "results/docs/cnn/metrics.json"
    metrics.parent.mkdir(parents=True)
    metrics.write_text(json.dumps({"macro_f1": 0.5}))
    assert list_experiments("cnn") == [
        {
            "id": "docs/cnn",
            "system": "A network",
            "data": None,
            "metric": "test/macro_f1",
            "target": None,
            "result": 0.5,
        }
    ]


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("", ["docs/cnn", "docs/forest"]),
        ("docs/*", ["docs/cnn", "docs/forest"]),
        ("for", ["docs/forest"]),
    ],
)
def test_a_pattern_is_a_part_or_a_glob(project: Path, pattern: str, ids: list[str]) -> None:
    assert [row["id"] for row in list_experiments(pattern)] == ids


def test_a_pattern_without_a_match_is_answered(project: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'docs/forest'"):
        list_experiments("docs/forrest")


def test_the_table_is_aligned(project: Path) -> None:
    lines = render(list_experiments()).splitlines()
    assert (
        len(
            {
                line.index(word)
                for line, word in zip(lines, ["system", "A net", "A for"], strict=True)
            }
        )
        == 1
    )
