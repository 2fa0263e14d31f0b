"""`phytotron report --export FOLDER`: results in the formats of the Hugging Face Hub.

For each experiment with a result that is up to date, a folder with `README.md`, whose header is a
`model-index`, and `.eval_results/phytotron.yaml`. Both say the mean over the seeds; notes have the
interval, the number of seeds, the target and the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml
from huggingface_hub import (
    EvalResult,
    EvalResultEntry,
    ModelCardData,
    eval_result_entries_to_yaml,
)

from phytotron.config.experiments import group_choices, read_experiment
from phytotron.files import replacing_folder
from phytotron.runs.listing import STALE, UNVERIFIED
from phytotron.runs.results import Result
from phytotron.zoo.entries import ZooEntry

EVAL_RESULTS = Path(".eval_results/phytotron.yaml")


def export(found: Iterable[ZooEntry], folder: Path) -> list[Path]:
    """Write what is up to date below a new folder; the folders of the systems."""
    written = []
    with replacing_folder(folder) as new:
        for system in found:
            if system.result is None or system.state in (STALE, UNVERIFIED):
                continue
            own = new / system.name
            (own / EVAL_RESULTS).parent.mkdir(parents=True)
            (own / "README.md").write_text(model_card(system, system.result), encoding="utf-8")
            entries = eval_result_entries_to_yaml([entry(system, system.result)])
            text = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True)
            (own / EVAL_RESULTS).write_text(text, encoding="utf-8")
            written.append(folder / system.name)
    return written


def model_card(system: ZooEntry, result: Result) -> str:
    """A model card whose header has the result as a `model-index`."""
    split, _, metric = result.metric.partition("/")
    task = group_choices(read_experiment(system.experiment)).get("task", "other")
    data = ModelCardData(
        model_name=system.name,
        eval_results=[
            EvalResult(
                task_type=task,
                dataset_type=system.data or "none",
                dataset_name=system.data or "none",
                dataset_split=split,
                metric_type=metric,
                metric_name=result.metric,
                metric_value=result.score.mean,
            )
        ],
    )
    title = system.title.rstrip(".")
    return f"---\n{data.to_yaml()}\n---\n\n# {system.name}\n\n{title}.\n\n{notes(result)}.\n"


def entry(system: ZooEntry, result: Result) -> EvalResultEntry:
    """The result as an entry of `.eval_results/`."""
    return EvalResultEntry(
        dataset_id=system.data or "none",
        task_id=result.metric,
        value=result.score.mean,
        date=result.date,
        notes=notes(result),
    )


def notes(result: Result) -> str:
    """Such as `5 seeds, 95 % interval 0.97 to 0.98; target ≥ 0.9745 (book): undecided`."""
    count = len(result.seeds)
    seeds = f"{count} {'seed' if count == 1 else 'seeds'}"
    if result.interval:
        seeds += ", 95 % interval " + " to ".join(f"{end:.4g}" for end in result.interval)
    sign = "≥" if result.goal == "max" else "≤"
    return f"{seeds}; target {sign} {result.target:g} ({result.origin}): {result.verdict}"
