"""A finished pipeline in a folder: every file that the report reads, small and made up."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from phytotron.report.inputs import Inputs, read_inputs

LABELS = [
    *(f"httpd/{area}" for area in ("guides", "modules")),
    *(f"libreoffice/{area}" for area in ("calc", "draw", "writer")),
    *(f"python/{area}" for area in ("c-api", "howto", "library")),
]
# How often each experiment is right, and its difference to the baseline.
SKILL = {
    "router/tfidf": 0.60,
    "router/textcnn": 0.75,
    "router/bilstm": 0.62,
    "router/transformer": 0.4,
}
BASELINE = "router/tfidf"


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def write_csv(path: Path, names: list[str], rows: Iterable[list[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)


def write_experiment(root: Path, experiment: str, labels: list[str], paragraphs: int) -> None:
    """The outs of `train` and `evaluate` for one experiment."""
    chance = random.Random(experiment)
    skill = SKILL.get(experiment, 0.5)
    model = root / "build/models" / experiment
    evaluation = root / "build/evaluation" / experiment
    actual = [labels[index % len(labels)] for index in range(paragraphs)]
    predicted = [each if chance.random() < skill else chance.choice(labels) for each in actual]

    config: dict[str, Any] = {"seed": 0, "model": {"_target_": f"models.{experiment}"}}
    if experiment == BASELINE:
        history = [[0, "", 0.4, 0.9, skill, skill, ""]]
        config |= {"optimizer": None, "trainer": None}
    else:
        history = [
            [
                epoch,
                10 * epoch,
                2 / (epoch + 1),
                1.5 / (epoch + 1),
                skill,
                skill - 0.3 / (epoch + 1),
                1e-3,
            ]
            for epoch in range(5)
        ]
        config |= {"optimizer": {"_target_": "torch.optim.AdamW", "lr": skill / 100}}
        config |= {"trainer": {"max_epochs": 5, "precision": "32-true"}}
    model.mkdir(parents=True)
    (model / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    names = ["epoch", "step", "train_loss", "val_loss"]
    names += ["val_accuracy", "val_macro_f1", "learning_rate"]
    write_csv(model / "history.csv", names, history)
    training = {"epochs": len(history), "steps": 50, "samples": 5000, "parameters": 12345}
    training |= {"size_bytes": 49380, "best_epoch": len(history) - 1, "stopped": "max_epochs"}
    write_json(model / "training.json", training)

    write_csv(
        evaluation / "confusion.csv",
        ["actual", "predicted"],
        map(list, zip(actual, predicted, strict=True)),
    )
    write_csv(
        evaluation / "per_class.csv",
        ["label", "support", "precision", "recall", "f1"],
        [
            [label, actual.count(label), skill, skill, skill + index / 100]
            for index, label in enumerate(labels)
        ],
    )
    write_csv(
        evaluation / "calibration.csv",
        ["bin_low", "bin_high", "count", "confidence", "accuracy"],
        [
            [low / 10, (low + 1) / 10, 5 * low, low / 10 + 0.04, low / 10 + 0.02]
            for low in range(1, 10)
        ],
    )
    mistakes = [
        {
            "text": f"Paragraph {index} of {experiment}.",
            "url": f"http://docs.phytotron.test/page{index}.html",
            "actual": labels[0],
            "predicted": labels[-1],
            "confidence": 0.99 - index / 100,
        }
        for index in range(12)
    ]
    write_json(evaluation / "mistakes.json", mistakes)
    metrics = {"accuracy": skill, "accuracy_low": skill - 0.02, "accuracy_high": skill + 0.02}
    metrics |= {"macro_f1": skill, "macro_f1_low": skill - 0.03, "macro_f1_high": skill + 0.03}
    metrics |= {"log_loss": 1 - skill, "calibration_error": 0.05, "samples": paragraphs}
    metrics |= {"parameters": 12345, "size_bytes": 49380}
    write_json(root / "results" / experiment / "metrics.json", metrics)


def write_project(
    root: Path,
    experiments: Iterable[str] = SKILL,
    labels: list[str] = LABELS,
    paragraphs: int = 400,
    better: Iterable[str] = ("router/textcnn",),
) -> None:
    """All inputs of the report; `better` are the experiments that beat the baseline."""
    experiments, better = list(experiments), set(better)
    rows = []
    for experiment in experiments:
        write_experiment(root, experiment, labels, paragraphs)
        skill = SKILL.get(experiment, 0.5)
        row: dict[str, Any] = {"experiment": experiment, "macro_f1": skill, "accuracy": skill}
        row |= {"macro_f1_low": skill - 0.03, "macro_f1_high": skill + 0.03}
        row |= dict.fromkeys(["difference", "difference_low", "difference_high", "p_value"])
        if experiment != BASELINE and BASELINE in experiments:
            difference = round(skill - SKILL[BASELINE], 6)
            row |= {"difference": difference, "p_value": 0.0005 if experiment in better else 0.21}
            row |= {"difference_low": difference - 0.02, "difference_high": difference + 0.02}
        rows.append(row | {"better": experiment in better})
    rows.sort(key=lambda row: -row["macro_f1"])
    baseline = BASELINE if BASELINE in experiments else None
    beating = [row["experiment"] for row in rows if row["better"]]
    selected = [*beating, baseline, rows[0]["experiment"]][0] or rows[0]["experiment"]
    comparison = {"metric": "macro_f1", "goal": "max", "baseline": baseline}
    comparison |= {"selected": selected, "test_set": "a" * 64, "experiments": rows}
    write_json(root / "results/comparison.json", comparison)
    registration = {"model": "router", "experiment": selected, "digest": "b" * 64}
    registration |= {
        "test_set": "a" * 64,
        "value": 0.7,
        "metric": "macro_f1",
        "decision": "promoted",
    }
    write_json(root / "build/registration.json", registration | {"reason": "the first champion"})
    site = "http://docs.phytotron.test"
    crawl: dict[str, Any] = {"fetched": 4500, "bytes": 90_137_012, "limits": ["max_pages"]}
    crawl |= {"refused": {"robots.txt": 1}, "failed": {"status 404": 2}, "skipped": {}}
    crawl |= {"redirects": {}, "duplicates": {f"{site}/copy": f"{site}/page"}}
    reasons = {f"{site}/x": "status 404", f"{site}/y": "status 404"}
    crawl |= {"reasons": reasons | {f"{site}/private": "robots.txt"}}
    write_json(root / "data/raw/crawl.json", crawl)
    pages = {"kept": 3362, "dropped": {"no_label": 975}, "failed": {f"{site}/empty": "no text"}}
    dropped = {"exact_duplicates": 8462, "too_short": 70465, "near_duplicates": 0}
    rules = {"versions": {"why": "they age", "changed": 30, "timeouts": 0}}
    rules |= {"permalinks": {"why": "they are no text", "changed": 700, "timeouts": 0}}
    cleaning = {"pages": pages, "rules": rules}
    cleaning |= {"paragraphs": {"extracted": 183_622, "dropped": dropped, "kept": 102_022}}
    write_json(root / "data/interim/cleaning.json", cleaning)
    split = {
        "pages": 10,
        "paragraphs": paragraphs,
        "tokens": 9,
        "labels": dict.fromkeys(labels, 50),
    }
    removed = {
        "train": {"copies": 30, "near-copies": 12},
        "validation": {"copies": 5, "near-copies": 0},
    }
    manifest = {"splits": dict.fromkeys(["train", "validation", "test"], split)}
    manifest |= {"leaks": {"verdict": "clean", "removed": removed}}
    write_json(root / "data/processed/manifest.json", manifest)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as `write_project` makes it, to be read only."""
    root = tmp_path_factory.mktemp("finished")
    write_project(root)
    return root


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Make a project; the arguments are those of `write_project`."""

    def make(**arguments: Any) -> Path:
        write_project(tmp_path, **arguments)
        return tmp_path

    return make


@pytest.fixture(scope="session")
def read() -> Callable[[Path], Inputs]:
    """Read a project's inputs, whichever experiments it has."""

    def read_project(root: Path, title: str = "Documentation router", mistakes: int = 10) -> Inputs:
        comparison = json.loads((root / "results/comparison.json").read_text())
        experiments = [row["experiment"] for row in comparison["experiments"]]
        return read_inputs(root, title, experiments, mistakes)

    return read_project


@pytest.fixture
def change() -> Callable[..., None]:
    """Change keys of a JSON file."""

    def change_json(path: Path, **values: Any) -> None:
        write_json(path, json.loads(path.read_text(encoding="utf-8")) | values)

    return change_json
