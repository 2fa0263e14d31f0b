"""The trail of the champion: who moved the alias, when, from where to where, and why.

Each move is a tag of the registered model, so it is where the alias is, in SQLite and on a server
alike. A move is noted before it is made and marked as done after it; what a kill left between is
completed by the next one. A champion that was set by hand, in the MLflow UI for instance, is noted
when the next move finds it.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from phytotron.registry.versions import CHAMPION, aliases, point
from phytotron.tracking.environment import TAG
from phytotron.tracking.store import Store, user

MOVE = f"{TAG}move."
REGISTER, PROMOTE, ROLLBACK, BY_HAND = "register", "promote", "rollback", "by hand"


@dataclass(frozen=True)
class Move:
    """One move of the champion.

    Attributes:
        model: the registered model.
        number: its place in the trail, from 1.
        action: `register`, `promote`, `rollback` or `by hand`.
        before: the champion's version until then; None when there was none.
        after: its version from then on; None when somebody took the champion away.
        why: the reason.
        who: user@host.
        when: UTC, ISO 8601 with microseconds.
        numbers: what the decision was based on.
        cause: hash of the inputs of the registration that moved it, else empty.
        forced: whether the gate was passed by.
        done: False while the move is noted but not made.
    """

    model: str
    number: int
    action: str
    before: str | None
    after: str | None
    why: str
    who: str
    when: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    cause: str = ""
    forced: bool = False
    done: bool = True


def move_champion(
    store: Store,
    model: str,
    after: str,
    action: str,
    why: str,
    *,
    numbers: Mapping[str, float] | None = None,
    cause: str = "",
    forced: bool = False,
) -> Move:
    """Move the champion and note it. The caller holds the store exclusively."""
    number = len(settle(store, model)) + 1
    before = aliases(store, model).get(CHAMPION)
    noted = replace(
        _move(model, number, action, before, after, why),
        numbers=numbers or {},
        cause=cause,
        forced=forced,
        done=False,
    )
    _write(store, noted)
    point(store, model, CHAMPION, after)
    done = replace(noted, done=True)
    _write(store, done)
    return done


def trail(store: Store, model: str) -> list[Move]:
    """All moves, oldest first."""
    tags = store.client.get_registered_model(model).tags
    return [Move(**json.loads(tags[key])) for key in sorted(tags) if key.startswith(MOVE)]


def settle(store: Store, model: str) -> list[Move]:
    """Complete an interrupted move, note one that was made by hand, and return the trail."""
    moves = trail(store, model)
    current = aliases(store, model).get(CHAMPION)
    if moves and not moves[-1].done:
        last = replace(moves[-1], done=True)
        if current == last.before and last.after is not None:
            point(store, model, CHAMPION, last.after)
            current = last.after
        _write(store, last)
        moves[-1] = last
    expected = moves[-1].after if moves else None
    if current != expected:
        why = "found so: moved by other means"
        by_hand = _move(model, len(moves) + 1, BY_HAND, expected, current, why)
        _write(store, by_hand)
        moves.append(by_hand)
    return moves


def earlier_champions(moves: list[Move]) -> list[str]:
    """The champions that a rollback can go back to, the latest last.

    A rollback takes a champion off the stack, any other move puts one on it.
    """
    stack: list[str] = []
    for move in moves:
        if move.action == ROLLBACK:
            stack.pop()
            while stack[-1] != move.after:  # versions that were deleted are passed over
                stack.pop()
        elif move.after is not None:
            stack.append(move.after)
    return stack[:-1]


def _move(
    model: str, number: int, action: str, before: str | None, after: str | None, why: str
) -> Move:
    who = f"{user()}@{socket.gethostname()}"
    when = datetime.now(UTC).isoformat(timespec="microseconds")
    return Move(model, number, action, before, after, why, who, when)


def _write(store: Store, move: Move) -> None:
    content = json.dumps(asdict(move), sort_keys=True, ensure_ascii=False)
    store.client.set_registered_model_tag(move.model, _key(move), content)


def _key(move: Move) -> str:
    """Sorts by number; two moves never share one, even if two machines give the same number."""
    return f"{MOVE}{move.number:06d}.{''.join(c for c in move.when if c.isdigit())}"
