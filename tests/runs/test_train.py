"""`phytotron train`, outside of DVC, in a separate folder."""

from __future__ import annotations

import os
from pathlib import Path

import mlflow
import pytest

from phytotron.cli import main
from phytotron.files import read_json
from phytotron.runs.train import train
from phytotron.tracking import journal
from phytotron.tracking.sender import replay

PARAMS = """\
        site: router
        experiments: [tiny/iris]
        overrides: []
        seed: 0
        """


@pytest.fixture
def project_with_params(garden: Path, write, monkeypatch: pytest.MonkeyPatch) -> Path:
    write("params.yaml", PARAMS)
    # In one process MLflow would take the relative address for the same store in every test.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{garden / 'mlflow.db'}")
    return garden


def runs() -> list[mlflow.entities.Run]:
    """The runs of the store, once all that the journals have has arrived there."""
    for folder in journal.FOLDER.iterdir():
        if (folder / journal.FILE).exists():
            replay(folder)
    client = mlflow.MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    return client.search_runs([each.experiment_id for each in client.search_experiments()])


def test_a_run_has_its_model_metrics_and_figures_and_is_tracked(
    project_with_params: Path, capsys: pytest.CaptureFixture[str], change
) -> None:
    experiment = "conf/experiment/tiny/iris.yaml"
    change(experiment, "card:", "figures: [confusion_matrix]\ncard:")
    train("tiny/iris", ["model.C=0.5"])
    said = capsys.readouterr().out
    [folder] = Path("build/runs/tiny/iris").iterdir()
    assert f"{folder.as_posix()}/" in said
    assert (folder / "model/model.skops").exists()
    assert (folder / "figures/confusion_matrix.png").exists()
    metrics = read_json(folder / "metrics.json")
    assert metrics["test/accuracy"] > 0.8
    assert "test/accuracy" in said

    [run] = runs()
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test/accuracy"] == metrics["test/accuracy"]
    assert run.data.params["model.C"] == "0.5"
    assert run.info.run_id in said
    client = mlflow.MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    figures = client.list_artifacts(run.info.run_id, "figures")
    assert [item.path for item in figures if item.path.endswith("confusion_matrix.png")] == [
        "figures/confusion_matrix.png"
    ]


@pytest.mark.slow
def test_another_setting_is_another_run_and_the_same_one_the_same(
    project_with_params: Path,
) -> None:
    for overrides in ([], ["model.C=0.5"], []):
        train("tiny/iris", overrides)
    assert len(list(Path("build/runs/tiny/iris").iterdir())) == 2
    assert len(runs()) == 2


@pytest.mark.slow
def test_what_verify_measured_stays_as_it_is(project_with_params: Path) -> None:
    train("tiny/iris")
    assert not Path("zoo").exists()


def test_a_mistake_is_answered_before_anything_runs(
    project_with_params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train", "tiny/iris", "model.c=0.5"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "model.c" in said
    assert "Traceback" not in said
    assert not Path("build/runs").exists()
    assert not Path("build/tracking").exists()
