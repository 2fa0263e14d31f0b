"""Which figure shows what of the experiments, each with its title and description."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from phytotron.evaluation.classifier import Bin
from phytotron.evaluation.predictions import ValuePredictions
from phytotron.evaluation.tables import metric_name
from phytotron.figures.classifier import (
    confusion_figure,
    confusion_tips,
    has_curves,
    learning_curves_figure,
    reliability_figure,
)
from phytotron.figures.comparison import Interval, dots_figure, intervals_figure
from phytotron.figures.regressor import predictions_figure, residuals_figure
from phytotron.figures.theme import PAGE, inline_svg
from phytotron.report.inputs import Inputs, ReportedExperiment
from phytotron.report.words import count, score, signed, span


@dataclass(frozen=True)
class Confusion:
    """Samples of one class that were taken for another, and their share of the class."""

    actual: str
    predicted: str
    count: int
    share: float


def score_intervals(inputs: Inputs) -> Markup:
    """The metric of each experiment with its interval; the line is the baseline."""
    name = metric_name(inputs.metric)
    rows, told = [], []
    for each in inputs.charted:
        low, value, high = (inputs.value(each, end) for end in ("_low", "", "_high"))
        rows.append(Interval(each.name, each.slot, value, low, high))
        told.append(f"{each.name}: {score(value)}" + _interval(span(low, high)))
    reference = inputs.value(inputs.baseline) if inputs.baseline else None
    figure = intervals_figure(rows, name, reference, theme=PAGE)
    title = f"{name} of each experiment"
    return inline_svg(figure, "scores", title=title, description="; ".join(told))


def difference_intervals(inputs: Inputs) -> Markup | None:
    """Difference of the metric to the baseline with its interval; None without a comparison."""
    others = [each for each in inputs.charted if each is not inputs.baseline]
    if inputs.baseline is None or not others:
        return None
    rows, told = [], []
    for each in others:
        low, value, high = (each.rank.get(f"difference{end}") for end in ("_low", "", "_high"))
        rows.append(Interval(each.name, each.slot, value, low, high))
        told.append(f"{each.name}: {signed(value)}" + _interval(span(low, high, signed)))
    name = f"difference in {metric_name(inputs.metric)} to the baseline"
    figure = intervals_figure(rows, name, 0.0, theme=PAGE)
    return inline_svg(figure, "differences-figure", title=name, description="; ".join(told))


def _interval(text: str) -> str:
    return f", 95 % interval {text}" if " to " in text else ""


def class_scores(inputs: Inputs) -> Markup:
    """F1 of each class, one mark an experiment; the selected one's lies on top."""
    order = [each for each in inputs.charted if each is not inputs.selected and each.classes]
    order.append(inputs.selected)
    labels = [label for _, members in classes_by_group(inputs) for label in members]
    rows = {label: {each.name: each.f1.get(label) for each in order} for label in labels}
    slots = {each.name: each.slot for each in inputs.charted if each.classes}
    figure = dots_figure(rows, slots, "F1", theme=PAGE)
    told = [
        f"{label}: " + ", ".join(f"{name} {score(value, 2)}" for name, value in scores.items())
        for label, scores in rows.items()
    ]
    return inline_svg(figure, "classes-figure", title="F1 by class", description="; ".join(told))


def classes_by_group(inputs: Inputs) -> list[tuple[str, list[str]]]:
    """The classes of each product, those that the selected model knows best first."""
    groups: dict[str, list[str]] = {}
    for label in inputs.labels:
        groups.setdefault(split_label(label)[0], []).append(label)
    f1 = inputs.selected.f1
    return [
        (group, sorted(members, key=lambda label: (-(f1[label] or 0.0), label)))
        for group, members in groups.items()
    ]


def split_label(label: str) -> tuple[str, str]:
    """Group and name of a label: `python/howto` is `howto` of `python`."""
    group, slash, name = label.rpartition("/")
    return (group, name) if slash else ("", label)


def learning_curves(inputs: Inputs) -> Markup | None:
    """Loss and metric over the epochs, all experiments in one figure; None without any value."""
    metric = inputs.metric
    curved = [each for each in inputs.charted if has_curves(each.history, metric)]
    if not curved:
        return None
    figure = learning_curves_figure(
        {each.name: each.history for each in curved},
        metric=metric,
        slots={each.name: each.slot for each in curved},
        theme=PAGE,
    )
    keys = {"val_loss": "validation loss", f"val_{metric}": f"validation {metric_name(metric)}"}
    told = [_told(each, key, name) for each in curved for key, name in keys.items()]
    title = f"Loss and {metric_name(metric)} by epoch"
    return inline_svg(figure, "curves", title=title, description=" ".join(filter(None, told)))


def _told(each: ReportedExperiment, key: str, name: str) -> str:
    """A curve for those who cannot see it."""
    points = [(row.get("epoch"), row.get(key)) for row in each.history]
    known = [(epoch, value) for epoch, value in points if epoch is not None and value is not None]
    if not known:
        return ""
    if len(known) == 1:
        return f"{each.name}: {name} {score(known[0][1])}."
    (first, start), (last, end) = known[0], known[-1]
    return f"{each.name}: {name} {score(start)} in epoch {first:g}, {score(end)} in epoch {last:g}."


def reliability(each: ReportedExperiment) -> Markup:
    """Does a confidence of 80 % mean that 80 % are right?"""
    bins = [
        Bin(low, high, number, confidence, accuracy)
        for low, high, number, confidence, accuracy in each.calibration
        if number and confidence is not None and accuracy is not None
    ]
    told = [
        f"at confidence {one.confidence:.2f} accuracy {one.accuracy:.2f} ({count(one.count)})"
        for one in bins
    ]
    figure = reliability_figure(bins, theme=PAGE, title="")
    return inline_svg(
        figure,
        f"reliability-{each.slot}",
        title=f"Reliability of {each.name}",
        description="; ".join(told) or "no values",
    )


def predicted_values(each: ReportedExperiment) -> Markup:
    """Predicted against true values of an experiment that predicts some."""
    values = _values(each)
    told = "; ".join(
        f"output {number}: correlation {score(_correlation(*pair))}"
        for number, pair in enumerate(zip(values.targets.T, values.values.T, strict=True), start=1)
    )
    figure = predictions_figure(values.targets, values.values, theme=PAGE)
    title = f"Predicted against true values of {each.name}"
    return inline_svg(figure, f"values-{each.slot}", title=title, description=told)


def residuals(each: ReportedExperiment) -> Markup:
    """How often the predictions of an experiment are off by how much."""
    values = _values(each)
    off = values.values.astype(np.float64) - values.targets
    told = "; ".join(
        f"output {number}: mean {mean:.4g}, standard deviation {deviation:.4g}"
        for number, (mean, deviation) in enumerate(zip(off.mean(0), off.std(0), strict=True), 1)
    )
    figure = residuals_figure(values.targets, values.values, theme=PAGE)
    title = f"Residuals of {each.name}"
    return inline_svg(figure, f"residuals-{each.slot}", title=title, description=told)


def _values(each: ReportedExperiment) -> ValuePredictions:
    assert each.values is not None
    return each.values


def _correlation(targets: NDArray[np.float32], values: NDArray[np.float32]) -> float | None:
    """Pearson's coefficient; None where one of both never changes."""
    if np.ptp(targets) == 0 or np.ptp(values) == 0:
        return None
    return float(np.corrcoef(targets, values)[0, 1])


def confusion(each: ReportedExperiment, labels: Sequence[str]) -> Markup:
    """The confusion matrix of an experiment, with a tip on each cell."""
    counts = [[each.confusion.get((row, column), 0) for column in labels] for row in labels]
    worst = [
        f"{pair.actual} taken for {pair.predicted} {100 * pair.share:.0f} %"
        for pair in top_confusions(each, 5)
    ]
    return inline_svg(
        confusion_figure(counts, labels, theme=PAGE),
        f"confusion-{each.slot}",
        title=f"Confusion matrix of {each.name}",
        description="Most frequent confusions: " + ("; ".join(worst) or "none"),
        tips=confusion_tips(counts, labels),
    )


def top_confusions(each: ReportedExperiment, number: int) -> list[Confusion]:
    """The most frequent pairs of actual and wrongly predicted class."""
    totals: dict[str, int] = {}
    for (actual, _), times in each.confusion.items():
        totals[actual] = totals.get(actual, 0) + times
    wrong = [
        Confusion(actual, predicted, times, times / totals[actual])
        for (actual, predicted), times in each.confusion.items()
        if actual != predicted
    ]
    return sorted(wrong, key=lambda pair: (-pair.count, pair.actual, pair.predicted))[:number]


def finite(values: Sequence[float | None]) -> list[float]:
    """Those of the values that are numbers, and neither NaN nor infinite."""
    return [value for value in values if value is not None and math.isfinite(value)]
