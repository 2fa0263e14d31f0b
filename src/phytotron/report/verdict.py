"""The result in plain sentences. Names of experiments stand in backticks."""

from __future__ import annotations

from phytotron.evaluation.tables import metric_name
from phytotron.report.inputs import Inputs, ReportedExperiment
from phytotron.report.words import count, listed, p_value, score, signed, span


def headline(inputs: Inputs) -> str:
    """Which experiment is selected, and how it compares with the baseline."""
    selected, baseline = inputs.selected, inputs.baseline
    result = f"{metric_name(inputs.metric)} {score(inputs.value(selected))}"
    samples = selected.metrics.get("samples")
    if samples is not None:
        result += f" on {count(samples)} test samples"
    if len(inputs.experiments) == 1 or baseline is None:
        return (
            f"`{selected.experiment}` reaches {result}; there was no baseline to compare it with."
        )
    if selected is not baseline:
        return (
            f"`{selected.experiment}` is selected with {result}, {distance(selected)} "
            f"the baseline `{baseline.experiment}`{evidence(selected)}."
        )
    nearest = next(each for each in inputs.experiments if each is not baseline)
    seems_better = gain(inputs, nearest) > 0
    chance = ": that may be chance" if seems_better else ""
    return (
        f"No experiment beats the baseline: `{baseline.experiment}` is selected with {result}. "
        f"The nearest, `{nearest.experiment}`, is {distance(nearest)} it"
        f"{evidence(nearest)}{chance}."
    )


def gain(inputs: Inputs, each: ReportedExperiment) -> float:
    """By how much an experiment seems better than the baseline; below 0 it seems worse."""
    difference = each.rank["difference"] or 0.0
    return difference if inputs.goal == "max" else -difference


def distance(each: ReportedExperiment) -> str:
    """How far above or below the baseline an experiment is."""
    difference = each.rank["difference"]
    return f"{score(abs(difference))} {'above' if difference >= 0 else 'below'}"


def evidence(each: ReportedExperiment) -> str:
    """The interval of the difference to the baseline and its p-value, as far as there are any."""
    row = each.rank
    parts = []
    interval = span(row.get("difference_low"), row.get("difference_high"), signed)
    if " to " in interval:
        parts.append(f"95 % interval {interval}")
    if row.get("p_value") is not None:
        p = p_value(row["p_value"])
        parts.append(f"p {p if p.startswith('<') else f'= {p}'}")
    return f" ({', '.join(parts)})" if parts else ""


def others(inputs: Inputs) -> str | None:
    """How those that were not selected compare with the baseline, or None if there are none."""
    if inputs.baseline is None or inputs.selected is inputs.baseline:
        return None
    rest = [each for each in inputs.experiments if each not in (inputs.selected, inputs.baseline)]
    if not rest:
        return None
    better = [f"`{each.experiment}`" for each in rest if each.rank["better"]]
    if len(rest) > 8:
        return f"Of the {len(rest)} others, {len(better)} beat the baseline too."
    not_better = [f"`{each.experiment}`" for each in rest if not each.rank["better"]]
    parts = []
    if better:
        parts.append(f"{listed(better)} {'beats' if len(better) == 1 else 'beat'} the baseline too")
    if not_better:
        beaten = "it" if better else "the baseline"
        verb = "does" if len(not_better) == 1 else "do"
        parts.append(f"{listed(not_better)} {verb} not beat {beaten}")
    return "; ".join(parts) + "."


def registry(inputs: Inputs) -> str:
    """What the registry decided, and why."""
    registration = inputs.registration
    experiment, model = registration["experiment"], registration["model"]
    why = str(registration["reason"]).strip().rstrip(".")
    decisions = {
        "promoted": f"The registry made `{experiment}` the champion of `{model}`",
        "already champion": f"`{experiment}` was the champion of `{model}` already and stays it",
        "kept": f"The registry kept the present champion of `{model}`; "
        f"`{experiment}` is its candidate",
    }
    decision = registration["decision"]
    text = decisions.get(decision, f"The registry's decision on `{experiment}`: {decision}")
    return f"{text}: {why}." if why else f"{text}."


def roles(inputs: Inputs, each: ReportedExperiment) -> list[str]:
    """What an experiment is besides: selected, champion, baseline."""
    registered = each.experiment == inputs.registration["experiment"]
    champion = registered and inputs.registration["decision"] in ("promoted", "already champion")
    found = {
        "selected": each is inputs.selected,
        "champion": champion,
        "baseline": each is inputs.baseline,
    }
    return [role for role, holds in found.items() if holds]
