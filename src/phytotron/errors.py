"""Errors that speak to the person who made them.

A `UserError` is a mistake that a person can repair: a wrong name, a site that is down, a full
disk. Commands print its text alone, without a traceback, and exit with status 2. Anything else
that escapes is a defect of ours and keeps its traceback. `answer` tells them apart.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable


class UserError(ValueError):
    """A mistake that the user can repair.

    Args:
        what: what was wrong, naming the file, line, key or value.
        where: file, `file:line`, key path or URL at which it was found.
        allowed: what would have been right.
        hint: the next thing to do, often a command.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> None:
        lines = [f"{where}: {what}" if where else what]
        if allowed:
            lines.append(f"  allowed: {allowed}")
        if hint:
            lines.append(f"  {hint}")
        super().__init__("\n".join(lines))


class Interrupted(Exception):  # noqa: N818, like KeyboardInterrupt it is no error
    """A signal ended the work gracefully: what it takes to continue has been saved.

    Args:
        what: how far it came, and how to continue.
        signal: the number of the signal.

    Attributes:
        status: the exit status, by the convention of shells.
    """

    def __init__(self, what: str, signal: int) -> None:
        super().__init__(what)
        self.status = 128 + signal


# What the system may refuse for reasons that a person can mend.
_REPAIRABLE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than allowed",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted",
}


def answer(error: Exception) -> tuple[str, int] | None:
    """The text and the exit status with which a command ends, or None for a defect of ours."""
    if isinstance(error, UserError):
        return f"error: {error}", 2
    if isinstance(error, Interrupted):
        return str(error), error.status
    if isinstance(error, OSError) and error.errno in _REPAIRABLE:
        where = f"{error.filename}: " if error.filename else ""
        return f"error: {where}{_REPAIRABLE[error.errno]}", 2
    return None


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The entry of `known` that looks most like `word`, or None when none is close."""
    import difflib  # here: only a mistake needs it

    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The hint line for a misspelt name, or None when nothing is close."""
    match = nearest(word, known)
    return f"did you mean '{match}'?" if match else None
