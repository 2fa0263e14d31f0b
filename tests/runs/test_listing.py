"""The table of experiments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phytotron.errors import UserError
from phytotron.runs.listing import list_experiments, render
from phytotron.runs.results import write_result


def test_a_row_comes_from_the_file(project: Path) -> None:
    assert list_experiments("planar") == [
        {
            "id": "scratch/planar",
            "system": "A two-layer network on the planar flower",
            "data": None,
            "metric": "test/accuracy",
            "target": 0.9,
            "result": None,
            "std": None,
            "seeds": None,
            "reached": None,
        }
    ]


def test_a_row_has_the_result_that_was_verified(project: Path, make_result) -> None:
    write_result(make_result())
    (row,) = list_experiments("planar")
    assert row["result"] == pytest.approx(0.91)
    assert (row["seeds"], row["reached"]) == (3, True)
    assert render([row]).endswith("0.91 ± 0.01")


def test_a_result_is_held_against_the_target_of_today(project: Path, make_result, change) -> None:
    write_result(make_result())
    change("conf/experiment/scratch/planar.yaml", "target: 0.9", "target: 95e-2")
    (row,) = list_experiments("planar")
    assert (row["target"], row["reached"]) == (0.95, False)
    assert render([row]).endswith("0.91 ± 0.01 (missed)")


def test_a_contender_of_the_pipeline_has_the_result_of_the_pipeline(project: Path, write) -> None:
    write("conf/experiment/router/cnn.yaml", "# A network.\ncard:\n  metric: test/macro_f1\n")
    write("results/router/cnn/metrics.json", json.dumps({"macro_f1": 0.5}))
    assert list_experiments("cnn")[0]["result"] == 0.5


def test_a_result_that_was_edited_by_hand_is_not_listed(project: Path, make_result) -> None:
    path = write_result(make_result())
    path.write_text(path.read_text().replace("0.91", "0.99"))
    with pytest.raises(UserError, match="edited by hand"):
        list_experiments()


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("", ["scratch/planar", "scratch/xor"]),
        ("scratch/*", ["scratch/planar", "scratch/xor"]),
        ("xo", ["scratch/xor"]),
    ],
)
def test_a_pattern_is_a_part_or_a_glob(project: Path, pattern: str, ids: list[str]) -> None:
    assert [row["id"] for row in list_experiments(pattern)] == ids


def test_a_pattern_without_a_match_is_answered(project: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'scratch/planar'"):
        list_experiments("scratch/plannar")


def test_the_table_is_aligned(project: Path) -> None:
    lines = render(list_experiments()).splitlines()
    assert (
        len(
            {line.index(word) for line, word in zip(lines, ["system", "A two", "XOR"], strict=True)}
        )
        == 1
    )
