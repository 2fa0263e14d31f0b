"""An environment in the place of a data set: it answers actions with states and rewards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
from gymnasium.spaces import Discrete


class Environment:
    """An environment of Gymnasium.

    Args:
        id: its name in Gymnasium, such as `FrozenLake-v1`.
        options: its own arguments.
        max_episode_steps: an episode is cut off there; None: as Gymnasium has it.
        tiny: the same environment: how long an agent plays is the agent's setting.

    Attributes:
        dimensions: `states` and `actions`, how many there are, where they can be counted.
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
        """A new one, to play in."""
        return gymnasium.make(self.id, max_episode_steps=self.max_episode_steps, **self.options)
