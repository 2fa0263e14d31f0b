"""One thin module per DVC stage: read its config, call a package, write its outs."""

from __future__ import annotations

import sys
from collections.abc import Callable

from phytotron.errors import answer


def run(stage: Callable[[], None]) -> None:
    """Run a stage; a mistake that the user can repair ends it with its text and exit status 2."""
    try:
        stage()
    except Exception as error:
        if (answered := answer(error)) is None:
            raise
        text, status = answered
        print(text, file=sys.stderr)
        raise SystemExit(status) from None
