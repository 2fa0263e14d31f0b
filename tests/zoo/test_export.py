"""Results in the formats of the Hugging Face Hub, read back with its library."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries

from phytotron.errors import UserError
from phytotron.runs.results import write_result
from phytotron.zoo.entries import zoo_entries
from phytotron.zoo.export import EVAL_RESULTS, export
from phytotron.zoo.report import report

NOTES = "3 seeds, 95 % interval 0.895 to 0.925; target ≥ 0.9 (book): reached"


@pytest.fixture
def exported(project: Path, make_result, change) -> Path:
    change(
        "conf/experiment/scratch/planar.yaml",
        "  - override /model: net\n",
        "  - override /model: net\n  - override /data: flower\n  - override /task: classes\n",
    )
    write_result(make_result())
    assert export(zoo_entries(lambda _: False), Path("out")) == [Path("out/scratch/planar")]
    return Path("out/scratch/planar")


def test_a_model_index_is_read_back(exported: Path) -> None:
    card = ModelCard.load(exported / "README.md")
    (found,) = card.data.eval_results
    assert card.data.model_name == "scratch/planar"
    assert (found.task_type, found.dataset_type, found.dataset_split) == (
        "classes",
        "flower",
        "test",
    )
    assert (found.metric_type, found.metric_name) == ("accuracy", "test/accuracy")
    assert found.metric_value == pytest.approx(0.91)
    assert NOTES in card.text


def test_an_eval_result_is_read_back(exported: Path) -> None:
    text = (exported / EVAL_RESULTS).read_text(encoding="utf-8")
    (found,) = parse_eval_result_entries(yaml.safe_load(text))
    assert (found.dataset_id, found.task_id) == ("flower", "test/accuracy")
    assert found.value == pytest.approx(0.91)
    assert (found.date, found.notes) == ("2026-11-21", NOTES)


def test_a_folder_that_is_there_is_left_alone(project: Path) -> None:
    Path("out").mkdir()
    Path("out/mine.txt").write_text("mine")
    with pytest.raises(UserError, match="out: is there already"):
        report(Path("out"))
    assert Path("out/mine.txt").read_text() == "mine"
    assert not Path("docs").exists()


def test_what_is_stale_is_not_exported(project: Path, make_result) -> None:
    write_result(make_result())
    assert export(zoo_entries(lambda _: True), Path("out")) == []
    assert not list(Path("out").iterdir())
