from types import SimpleNamespace

import numpy as np
import pytest

from phytotron.figures.sampling import chain


def test_samples_trace_and_errors(trained):
    samples = np.random.default_rng(0).normal(size=(5000, 2)) * [1, 3] + [5, 0]
    target = SimpleNamespace(mean=np.array([5.0, 0]), covariance=np.diag([1.0, 9]))
    history = [{"step": n, "train_moment_error": 1 / n} for n in (1, 10, 100)]
    model = SimpleNamespace(samples_=samples, target=target)
    scatter, trace, moments = chain.draw(trained(model, history=history)).axes

    assert scatter.lines[0].get_xydata().tolist() == samples[::2].tolist()
    mean, variances = samples.mean(0), samples.var(0, ddof=1)
    assert scatter.get_title().startswith(
        f"mean {mean[0]:.3f}, {mean[1]:.3f}; variances {variances[0]:.3f}, {variances[1]:.3f};"
    )
    assert f"covariance {np.cov(samples.T)[0, 1]:.3f}" in scatter.get_title()
    assert (scatter.get_xlabel(), scatter.get_ylabel()) == ("first variable", "second variable")
    for deviations, ellipse in enumerate(scatter.patches, start=1):
        assert ellipse.center == (5, 0)
        box = ellipse.get_transform().transform_path(ellipse.get_path()).get_extents()
        low, high = scatter.transData.inverted().transform(box.get_points())
        assert (high - low).tolist() == pytest.approx([2 * deviations, 6 * deviations], rel=0.01)
    assert len(scatter.patches) == 3

    assert [line.get_ydata().tolist() for line in trace.lines] == samples[:300].T.tolist()
    assert trace.get_title() == "the first 300 samples"
    assert moments.lines[0].get_xydata().tolist() == [[1, 1], [10, 0.1], [100, 0.01]]
    assert (moments.get_xscale(), moments.get_yscale()) == ("log", "log")
    assert moments.get_ylabel() == "absolute error of the moment"
