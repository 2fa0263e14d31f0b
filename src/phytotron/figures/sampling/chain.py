"""A Markov chain in two dimensions: its samples, its first steps, and the error of its moments."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE, GREY, ORANGE

_DOTS = 4000  # more would be one blot
_TRACE = 300  # samples whose way can be followed
_DEVIATIONS = (1, 2, 3)


def draw(trained: Trained) -> Figure:
    """The samples with the target's ellipses; the first samples in order; the error of moments."""
    chain = trained.model
    samples = chain.samples_
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    scatter, trace, moments = figure.subplots(1, 3)

    shown = samples[:: -(-len(samples) // _DOTS)]
    scatter.plot(*shown.T, ".", color=BLUE, markersize=2, alpha=0.4)
    for deviations in _DEVIATIONS:
        scatter.add_patch(_ellipse(chain.target.mean, chain.target.covariance, deviations))
    mean, covariance = samples.mean(axis=0), np.cov(samples, rowvar=False)
    scatter.set(
        title=f"mean {mean[0]:.3f}, {mean[1]:.3f}; variances {covariance[0, 0]:.3f}, "
        f"{covariance[1, 1]:.3f}; covariance {covariance[0, 1]:.3f}",
        xlabel="first variable",
        ylabel="second variable",
        aspect="equal",
    )
    scatter.title.set_fontsize(9)

    for index, colour in enumerate((BLUE, ORANGE)):
        trace.plot(samples[:_TRACE, index], color=colour, linewidth=0.9)
    trace.set(title=f"the first {len(samples[:_TRACE])} samples", xlabel="sample", ylabel="value")

    steps = [row["step"] for row in trained.history]
    errors = [row["train_moment_error"] for row in trained.history]
    moments.loglog(steps, errors, color=BLUE)
    moments.set(
        title="largest error of a moment", xlabel="samples", ylabel="absolute error of the moment"
    )
    return figure


def _ellipse(mean: np.ndarray, covariance: np.ndarray, deviations: int) -> Ellipse:
    """The ellipse at a distance of `deviations` standard deviations from the mean."""
    variances, axes = np.linalg.eigh(covariance)
    width, height = 2 * deviations * np.sqrt(variances)
    angle = np.degrees(np.arctan2(axes[1, 0], axes[0, 0]))
    return Ellipse((mean[0], mean[1]), width, height, angle=angle, fill=False, color=GREY)
