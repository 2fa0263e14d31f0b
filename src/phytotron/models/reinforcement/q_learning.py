"""Q-learning with a table (Watkins, 1989)."""

from __future__ import annotations

import gymnasium
import numpy as np
from sklearn.base import BaseEstimator

from phytotron.data.environments import Environment
from phytotron.models.reinforcement.planning import optimal_values, states_of_play

_ROWS = 100  # of the history
_TESTS = 100  # episodes
_EQUAL = 1e-6  # values of actions that differ by less are equally good


class QLearning(BaseEstimator):
    """Learns the value of each action in each state from experience.

    In state s it chooses at random with probability epsilon, else an action with the largest
    value, one of them at random. Seeing reward r and state s', it moves q(s, a) towards
    r + discount * max q(s', .) by the learning rate: off-policy, as the next action may be another
    one. Nothing follows the end of an episode, but what follows where it was merely cut off.

    Args:
        episodes: number of training episodes.
        learning_rate: the step size alpha, 0 to 1.
        discount: gamma, of a reward one step later.
        epsilon_start: the probability of a random action in the first episode.
        epsilon_end: in the last one; it falls linearly.
        initial: every value at the beginning.
        seed: of everything.

    Attributes:
        q_: the values, shape (states, actions).
        n_iter_: steps that it took.
        history_: a hundred rows, each with means over the episodes since the last: `train_return`
            and `train_steps`; and `epsilon`.
    """

    def __init__(
        self,
        *,
        episodes: int,
        learning_rate: float,
        discount: float,
        epsilon_start: float,
        epsilon_end: float,
        initial: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.episodes = episodes
        self.learning_rate = learning_rate
        self.discount = discount
        self.epsilon_start = epsilon_start
        self.epsilon_end = epsilon_end
        self.initial = initial
        self.seed = seed

    def fit(self, data: Environment) -> QLearning:
        """Play in an environment whose states and actions can be counted."""
        shape = (data.dimensions["states"], data.dimensions["actions"])
        self.q_ = np.full(shape, float(self.initial))
        random = np.random.default_rng(self.seed)
        epsilons = np.linspace(self.epsilon_start, self.epsilon_end, self.episodes)
        played: list[tuple[float, int]] = []
        self.n_iter_ = 0
        self.history_: list[dict[str, float]] = []
        with data.make() as environment:
            environment.reset(seed=self.seed)
            for parts in np.array_split(epsilons, min(_ROWS, self.episodes)):
                played = [self._play(environment, epsilon, random) for epsilon in parts]
                returns, steps = zip(*played, strict=True)
                self.n_iter_ += sum(steps)
                self.history_.append(
                    {
                        "epoch": len(self.history_),
                        "step": self.n_iter_,
                        "train_return": float(np.mean(returns)),
                        "train_steps": float(np.mean(steps)),
                        "epsilon": float(parts[-1]),
                    }
                )
        return self

    def measure(self, data: Environment) -> dict[str, float]:
        """Greedy episodes, and how the values compare with those of value iteration.

        `test/success` is the share of episodes that end with a reward; `test/optimal_actions` the
        share of the states of play in which the greedy action is an optimal one; and
        `test/value_error` the largest error of the value of a greedy action there.
        """
        with data.make() as environment:
            environment.reset(seed=self.seed)
            played = [self._greedy_episode(environment) for _ in range(_TESTS)]
            rules = environment.unwrapped.P  # type: ignore[attr-defined]
            start = int(environment.reset()[0])
        returns, steps = (np.array(column) for column in zip(*played, strict=True))
        optimal = optimal_values(rules, self.discount)
        states = states_of_play(rules, start)
        chosen = optimal[states, self.q_[states].argmax(axis=1)]
        best = optimal[states].max(axis=1)
        return {
            "test/success": float(np.mean(returns > 0)),
            "test/steps": float(np.mean(steps)),
            "test/optimal_actions": float(np.mean(chosen > best - _EQUAL)),
            "test/value_error": float(np.abs(self.q_[states].max(axis=1) - best).max()),
        }

    def _play(
        self, environment: gymnasium.Env, epsilon: float, random: np.random.Generator
    ) -> tuple[float, int]:
        """Play an episode and learn from it; the undiscounted return and the steps."""
        state, _ = environment.reset()
        total, steps, over = 0.0, 0, False
        while not over:
            action = self._action(state, epsilon, random)
            after, reward, ends, cut_off, _ = environment.step(action)
            worth = float(reward) + (0.0 if ends else self.discount * self.q_[after].max())
            self.q_[state, action] += self.learning_rate * (worth - self.q_[state, action])
            state, total, steps, over = after, total + float(reward), steps + 1, ends or cut_off
        return total, steps

    def _action(self, state: int, epsilon: float, random: np.random.Generator) -> int:
        values = self.q_[state]
        if random.random() < epsilon:
            return int(random.integers(len(values)))
        return int(random.choice(np.flatnonzero(values == values.max())))

    def _greedy_episode(self, environment: gymnasium.Env) -> tuple[float, int]:
        state, _ = environment.reset()
        total, steps, over = 0.0, 0, False
        while not over:
            action = int(self.q_[state].argmax())
            state, reward, ends, cut_off, _ = environment.step(action)
            total, steps, over = total + float(reward), steps + 1, ends or cut_off
        return total, steps
