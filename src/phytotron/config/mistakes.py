"""One sentence for each kind of mistake in a config, wherever it is found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from phytotron.config.renamed import renamed
from phytotron.errors import UserError, did_you_mean


def unknown_key(key: str, known: Iterable[str], where: str | None) -> UserError:
    """A key that nothing has: `unknown key 'trainer.max_epoch'`.

    Args:
        key: the dotted key.
        known: the dotted keys that could have been meant.
        where: the file and line, or the override.
    """
    new = renamed(key)
    if new is not None:
        return UserError(f"'{key}' is now '{new}'" if new else f"'{key}' is gone", where=where)
    known = list(known)
    # The keys beside it are few enough to be listed; those of a whole config are not.
    group = key.rpartition(".")[0]
    beside = [name for name in known if name.rpartition(".")[0] == group]
    names = ", ".join(name.rpartition(".")[2] for name in beside)
    return UserError(
        f"unknown key '{key}'",
        where=where,
        allowed=names if group or len(beside) == len(known) else None,
        hint=did_you_mean(key, known),
    )


def wrong_value(
    key: str, value: Any, allowed: str | None, where: str | None, hint: str | None = None
) -> UserError:
    """A value of the wrong kind or out of its range: `'trainer.devices' is 0`."""
    return UserError(f"'{key}' is {shown(value)}", where=where, allowed=allowed, hint=hint)


def missing_key(key: str, allowed: str | None, where: str | None) -> UserError:
    """A key that must be there: `'trainer.threads' is missing`."""
    return UserError(f"'{key}' is missing", where=where, allowed=allowed)


def shown(value: Any) -> str:
    """A value as a config has it, shortened."""
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def first_line(error: Exception) -> str:
    """The first line of a library's message that says anything, or the name of the error."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
