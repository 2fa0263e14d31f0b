"""One thin module per DVC stage: read its config, call a package, write its outs."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

from phytotron.errors import Interrupted, UserError

_REPAIRABLE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than allowed",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted",
}


def run(stage: Callable[[], None]) -> None:
    """Run a stage; a mistake that the user can repair ends it with its text and exit status 2."""
    try:
        stage()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except Interrupted as interrupted:
        print(interrupted, file=sys.stderr)
        raise SystemExit(interrupted.status) from None
    except OSError as error:
        if error.errno not in _REPAIRABLE:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{_REPAIRABLE[error.errno]}", file=sys.stderr)
        raise SystemExit(2) from None
