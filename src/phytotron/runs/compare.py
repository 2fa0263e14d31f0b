"""`phytotron compare`: in what runs differ, in their config, their metrics, and how surely."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phytotron.config.compose import compose_experiment
from phytotron.config.experiments import experiment_ids, load_yaml
from phytotron.config.presets import preset_overrides
from phytotron.config.stage import plain
from phytotron.errors import UserError, did_you_mean
from phytotron.report.differences import compare_configs
from phytotron.runs.result_files import RESULTS, full_name
from phytotron.runs.results import Result, last_result, read_result, spread
from phytotron.tables import shortened, text_table

_WIDTH = 48


@dataclass(frozen=True)
class Run:
    """A run, or the runs of a verification.

    Attributes:
        name: what it is called here.
        config: resolved; of a verification, that of the experiment as it is now.
        metrics: values by name, one for each seed.
        seeds: the seeds, in the order of the values; None where they are not known.
    """

    name: str
    config: dict[str, Any]
    metrics: dict[str, list[float]]
    seeds: list[int] | None


@dataclass(frozen=True)
class Difference:
    """One metric of two runs.

    Attributes:
        difference: of the means, second minus first.
        p_value: that a difference of this size comes by chance; None where that cannot be told.
        test: `paired` by seed, `Welch`, or why there is none: `one seed`, `no variation`.
    """

    difference: float
    p_value: float | None
    test: str


def read_run(word: str) -> Run:
    """What a word on the command line stands for.

    Args:
        word: the id of a verified experiment (`vision/lenet5`, or `vision/lenet5.full` for a
            preset), a result file, or the folder of a run in `build/runs/`.

    Raises:
        UserError: there is no such run, or its files are damaged.
    """
    path = Path(word)
    if path.is_dir():
        return _run_folder(path)
    if path.suffix == ".json":
        if not path.is_file():
            raise UserError("there is no such file", where=word)
        return _verification(read_result(path))
    experiment, _, preset = word.partition(".")
    result = last_result(experiment, preset or None)
    if result is not None:
        return _verification(result)
    known = experiment_ids()
    if experiment in known:
        hint = "run: phytotron verify " + experiment + (f" --preset {preset}" if preset else "")
        raise UserError(f"'{word}' has not been verified", hint=hint)
    verified = [p.relative_to(RESULTS).with_suffix("").as_posix() for p in RESULTS.rglob("*.json")]
    raise UserError(
        f"there is no run '{word}'",
        allowed="an experiment that was verified, a result file, or a folder of build/runs/",
        hint=did_you_mean(word, {*known, *verified}),
    )


def difference(first: Run, second: Run, metric: str) -> Difference:
    """Whether two runs differ in a metric by more than chance.

    With the same seeds in both, the differences seed by seed are tested (Student's t-test for
    pairs); else the means, without the assumption that the variances are equal (Welch, 1947).
    """
    from scipy import stats

    a, b = first.metrics[metric], second.metrics[metric]
    delta = spread(b).mean - spread(a).mean
    if min(len(a), len(b)) < 2:
        return Difference(delta, None, "one seed")
    paired = first.seeds is not None and first.seeds == second.seeds
    samples = [[y - x for x, y in zip(a, b, strict=True)]] if paired else [a, b]
    if all(len(set(sample)) == 1 for sample in samples):
        return Difference(delta, None, "no variation")
    test = stats.ttest_rel(b, a) if paired else stats.ttest_ind(b, a, equal_var=False)
    return Difference(delta, float(test.pvalue), "paired" if paired else "Welch")


def compare(words: Sequence[str]) -> list[dict[str, Any]]:
    """The differences between runs, the first of which the others are held against.

    Returns:
        Objects with `id` (a config key or a metric), `kind` (`config` or `metric`) and `values`,
        one for each run (None where it has no such key); a metric also has `std`, and
        `differences`, one for each run but the first.

    Raises:
        UserError: fewer than two runs, or one that is not there.
    """
    if len(words) < 2:
        raise UserError("compare with what?", allowed="two runs or more")
    runs = [read_run(word) for word in words]
    return [*_settings(runs), *_metrics(runs)]


def render(rows: Sequence[dict[str, Any]], words: Sequence[str]) -> str:
    """The differences as two aligned plain tables."""
    settings = [row for row in rows if row["kind"] == "config"]
    metrics = [row for row in rows if row["kind"] == "metric"]
    lines = [["config", *words]]
    lines += [[row["id"], *(_shown(value) for value in row["values"])] for row in settings]
    parts = [text_table(lines) if settings else "config: no differences"]
    lines = [["metric", *words, *(f"difference of {word}" for word in words[1:])]]
    for row in metrics:
        values = zip(row["values"], row["std"], strict=True)
        means = [_mean(value, std) for value, std in values]
        lines.append([row["id"], *means, *map(_difference_text, row["differences"])])
    parts.append(text_table(lines) if metrics else "metrics: no differences")
    return "\n\n".join(parts)


def _settings(runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    differing, _ = compare_configs([run.config for run in runs])
    for setting in differing:
        yield {"id": setting.key, "kind": "config", "values": setting.texts}


def _metrics(runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    first = runs[0]
    for name in sorted({name for run in runs for name in run.metrics}):
        found = [run.metrics.get(name) for run in runs]
        if all(values == found[0] for values in found):
            continue
        spreads = [spread(values) if values else None for values in found]
        differences = [
            vars(difference(first, run, name))
            if name in first.metrics and name in run.metrics
            else None
            for run in runs[1:]
        ]
        yield {
            "id": name,
            "kind": "metric",
            "values": [each.mean if each else None for each in spreads],
            "std": [each.std if each else None for each in spreads],
            "differences": differences,
        }


def _verification(result: Result) -> Run:
    overrides = preset_overrides(result.experiment, result.preset)
    config = plain(compose_experiment(result.experiment, overrides).config)
    metrics = {name: value.values for name, value in result.metrics.items()}
    return Run(full_name(result.experiment, result.preset), config, metrics, result.seeds)


def _run_folder(folder: Path) -> Run:
    config, metrics = folder / "model" / "config.yaml", folder / "metrics.json"
    for path in (config, metrics):
        if not path.is_file():
            raise UserError("is no run: this file is missing", where=path.as_posix())
    try:
        content = json.loads(metrics.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"is not valid JSON: {error}", where=metrics.as_posix()) from None
    values = {
        name: [float(value)]
        for name, value in content.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return Run(folder.as_posix(), load_yaml(config) or {}, values, None)


def _shown(value: str | None) -> str:
    return "-" if value is None else shortened(value, _WIDTH)


def _mean(value: float | None, std: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" + (f" ± {std:.2g}" if std is not None else "")


def _difference_text(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    chance = "" if found["p_value"] is None else f"p = {found['p_value']:.2g}, "
    return f"{found['difference']:+.4g} ({chance}{found['test']})"
