"""Where and how fast something ran: facts that differ from run to run and machine to machine."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from typing import Any

import psutil

from phytotron.training.fitted import Fitted

_PACKAGES = ("torch", "pytorch-lightning", "scikit-learn", "numpy")


def timing(fitted: Fitted) -> dict[str, Any]:
    """What a training took, where and with what: the content of its file in `build/timing/`."""
    return {
        "seconds": round(fitted.seconds, 2),
        "samples_per_second": round(fitted.samples / fitted.seconds, 1),
        "peak_memory_mb": round(peak_memory_mb()),
        "hardware": hardware(),
        "versions": versions(),
    }


def peak_memory_mb() -> float:
    """The most memory that this process has held so far, in MB."""
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def hardware() -> dict[str, str | int]:
    """The machine: processor, cores, memory, and GPUs if torch is loaded and sees any."""
    facts: dict[str, str | int] = {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_mb": round(psutil.virtual_memory().total / 1e6),
        "system": f"{platform.system()} {platform.machine()}",
    }
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
        facts["gpus"] = torch.cuda.device_count()
    return facts


def versions() -> dict[str, str]:
    """Python and the packages that decide the numbers."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
