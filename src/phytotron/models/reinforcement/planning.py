"""Value iteration with known transitions: the reference for an agent that learns them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

# Of an action in a state: (probability, next state, reward, whether that ends the episode).
Transitions = Mapping[int, Mapping[int, Sequence[tuple[float, int, float, bool]]]]


def optimal_values(
    transitions: Transitions, discount: float, tolerance: float = 1e-12
) -> NDArray[np.float64]:
    """The discounted return of each action if all later ones are the best (Bellman, 1957).

    Args:
        transitions: the rules, by state and action.
        discount: of a reward one step later, below 1, unless every episode ends.
        tolerance: iteration stops when no value changes by more.

    Returns:
        Shape (states, actions).
    """
    values = np.zeros((len(transitions), len(transitions[0])))
    while True:
        worth = values.max(axis=1)
        new = np.array(
            [
                [
                    sum(
                        probability * (reward + (0.0 if ends else discount * worth[after]))
                        for probability, after, reward, ends in transitions[state][action]
                    )
                    for action in transitions[state]
                ]
                for state in transitions
            ]
        )
        if np.abs(new - values).max() <= tolerance:
            return new
        values = new


def states_of_play(transitions: Transitions, start: int) -> list[int]:
    """The states that can be reached from the start and in which there is something to decide.

    A state in which every action ends the episode where it is, such as a hole, is none of them.
    """
    found, waiting = set(), [start]
    while waiting:
        state = waiting.pop()
        found.add(state)
        for outcomes in transitions[state].values():
            waiting += [
                after for p, after, _, ends in outcomes if p > 0 and not ends and after not in found
            ]
    return sorted(found)
