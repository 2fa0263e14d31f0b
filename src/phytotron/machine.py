"""The machine that a program runs on: processor, memory, and versions of packages."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version

import psutil

_PACKAGES = ("torch", "pytorch-lightning", "scikit-learn", "numpy")


def peak_memory_mb() -> float:
    """The most resident memory that this process has had so far, in MB."""
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / 1e6
    import resource

    # Linux counts in kilobytes, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def hardware() -> dict[str, str | int]:
    """Processor, cores, memory, and GPUs if torch has been imported and finds any."""
    facts: dict[str, str | int] = {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_mb": round(psutil.virtual_memory().total / 1e6),
        "system": f"{platform.system()} {platform.machine()}",
    }
    # Not imported for this: it takes seconds, and where nothing has imported it no GPU was used.
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
        facts["gpus"] = torch.cuda.device_count()
    return facts


def versions() -> dict[str, str]:
    """Python and the packages on which numerical results depend."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def _processor() -> str:
    """The processor's name. Only Linux's file has the marketing name; `platform` is less exact."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
