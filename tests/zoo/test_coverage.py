"""What implements each row of the catalogue."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from phytotron.config.catalogue import catalogue
from phytotron.errors import UserError
from phytotron.runs.results import write_result
from phytotron.zoo.coverage import DONE, implementations, list_catalogue, render, rows_with_tests

ROOT = Path(__file__).parents[2]


def by(rows: list[dict]) -> dict[str, str | None]:
    return {row["id"]: row["by"] for row in rows}


def test_the_catalogue_is_complete() -> None:
    kinds = [entry.kind for entry in catalogue().values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "EXPERIMENT": 213,
        "COMPONENT": 256,
        "TOOL": 74,
        "THEORY": 51,
    }


def test_cards_docstrings_comments_and_pages_name_rows(project: Path) -> None:
    page = project / "docs/theory/norms.md"
    page.parent.mkdir(parents=True)
    page.write_text("# Norms\n\n<!-- Catalogue: B13 -->\n\nNo such line: write `Catalogue: B14`.\n")
    found = by(list_catalogue())
    assert {key: value for key, value in found.items() if value} == {
        "B13": "docs/theory/norms.md",
        "C01": "src/phytotron/models/gate.py",
        "C05": "src/phytotron/models/gate.py",
        "C20": "scratch/xor",
        "C22": "scratch/xor",
        "C25": "scratch/planar",
        "D09": "conf/activation/selu.yaml",
        "D58": "conf/trainer/cpu.yaml",  # a copy of this project's default
    }
    assert len(found) == 594


@pytest.mark.parametrize(
    "ids", ["[C25, C26]", "\n    - C25\n    - C26", "[\n    C25,\n    C26,\n  ]"]
)
def test_a_list_in_a_card_may_have_any_form(project: Path, ids: str) -> None:
    path = project / "conf/experiment/scratch/planar.yaml"
    path.write_text(path.read_text().replace("catalogue: [C25]", f"catalogue: {ids}"))
    assert implementations()["C26"].by == "scratch/planar"


def test_families_and_ids_can_be_asked_for(project: Path) -> None:
    assert list(by(list_catalogue(["d09", "C25"]))) == ["C25", "D09"]
    assert {row["family"] for row in list_catalogue(["D"])} == {"D"}


def test_the_table_says_what_is_missing(project: Path) -> None:
    lines = render(list_catalogue(["C25", "C26"])).splitlines()
    assert lines[0].split()[-1] == "scratch/planar"
    assert lines[1].split()[-1] == "missing"
    assert lines[-1] == "C: 0 of 2: 1 not verified, 1 missing"


def state(row: str) -> tuple[str, str | None]:
    (found,) = list_catalogue([row])
    return found["state"], found["note"]


def test_a_comment_in_a_file_implements_nothing(project: Path, write) -> None:
    before = Counter(row["state"] for row in list_catalogue())
    write("conf/activation/relu.yaml", "# ReLU.\n# Catalogue: L41, B52\n_target_: torch.nn.ReLU\n")
    assert state("L41") == ("untested", None)  # an agent with tools
    assert state("B52") == ("untested", None)  # an experiment, which needs a number
    after = Counter(row["state"] for row in list_catalogue())
    assert [after[name] for name in DONE] == [before[name] for name in DONE]


def test_a_component_is_implemented_when_a_test_names_its_row(project: Path, write) -> None:
    assert state("D09") == ("untested", None)
    write("tests/test_selu.py", 'pytestmark = pytest.mark.catalogue("D09", "B52")\n')
    assert state("D09") == ("implemented", None)
    # No file names this one, and an experiment needs a number.
    assert state("B52") == ("missing", None)


def test_an_experiment_is_what_its_result_says(project: Path, make_result, change) -> None:
    card = "conf/experiment/scratch/planar.yaml"
    assert state("C25") == ("not verified", None)
    write_result(make_result())
    assert state("C25") == ("verified", None)
    change(card, "  choices:", "  stand_in: another table\n  choices:")
    assert state("C25") == ("verified on a stand-in", "another table")
    change(card, "  choices:", "  reduced: 5 of 75 epochs\n  choices:")
    assert state("C25") == ("verified, reduced", "5 of 75 epochs")
    for verdict in ("missed", "undecided"):
        write_result(make_result(verdict=verdict))
        assert state("C25") == (verdict, None)
    change(card, "target: 0.9", "target: 0.89")
    assert state("C25") == ("stale", None)


def test_a_preset_that_is_the_system_itself_counts(project: Path, make_result, change) -> None:
    presets = "presets: {full: {overrides: [trainer.max_epochs=50], target: 0.99, reduced: null}}"
    change(
        "conf/experiment/scratch/planar.yaml",
        "  target: 0.9\n",
        f"  target: 0.9\n  reduced: 5 of 50 epochs\n  {presets}\n",
    )
    write_result(make_result())
    assert state("C25") == ("verified, reduced", "5 of 50 epochs")
    write_result(make_result(preset="full", target=0.99))
    assert state("C25") == ("verified", None)


def test_rows_are_counted_by_state(project: Path, make_result) -> None:
    write_result(make_result())
    lines = render(list_catalogue(["C", "D"])).splitlines()
    assert lines[-3] == "C: 1 of 45: 1 verified; 2 not verified, 2 untested, 40 missing"
    assert lines[-2] == "D: 0 of 70: 2 untested, 68 missing"
    assert lines[-1] == "in all: 1 of 115: 1 verified; 2 not verified, 4 untested, 108 missing"


@pytest.mark.parametrize(
    ("word", "answer"),
    [("Z", "allowed: A, B, C"), ("C99", "did you mean 'C"), ("C144", r"did you mean 'C\d+'")],
)
def test_an_unknown_family_or_id_is_answered(project: Path, word: str, answer: str) -> None:
    with pytest.raises(UserError, match=answer):
        list_catalogue([word])


def test_an_unknown_id_is_answered_with_file_and_line(project: Path) -> None:
    path = project / "conf/experiment/scratch/xor.yaml"
    path.write_text(path.read_text().replace("C22]", "C222]"))
    with pytest.raises(UserError) as caught:
        implementations()
    lines = str(caught.value).splitlines()
    assert lines[0] == "conf/experiment/scratch/xor.yaml:7: 'C222' is not in the catalogue"
    assert lines[-1] == "  did you mean 'C22'?"


def test_an_id_that_two_files_name_is_answered_with_both_places(project: Path) -> None:
    (project / "src/phytotron/models/gate.py").write_text('"""A gate.\n\nCatalogue: C25.\n"""\n')
    with pytest.raises(UserError) as caught:
        implementations()
    assert str(caught.value).splitlines() == [
        "conf/experiment/scratch/planar.yaml:7: C25 is implemented twice",
        "  the other place: src/phytotron/models/gate.py:3",
    ]


def test_the_ids_in_this_repository_are_in_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert set(implementations()) <= set(catalogue())


def test_every_row_that_a_file_names_is_tested_and_every_test_names_a_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    assert [row["id"] for row in list_catalogue() if row["state"] == "untested"] == []
    assert rows_with_tests() <= set(implementations())
