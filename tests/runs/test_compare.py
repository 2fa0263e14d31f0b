"""`phytotron compare`: differences only, with their significance."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scipy import stats

from phytotron.errors import UserError
from phytotron.runs.compare import compare, render
from phytotron.runs.results import spread, write_result

GOOD, BETTER = [0.80, 0.85, 0.90], [0.83, 0.87, 0.93]


@pytest.fixture
def two(project: Path, make_result) -> list[str]:
    """Two verified experiments, one of which is the better one."""
    metrics = {"test/accuracy": spread(GOOD), "test/loss": spread([0.5, 0.5, 0.5])}
    write_result(make_result(metrics=metrics))
    metrics = {"test/accuracy": spread(BETTER), "test/loss": spread([0.5, 0.5, 0.5])}
    write_result(make_result(experiment="scratch/xor", metrics=metrics))
    return ["scratch/planar", "scratch/xor"]


def by_id(rows: list[dict]) -> dict[str, dict]:
    return {row["id"]: row for row in rows}


def test_only_differences_are_named(two: list[str], change) -> None:
    rows = by_id(compare(two))
    assert "test/loss" not in rows
    assert "seed" not in rows
    assert "model.width" not in rows
    change("conf/experiment/scratch/xor.yaml", "card:", "model:\n  width: 8\ncard:")
    assert by_id(compare(two))["model.width"]["values"] == ["4", "8"]


def test_the_same_seeds_are_compared_in_pairs(two: list[str]) -> None:
    row = by_id(compare(two))["test/accuracy"]
    assert row["values"] == pytest.approx([0.85, 0.87666667])
    (found,) = row["differences"]
    assert found["difference"] == pytest.approx(0.02666667)
    assert found["test"] == "paired"
    assert found["p_value"] == pytest.approx(stats.ttest_rel(BETTER, GOOD).pvalue)
    assert "(p = 0.015, paired)" in render(compare(two), two)


def test_other_seeds_are_compared_by_their_means(two: list[str], make_result) -> None:
    metrics = {"test/accuracy": spread(BETTER[:2])}
    write_result(make_result(experiment="scratch/xor", metrics=metrics, seeds=[0, 1]))
    (found,) = by_id(compare(two))["test/accuracy"]["differences"]
    assert found["test"] == "Welch"
    expected = stats.ttest_ind(BETTER[:2], GOOD, equal_var=False).pvalue
    assert found["p_value"] == pytest.approx(expected)


def test_one_seed_has_no_p_value(two: list[str], make_result) -> None:
    metrics = {"test/accuracy": spread([0.9])}
    write_result(make_result(experiment="scratch/xor", metrics=metrics, seeds=[0]))
    (found,) = by_id(compare(two))["test/accuracy"]["differences"]
    assert (found["p_value"], found["test"]) == (None, "one seed")


def test_without_variation_there_is_no_p_value(two: list[str], make_result) -> None:
    for name, value in zip(two, (0.5, 0.75), strict=True):
        metrics = {"test/accuracy": spread([value] * 3)}
        write_result(make_result(experiment=name, metrics=metrics))
    (found,) = by_id(compare(two))["test/accuracy"]["differences"]
    assert (found["p_value"], found["test"]) == (None, "no variation")


def test_a_folder_of_a_run_and_a_file_can_be_compared(two: list[str], write) -> None:
    write("build/runs/scratch/planar/0a1b/model/config.yaml", "model: {width: 6}\nseed: 0\n")
    write(
        "build/runs/scratch/planar/0a1b/metrics.json",
        json.dumps({"test/accuracy": 0.7, "name": "x"}),
    )
    rows = by_id(compare(["zoo/results/scratch/planar.json", "build/runs/scratch/planar/0a1b"]))
    assert rows["model.width"]["values"] == ["4", "6"]
    assert rows["test/accuracy"]["values"] == pytest.approx([0.85, 0.7])
    assert rows["test/accuracy"]["differences"][0]["test"] == "one seed"


def test_the_same_run_has_no_differences(two: list[str]) -> None:
    rows = compare([two[0], two[0]])
    assert rows == []
    assert "no differences" in render(rows, two)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["scratch/planar"], "compare with what"),
        (["scratch/planar", "scratch/xro"], "did you mean 'scratch/xor'"),
        (["scratch/planar", "nothing.json"], "no such file"),
        (["scratch/planar", "conf"], "is no run: this file is missing"),
        (["scratch/planar", "scratch/xor.full"], "phytotron verify scratch/xor --preset full"),
    ],
)
def test_a_wrong_run_is_answered(two: list[str], words: list[str], answer: str) -> None:
    with pytest.raises(UserError, match=answer):
        compare(words)


def test_a_result_that_was_edited_by_hand_is_not_compared(two: list[str]) -> None:
    path = Path("zoo/results/scratch/xor.json")
    path.write_text(path.read_text().replace("0.93", "0.99"))
    with pytest.raises(UserError, match="edited by hand"):
        compare(two)
