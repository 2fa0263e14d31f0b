"""Ctrl-C and SIGTERM while training: the first ends it gracefully, the second at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Notes the first signal; a second one has its ordinary effect, and ends the process.

    Attributes:
        received: the number of the signal, or None.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def install(self) -> None:
        # Python allows handlers in the main thread only.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}

    def uninstall(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        # The loop looks at `received` between two batches, and saves before it ends the training.
        self.received = number
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_DFL)
        if os.environ.get("LOCAL_RANK", "0") == "0":
            print("finishing this step; a second signal ends at once", file=sys.stderr, flush=True)
