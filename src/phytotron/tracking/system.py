"""What a training does to the machine: processor, memory and GPUs, under MLflow's names."""

from __future__ import annotations

import os
from typing import Any

import psutil


class System:
    """Samples the machine and a process with all its descendants but this one.

    Args:
        pid: the process; it may end at any time.
    """

    def __init__(self, pid: int) -> None:
        self._known: dict[int, psutil.Process] = {}
        self._gpus = _gpus()
        self._pid = pid
        psutil.cpu_percent()  # a processor's load is what it was since the last call
        self._training()

    def sample(self) -> dict[str, float]:
        """Metric names and values; what cannot be known is left out."""
        memory = psutil.virtual_memory()
        return (
            {
                "system/cpu_utilization_percentage": psutil.cpu_percent(),
                "system/system_memory_usage_megabytes": memory.used / 1e6,
                "system/system_memory_usage_percentage": memory.percent,
            }
            | self._training()
            | self._gpu_metrics()
        )

    def _training(self) -> dict[str, float]:
        """Load (100 is one core) and resident memory of the training's processes."""
        try:
            root = psutil.Process(self._pid)
            found = {each.pid: each for each in [root, *root.children(recursive=True)]}
        except psutil.NoSuchProcess:
            return {}
        found.pop(os.getpid(), None)
        # The same objects again: a process's load, too, is what it was since the last call.
        self._known = {pid: self._known.get(pid, each) for pid, each in found.items()}
        load = memory = 0.0
        for process in self._known.values():
            try:
                load += process.cpu_percent()
                memory += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return {
            "system/training_cpu_percentage": load,
            "system/training_memory_usage_megabytes": memory / 1e6,
        }

    def _gpu_metrics(self) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for number, (nvml, handle) in enumerate(self._gpus):
            try:
                memory = nvml.nvmlDeviceGetMemoryInfo(handle)
                load = nvml.nvmlDeviceGetUtilizationRates(handle)
                power = nvml.nvmlDeviceGetPowerUsage(handle)
            except nvml.NVMLError:  # not told by every GPU, such as a part of one
                continue
            name = f"system/gpu_{number}"
            metrics |= {
                f"{name}_utilization_percentage": load.gpu,
                f"{name}_memory_usage_megabytes": memory.used / 1e6,
                f"{name}_memory_usage_percentage": 100 * memory.used / memory.total,
                f"{name}_power_usage_watts": power / 1000,
            }
        return metrics


def _gpus() -> list[tuple[Any, Any]]:
    """NVIDIA's library with a handle of each GPU; empty without the library or a GPU."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except ImportError:
        return []
    except pynvml.NVMLError:
        return []
    count = pynvml.nvmlDeviceGetCount()
    return [(pynvml, pynvml.nvmlDeviceGetHandleByIndex(index)) for index in range(count)]
