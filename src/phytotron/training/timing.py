"""How fast a training was, and where it ran."""

from __future__ import annotations

from typing import Any

from phytotron.machine import hardware, peak_memory_mb, versions
from phytotron.training.result import TrainingResult


def timing(result: TrainingResult) -> dict[str, Any]:
    """What a training took, where and with what: the content of its file in `build/timing/`."""
    return {
        "seconds": round(result.seconds, 2),
        "samples_per_second": round(result.samples / result.seconds, 1),
        "peak_memory_mb": round(peak_memory_mb()),
        "hardware": hardware(),
        "versions": versions(),
    }
