"""Metropolis, Metropolis-Hastings and Gibbs: moments, acceptance, and what a mistake would do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from phytotron.models.sampling.gibbs import Gibbs
from phytotron.models.sampling.metropolis import Metropolis
from phytotron.models.sampling.targets import BinaryTable, Normal

COVARIANCE = [[1.0, 0.7], [0.7, 1.0]]
NORMAL = Normal([0.0, 0.0], COVARIANCE)
SMALL, WIDE = [[0.2, 0.0], [0.0, 0.2]], [[1.0, 0.2], [0.2, 1.0]]


def metropolis(**settings) -> Metropolis:
    usual = {"target": NORMAL, "proposals": 30_000, "covariance": WIDE, "start": [0, 0], "seed": 1}
    return Metropolis(**(usual | settings)).fit()


def test_the_density_is_the_normal_s():
    target = Normal([1.0, -2.0], COVARIANCE)
    points = np.random.default_rng(0).normal(size=(20, 2))
    expected = multivariate_normal([1, -2], COVARIANCE).logpdf(points)
    found = target.log_density(points)
    assert np.allclose(found - found[0], expected - expected[0])


@pytest.mark.parametrize(("covariance", "rate"), [(SMALL, 0.713), (WIDE, 0.472)])
def test_the_rate_of_acceptance(covariance, rate):
    chain = metropolis(covariance=covariance)
    assert chain.measure()["test/acceptance"] == pytest.approx(rate, abs=0.012)


def test_a_step_that_is_not_accepted_repeats_the_place():
    chain = metropolis(proposals=500)
    moved = (np.diff(chain.samples_, axis=0) != 0).any(axis=1)
    assert (moved == chain.accepted_[1:]).all()
    assert len(chain.samples_) == 500


def test_far_out_the_density_is_zero_but_its_logarithm_is_not():
    start = [60.0, -60.0]
    assert multivariate_normal([0, 0], COVARIANCE).pdf(start) == 0
    chain = metropolis(start=start, burn_in=5000)
    assert np.abs(chain.samples_).max() < 6
    assert len(chain.samples_) == 25_000


class Uncorrected(Metropolis):
    """As if every proposal were symmetric."""

    def _log_proposal(self, to, origin):
        return 0.0


def test_an_asymmetric_proposal_needs_hastings_correction():
    right = metropolis(shrink=0.6)
    assert right.measure()["test/covariance_error"] < 0.04
    wrong = Uncorrected(**right.get_params()).fit()
    assert wrong.measure()["test/covariance_error"] > 0.15


@pytest.mark.slow
@pytest.mark.parametrize(("covariance", "variance"), [(SMALL, 0.969), (WIDE, 1.024)])
def test_accepted_samples_alone_have_another_variance(covariance, variance):
    chain = metropolis(covariance=covariance, proposals=1_000_000)
    measured = chain.measure()
    assert measured["test/moment_error"] < 0.03
    assert measured["test/accepted_only_variance"] == pytest.approx(variance, abs=0.012)


def test_one_variable_given_the_other():
    """N(rho x1, 1 - rho^2)."""
    random = np.random.default_rng(0)
    drawn = [NORMAL.draw_conditional(1, [2.0, 99.0], random) for _ in range(20_000)]
    assert np.mean(drawn) == pytest.approx(1.4, abs=0.02)
    assert np.var(drawn) == pytest.approx(0.51, abs=0.02)


def gibbs(**settings) -> Gibbs:
    usual = {"target": NORMAL, "samples": 8000, "burn_in": 100, "thin": 5, "start": [10, -10]}
    return Gibbs(**(usual | settings)).fit()


def test_gibbs_has_the_target_s_moments():
    assert gibbs().measure()["test/moment_error"] < 0.04


def test_neighbours_are_alike_by_rho_squared_and_thinning_parts_them():
    """Of a full sweep over both variables."""
    assert gibbs(thin=1).measure()["test/autocorrelation"] == pytest.approx(0.49, abs=0.04)
    assert gibbs(thin=5).measure()["test/autocorrelation"] == pytest.approx(0.49**5, abs=0.04)


def test_the_burn_in_forgets_where_it_started():
    far = [1000.0, -1000.0]
    assert np.abs(gibbs(samples=50, thin=1, burn_in=0, start=far).samples_).max() > 100
    assert np.abs(gibbs(samples=50, thin=1, burn_in=100, start=far).samples_).max() < 6


def test_binary_variables_come_in_the_shares_of_their_table():
    table = BinaryTable([[0.4, 0.1], [0.2, 0.3]])
    samples = gibbs(target=table, start=[0, 0], thin=2).samples_.astype(int)
    shares = np.bincount(2 * samples[:, 0] + samples[:, 1], minlength=4) / len(samples)
    assert shares == pytest.approx([0.4, 0.1, 0.2, 0.3], abs=0.02)
    assert table.mean.tolist() == pytest.approx([0.5, 0.4])
    assert table.covariance[0] == pytest.approx([0.25, 0.1])


def test_a_certain_variable_never_changes():
    samples = gibbs(target=BinaryTable([[0, 0.5], [0, 0.5]]), start=[0, 1], samples=200).samples_
    assert (samples[:, 1] == 1).all()


def test_probabilities_that_are_none_are_refused():
    with pytest.raises(ValueError, match="sum to"):
        BinaryTable([[0.5, 0.5], [0.5, 0.5]])


def test_the_seed_decides_everything():
    first, again, other = (metropolis(proposals=100, seed=seed).samples_ for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()
