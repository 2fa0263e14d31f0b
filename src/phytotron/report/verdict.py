"""The result in plain sentences. Names of experiments stand in backticks."""

from __future__ import annotations

from phytotron.report.inputs import EvaluatedModel, Inputs
from phytotron.report.words import count, listed, p_value, score, signed, span


def headline(inputs: Inputs) -> str:
    """Who won, by how much and against whom."""
    winner, baseline = inputs.winner, inputs.baseline
    samples = count(winner.metrics.get("samples"))
    result = f"macro-F1 {score(winner.metrics['macro_f1'])} on {samples} test paragraphs"
    if len(inputs.contenders) == 1 or baseline is None:
        return f"`{winner.experiment}` reaches {result}; there was no baseline to compare it with."
    if winner is not baseline:
        return (
            f"`{winner.experiment}` wins with {result}, {distance(winner)} "
            f"the baseline `{baseline.experiment}` {evidence(winner)}."
        )
    nearest = next(each for each in inputs.contenders if each is not baseline)
    chance = ": that may be chance" if (nearest.rank["difference"] or 0.0) > 0 else ""
    return (
        f"No contender beats the baseline: `{baseline.experiment}` wins with {result}. "
        f"The nearest, `{nearest.experiment}`, is {distance(nearest)} it "
        f"{evidence(nearest)}{chance}."
    )


def distance(contender: EvaluatedModel) -> str:
    """How far above or below the baseline a contender is."""
    difference = contender.rank["difference"]
    return f"{score(abs(difference))} {'above' if difference >= 0 else 'below'}"


def evidence(contender: EvaluatedModel) -> str:
    """The interval of the difference to the baseline and its p-value."""
    row = contender.rank
    p = p_value(row["p_value"])
    return (
        f"(95 % interval {span(row['difference_low'], row['difference_high'], signed)}, "
        f"p {p if p.startswith('<') else f'= {p}'})"
    )


def others(inputs: Inputs) -> str | None:
    """How the contenders that did not win stand to the baseline, or None if there are none."""
    if inputs.baseline is None or inputs.winner is inputs.baseline:
        return None
    rest = [each for each in inputs.contenders if each not in (inputs.winner, inputs.baseline)]
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
    said = decisions.get(decision, f"The registry's decision on `{experiment}`: {decision}")
    return f"{said}: {why}." if why else f"{said}."


def roles(inputs: Inputs, contender: EvaluatedModel) -> list[str]:
    """What a contender is apart from a contender: winner, champion, baseline."""
    registered = contender.experiment == inputs.registration["experiment"]
    champion = registered and inputs.registration["decision"] in ("promoted", "already champion")
    found = {
        "winner": contender is inputs.winner,
        "champion": champion,
        "baseline": contender is inputs.baseline,
    }
    return [role for role, holds in found.items() if holds]
