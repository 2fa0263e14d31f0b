"""`dvc repro` makes everything once, and afterwards just what a change touches."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)

TOGETHER = ["compare", "register", "report"]  # what looks at all experiments at once


def test_the_first_run_makes_all_that_the_contract_names(finished) -> None:
    written = {
        "data/raw/pages.warc.gz",
        "data/interim/documents.parquet",
        "data/processed/manifest.json",
        "build/models/router/fasttext/model.safetensors",
        "build/models/router/tfidf/model.skops",
        "build/evaluation/router/tfidf/predictions.parquet",
        "results/router/tfidf/metrics.json",
        "results/comparison.json",
        "build/registration.json",
        "build/report/index.html",
        "mlflow.db",
    }
    assert not {name for name in written if not (finished.root / name).is_file()}


def test_the_experiments_have_learned(finished) -> None:
    metrics = finished.read("results/router/tfidf/metrics.json")
    assert metrics["accuracy"] > 0.6  # four classes


def test_afterwards_there_is_nothing_to_do(project) -> None:
    assert "up to date" in project.run("dvc", "status").stdout
    assert project.repro() == []


@pytest.mark.slow
def test_another_run_elsewhere_ends_with_the_same_hashes(fresh, finished, tmp_path: Path) -> None:
    again = fresh.copy(tmp_path / "again")
    again.repro()
    assert again.hashes() == finished.hashes()


def test_a_key_that_nothing_reads_reruns_only_compose(project) -> None:
    project.replace("conf/experiment/router/fasttext.yaml", "Bag of Tricks", "A Bag of Tricks")
    assert project.repro() == ["compose", "code"]


@pytest.mark.slow
def test_a_key_of_one_experiment_reruns_that_experiment_alone(project) -> None:
    project.replace("conf/experiment/router/fasttext.yaml", "lr: 5e-3", "lr: 6e-3")
    ran = project.repro()
    assert ran[:4] == ["compose", "code", "train@router/fasttext", "evaluate@router/fasttext"]
    assert set(ran[4:]) <= set(TOGETHER)


@pytest.mark.slow
def test_an_edit_reruns_what_uses_the_code(project) -> None:
    first = "from __future__ import annotations\n"
    edited = f"{first}\nEDITED = 1\n"
    project.replace("src/phytotron/models/vision/stacked_cnn.py", first, edited)
    assert project.repro() == ["code"]
    project.replace("src/phytotron/models/text/fasttext.py", first, f"{first}\n# A remark.\n")
    assert project.repro() == ["code"]
    project.replace("src/phytotron/models/text/fasttext.py", first, edited)
    # The model has the same bytes, so that nothing after it runs again.
    assert project.repro() == ["code", "train@router/fasttext", "evaluate@router/fasttext"]


@pytest.mark.slow
def test_a_label_rule_reruns_cleaning_but_does_not_crawl_again(project) -> None:
    project.replace(
        "conf/site/router.yaml", "label: libreoffice/draw", "label: libreoffice/drawing"
    )
    ran = project.run("dvc", "repro", "preprocess").stdout
    assert "Running stage 'scrape'" not in ran
    assert "Running stage 'clean'" in ran
    labels = json.loads((project.root / "data/processed/labels.json").read_text())
    assert "libreoffice/drawing" in labels


@pytest.mark.slow
def test_an_experiment_can_be_run_and_compared_through_dvc(project) -> None:
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "First results")
    project.run("dvc", "exp", "run", "--name", "longer", "-S", 'overrides=["trainer.max_epochs=2"]')
    history = project.root / "build/models/router/fasttext/history.csv"
    assert len(history.read_text().splitlines()) == 1 + 2
    shown = project.run("dvc", "exp", "show", "--csv").stdout
    assert "longer" in shown
    assert "macro_f1" in shown
    difference = project.run("dvc", "metrics", "diff", "--md").stdout
    assert "results/router/fasttext/metrics.json" in difference.replace("\\", "/")


@pytest.mark.slow
def test_lost_outs_come_back_from_the_cache(project) -> None:
    before = project.hashes()
    shutil.rmtree(project.root / "build/models")
    shutil.rmtree(project.root / "data/processed")
    assert project.repro() == []
    assert project.hashes() == before
    assert (project.root / "build/models/router/fasttext/model.safetensors").is_file()
