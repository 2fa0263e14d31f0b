"""The table of experiments."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from phytotron.config.fingerprint import fingerprint
from phytotron.errors import UserError
from phytotron.runs import listing
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
            "origin": "book",
            "result": None,
            "std": None,
            "seeds": None,
            "verdict": None,
        }
    ]


def test_a_row_has_the_result_that_was_verified(project: Path, make_result) -> None:
    write_result(make_result())
    (row,) = list_experiments("planar")
    assert row["result"] == pytest.approx(0.91)
    assert (row["seeds"], row["verdict"]) == (3, "reached")
    assert render([row]).endswith("0.91 ± 0.01")


def test_a_result_of_another_target_is_stale(project: Path, make_result, change) -> None:
    write_result(make_result())
    change("conf/experiment/scratch/planar.yaml", "target: 0.9", "target: 95e-2")
    (row,) = list_experiments("planar")
    assert (row["target"], row["verdict"]) == (0.95, "stale")
    assert render([row]).endswith("0.91 ± 0.01 (stale)")


def test_an_experiment_of_the_pipeline_has_the_result_of_the_pipeline(project: Path, write) -> None:
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


def test_experiments_stand_below_their_family_with_counts(
    project: Path, make_result, write
) -> None:
    write_result(make_result())
    write("conf/experiment/router/cnn.yaml", "# A network.\ncard:\n  metric: test/macro_f1\n")
    write("results/router/cnn/metrics.json", json.dumps({"macro_f1": 0.5}))
    lines = render(list_experiments()).splitlines()
    assert [line for line in lines if line and not line.startswith("  ")] == [
        "router: 1 experiment: 1 no target",
        "scratch: 2 experiments: 1 reached, 1 not verified",
        "in all: 3 experiments: 1 reached, 1 not verified, 1 no target",
    ]
    place = lines.index("scratch: 2 experiments: 1 reached, 1 not verified")
    rows = lines[place + 1 : place + 3]
    assert [row.split()[0] for row in rows] == ["scratch/planar", "scratch/xor"]
    assert rows[0].index("A two-layer") == rows[1].index("XOR") == lines[0].index("system")


def test_no_line_is_longer_than_a_terminal_is_wide(project: Path, make_result, write) -> None:
    """Three hundred experiments with long names, titles, metrics and targets."""
    for number in range(300):
        write(
            f"conf/experiment/long{number % 9}/a_system_with_a_long_name_{number}.yaml",
            f"# {'A title of many words ' * 9}\ncard:\n  metric: test/{'metric_' * 9}\n"
            f"  target: {1 / 3}\n",
        )
    lines = render(list_experiments()).splitlines()
    assert len([line for line in lines if line.startswith("  long")]) == 300
    assert max(map(len, lines)) < 120
    assert any("a_system_with_a_long_name_299" in line for line in lines)


def test_experiments_are_chosen_by_status(project: Path, make_result, write) -> None:
    current = fingerprint("scratch/planar")
    write_result(make_result(fingerprint=current))
    chosen = partial(list_experiments, "")
    assert [row["id"] for row in chosen(["reached"])] == ["scratch/planar"]
    assert [row["id"] for row in chosen(["not verified"])] == ["scratch/xor"]
    assert chosen(["stale"]) == chosen(["missed"]) == []
    assert render(chosen(["stale"])) == "no experiments"

    write_result(make_result())  # its fingerprint is made up
    (row,) = chosen(["stale"])
    assert (row["id"], row["status"]) == ("scratch/planar", "stale")
    assert render([row]).endswith("0.91 ± 0.01 (stale)")
    assert chosen(["reached"]) == []


def test_without_a_status_nothing_is_composed(project: Path, make_result, monkeypatch) -> None:
    write_result(make_result())
    monkeypatch.setattr(listing, "staleness", lambda: pytest.fail("composes"))
    list_experiments()
