"""Environments for reinforcement learning, in the place of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
from gymnasium.spaces import Discrete


class Environment:
    """An environment of Gymnasium.

    Args:
        id: its name in Gymnasium, such as `FrozenLake-v1`.
        options: arguments of the environment.
        max_episode_steps: steps after which an episode ends; None: Gymnasium's default.
        tiny: changes nothing here: the agent decides how long it plays.

    Attributes:
        dimensions: the number of `states` and `actions`, where these are discrete.
    """

    def __init__(
        self,
        *,
        id: str,
        options: Mapping[str, Any],
        max_episode_steps: int | None = None,
        tiny: bool = False,
    ) -> None:
        self.id = id
        self.options = dict(options)
        self.max_episode_steps = max_episode_steps
        with self.make() as made:
            spaces = {"states": made.observation_space, "actions": made.action_space}
        self.dimensions = {
            name: int(space.n) for name, space in spaces.items() if isinstance(space, Discrete)
        }

    def make(self) -> gymnasium.Env:
        """A new instance, to play in."""
        return gymnasium.make(self.id, max_episode_steps=self.max_episode_steps, **self.options)
