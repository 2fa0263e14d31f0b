"""Which chart shows what of the contenders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from phytotron.report.charts import (
    STRIP,
    Series,
    dots_strip,
    interval_strip,
    line_chart,
    reliability_chart,
    strip_axis,
)
from phytotron.report.inputs import EvaluatedModel, Inputs
from phytotron.report.matrix import confusion_chart, split_label
from phytotron.report.svg import drawable, scale_for
from phytotron.report.words import count, score, signed, span

TICKS, CLASS_TICKS = 3, 5  # about how many numbers an axis of strips has


@dataclass(frozen=True)
class Strips:
    """A column of strips on one scale: its axis and, by experiment or class, the strips."""

    axis: Markup
    rows: dict[str, Markup]


@dataclass(frozen=True)
class Confusion:
    """Paragraphs of one class that were taken for another, and their share of the class."""

    actual: str
    predicted: str
    count: int
    share: float


def score_strips(inputs: Inputs) -> Strips:
    """Macro-F1 of each contender with its interval; the line is the baseline."""
    keys = ("macro_f1_low", "macro_f1", "macro_f1_high")
    scale = scale_for([each.metrics[key] for each in inputs.contenders for key in keys], *STRIP)
    reference = inputs.baseline.metrics["macro_f1"] if inputs.baseline else None
    rows = {}
    for each in inputs.contenders:
        low, value, high = (each.metrics[key] for key in keys)
        label = f"{each.name}: macro-F1 {score(value)}, 95 % interval {span(low, high)}"
        rows[each.experiment] = interval_strip(
            scale, each.slot, value, low, high, reference=reference, label=label
        )
    return Strips(strip_axis(scale, TICKS), rows)


def difference_strips(inputs: Inputs) -> Strips:
    """Difference of macro-F1 to the baseline with its interval; the line is zero."""
    keys = ("difference_low", "difference", "difference_high")
    others = [each for each in inputs.contenders if each is not inputs.baseline]
    values = [each.rank[key] for each in others for key in keys]
    scale = scale_for(values, *STRIP, include=[0.0])
    rows = {}
    for each in others:
        low, value, high = (each.rank[key] for key in keys)
        label = (
            f"{each.name}: {signed(value)} macro-F1 to the baseline, "
            f"95 % interval {span(low, high, signed)}"
        )
        rows[each.experiment] = interval_strip(
            scale, each.slot, value, low, high, reference=0.0, label=label
        )
    return Strips(strip_axis(scale, TICKS), rows)


def class_strips(inputs: Inputs) -> Strips:
    """F1 of each class, one mark a contender; the winner's lies on top."""
    scale = scale_for([0.0, 1.0], *STRIP, margin=0.0)
    order = [each for each in inputs.charted if each is not inputs.winner] + [inputs.winner]
    rows = {}
    for label in inputs.labels:
        dots = [
            (each.slot, each.f1.get(label), f"{each.name}: {score(each.f1.get(label))}")
            for each in order
        ]
        said = ", ".join(title for _, _, title in reversed(dots))
        rows[label] = dots_strip(scale, CLASS_TICKS, dots, f"F1 of {label}. {said}")
    return Strips(strip_axis(scale, CLASS_TICKS), rows)


def classes_by_group(inputs: Inputs) -> list[tuple[str, list[str]]]:
    """The classes of each product, those that the winner knows best first."""
    groups: dict[str, list[str]] = {}
    for label in inputs.labels:
        groups.setdefault(split_label(label)[0], []).append(label)
    f1 = inputs.winner.f1
    return [
        (group, sorted(members, key=lambda label: (-(f1[label] or 0.0), label)))
        for group, members in groups.items()
    ]


def score_curves(inputs: Inputs) -> Markup:
    """Macro-F1 on the validation split over the epochs, all contenders in one chart."""
    series = [_series(each, "val_macro_f1") for each in inputs.charted]
    description = " ".join(_told(line) for line in series)
    return line_chart(
        series,
        title="Macro-F1 on the validation split by epoch",
        description=description,
        width=440,
        height=270,
    )


def loss_curves(contender: EvaluatedModel) -> Markup:
    """Training and validation loss of one contender."""
    series = [
        _series(contender, "train_loss", name="training", style="dashed"),
        _series(contender, "val_loss", name="validation"),
    ]
    return line_chart(
        series,
        title=f"Loss of {contender.name} by epoch",
        description=" ".join(_told(line) for line in series),
        width=300,
        height=200,
    )


def _series(
    contender: EvaluatedModel, key: str, *, name: str | None = None, style: str = "solid"
) -> Series:
    points = [(row.get("epoch"), row.get(key)) for row in contender.history]
    best = contender.training.get("best_epoch")
    return Series(name or contender.name, contender.slot, points, best, style)


def _told(line: Series) -> str:
    """A series for those who cannot see it."""
    known = [(x, y) for x, y in line.points if drawable(x) and drawable(y)]
    if not known:
        return f"{line.name}: no values."
    if len(known) == 1:
        return f"{line.name}: {score(known[0][1])}."
    (first, start), (last, end) = known[0], known[-1]
    return f"{line.name}: {score(start)} in epoch {first:g}, {score(end)} in epoch {last:g}."


def has_curve(contender: EvaluatedModel) -> bool:
    """Whether there is more than one epoch to draw."""
    return len(contender.history) > 1


def reliability(contender: EvaluatedModel) -> Markup:
    """Does a confidence of 80 % mean that 80 % are right?"""
    bins = [
        f"at confidence {confidence:.2f} accuracy {accuracy:.2f} ({count(number)})"
        for confidence, accuracy, number in contender.calibration
        if confidence is not None and accuracy is not None
    ]
    return reliability_chart(
        contender.calibration,
        contender.slot,
        title=f"Reliability of {contender.name}",
        label="; ".join(bins) or "no values",
    )


def confusion(contender: EvaluatedModel, labels: Sequence[str]) -> Markup:
    """The confusion matrix of a contender."""
    worst = [
        f"{each.actual} taken for {each.predicted} {100 * each.share:.0f} %"
        for each in top_confusions(contender, 5)
    ]
    return confusion_chart(
        labels,
        contender.confusion,
        title=f"Confusion matrix of {contender.name}",
        description="Most frequent confusions: " + ("; ".join(worst) or "none"),
    )


def top_confusions(contender: EvaluatedModel, number: int) -> list[Confusion]:
    """The most frequent pairs of actual and wrongly predicted class."""
    totals: dict[str, int] = {}
    for (actual, _), times in contender.confusion.items():
        totals[actual] = totals.get(actual, 0) + times
    wrong = [
        Confusion(actual, predicted, times, times / totals[actual])
        for (actual, predicted), times in contender.confusion.items()
        if actual != predicted
    ]
    return sorted(wrong, key=lambda each: (-each.count, each.actual, each.predicted))[:number]
