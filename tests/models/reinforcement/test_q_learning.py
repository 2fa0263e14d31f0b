"""Q-learning: its update by hand, the optimal policy, and the planner that it is compared with."""

from __future__ import annotations

import numpy as np
import pytest

from phytotron.data.environments import Environment
from phytotron.models.reinforcement.planning import optimal_values, states_of_play
from phytotron.models.reinforcement.q_learning import QLearning

LEFT, DOWN, RIGHT, UP = range(4)


def lake(*rows: str, steps: int = 50) -> Environment:
    options = {"desc": list(rows), "is_slippery": False}
    return Environment(id="FrozenLake-v1", options=options, max_episode_steps=steps)


def agent(**settings) -> QLearning:
    usual = {
        "episodes": 300,
        "learning_rate": 0.5,
        "discount": 0.9,
        "epsilon_start": 1.0,
        "epsilon_end": 0.1,
        "initial": 1.0,
    }
    return QLearning(**(usual | settings))


def rules(environment: Environment):
    with environment.make() as made:
        return made.unwrapped.P


def test_an_environment_says_what_can_be_counted():
    assert lake("SFG").dimensions == {"states": 3, "actions": 4}
    assert Environment(id="CartPole-v1", options={}).dimensions == {"actions": 2}


def test_the_planner_discounts_every_step():
    values = optimal_values(rules(lake("SFFG")), 0.9)
    assert values[:3, RIGHT] == pytest.approx([0.81, 0.9, 1.0])
    assert values[1, LEFT] == pytest.approx(0.9 * 0.81)
    assert values[3].tolist() == [0, 0, 0, 0]


def test_states_of_play_are_those_that_can_be_reached_and_do_not_end():
    #  0 1 2 / 3 4 5: no path leads past the holes
    assert states_of_play(rules(lake("SFG", "HHF")), 0) == [0, 1]


def test_one_step_moves_a_value_by_the_learning_rate():
    """S and G are neighbours: right ends with reward 1, every other way stays at S."""
    learned = agent(episodes=1, epsilon_start=0.0, initial=0.0, seed=0).fit(lake("SG", steps=30))
    assert learned.q_[0, RIGHT] == 0.5  # 0 + 0.5 (1 + nothing - 0)
    others = learned.q_[0, [LEFT, DOWN, UP]]
    assert others.tolist() == [0, 0, 0]  # they led to S when nothing was known there


def test_a_truncated_episode_keeps_its_bootstrap_value():
    """Nothing is worth less because the clock stopped: in an empty world values stay equal."""
    learned = agent(episodes=50, discount=1.0).fit(lake("SF", steps=3))
    assert learned.q_[:2].tolist() == np.ones((2, 4)).tolist()


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_the_optimal_policy(seed):
    environment = lake("SFHF", "FFFF", "HFHF", "FFFG")
    measured = agent(seed=seed, episodes=500).fit(environment).measure(environment)
    assert measured["test/optimal_actions"] == 1
    assert measured["test/success"] == 1
    assert measured["test/steps"] == 6
    assert measured["test/value_error"] < 0.01


def test_a_policy_that_is_not_optimal_is_told():
    environment = lake("SFFG", "FFFF")
    learned = agent(episodes=1).fit(environment)
    learned.q_[:] = 0
    learned.q_[:, RIGHT] = 1
    learned.q_[1] = [0, 1, 0, 0]  # down, around the corner: two steps more
    measured = learned.measure(environment)
    assert measured["test/optimal_actions"] == pytest.approx(5 / 7)
    assert measured["test/success"] == 0  # below, right leads to the wall


def test_the_history_has_the_returns_while_learning():
    learned = agent(episodes=250).fit(lake("SFFFG", "FHHHH"))
    assert len(learned.history_) == 100
    assert learned.history_[-1]["step"] == learned.n_iter_
    assert learned.history_[-1]["train_return"] > learned.history_[0]["train_return"]
    epsilons = [row["epsilon"] for row in learned.history_]
    assert epsilons == sorted(epsilons, reverse=True)
    assert epsilons[-1] == pytest.approx(0.1)


def test_the_seed_decides_everything():
    environment = lake("SFHF", "FFFG")
    first, again, other = (agent(seed=s, episodes=20).fit(environment).q_ for s in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()
