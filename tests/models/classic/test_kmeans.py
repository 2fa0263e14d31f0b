"""k-means as the experiments use it: exact centres, restarts, stop rules, empty clusters."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans

from phytotron.data.points import delivery_orders, six_points

SIX = six_points()
POINTS = SIX.train.inputs.numpy()


@pytest.mark.parametrize("init", ["random", "k-means++"])
@pytest.mark.parametrize("seed", range(5))
def test_six_points_have_two_centres(init, seed):
    model = KMeans(2, init=init, n_init=10, random_state=seed).fit(POINTS)
    assert sorted(model.cluster_centers_.tolist()) == [[1, 2], [10, 2]]
    assert model.inertia_ == 16
    new = model.predict(SIX.test.inputs.numpy())
    assert model.cluster_centers_[new].tolist() == [[1, 2], [10, 2]]


def test_a_single_start_may_end_elsewhere_and_restarts_help():
    """From between the columns, the rows stay what they are."""
    poor = KMeans(2, init=np.array([[5.5, 0], [5.5, 4]], "f4"), n_init=1).fit(POINTS)
    assert poor.inertia_ > 100
    starts = [KMeans(3, init="random", n_init=1, random_state=s).fit(POINTS) for s in range(20)]
    inertias = [model.inertia_ for model in starts]
    assert min(inertias) < max(inertias)
    best = KMeans(3, init="random", n_init=20, random_state=0).fit(POINTS)
    assert best.inertia_ == pytest.approx(min(inertias))


def test_a_cluster_that_nobody_belongs_to_gets_a_point():
    far = np.array([[5, 2], [1000, 1000], [-1000, 1000]], "f4")
    model = KMeans(3, init=far, n_init=1).fit(POINTS)
    assert len(np.unique(model.labels_)) == 3


def test_it_stops_when_the_centres_move_little_or_not_at_all():
    orders = delivery_orders(orders=400, towns=4, spread=4.0, generator_seed=0).train.inputs.numpy()
    start = orders[:4]
    exact, rough = (KMeans(4, init=start, n_init=1, tol=tol).fit(orders) for tol in (0, 1e-2))
    assert rough.n_iter_ < exact.n_iter_ < 300
    means = [orders[exact.labels_ == label].mean(axis=0) for label in range(4)]
    assert np.allclose(exact.cluster_centers_, means, atol=1e-4)


def test_the_sites_are_where_the_towns_are():
    data = delivery_orders(orders=400, towns=4, spread=0.5, generator_seed=1)
    orders = data.train.inputs.numpy()
    model = KMeans(4, n_init=10, random_state=0).fit(orders)
    distances = model.transform(orders).min(axis=1)
    assert distances.mean() == pytest.approx(0.5 * np.sqrt(np.pi / 2), rel=0.1)
