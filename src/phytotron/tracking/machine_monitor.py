"""The load of a training on the machine: processor, memory and GPUs, under MLflow's names."""

from __future__ import annotations

import os
from typing import Any

import psutil


class MachineMonitor:
    """Samples the machine, and a process with its descendants except the process that samples.

    Args:
        pid: the process; it may end at any time.
    """

    def __init__(self, pid: int) -> None:
        self._known: dict[int, psutil.Process] = {}
        self._gpus = _gpus()
        self._pid = pid
        # psutil measures load since the last call, so there must be a first one.
        psutil.cpu_percent()
        self._training()

    def sample(self) -> dict[str, float]:
        """Metric names and values; what cannot be measured is left out."""
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
        """Load in percent of one core, and resident memory, of the training's processes."""
        try:
            root = psutil.Process(self._pid)
            found = {each.pid: each for each in [root, *root.children(recursive=True)]}
        except psutil.NoSuchProcess:
            return {}
        # The sender is a child of the training and would count as a part of it.
        found.pop(os.getpid(), None)
        # The objects of the last call are used again: each measures load since its own last call.
        self._known = {pid: self._known.get(pid, each) for pid, each in found.items()}
        load = memory = 0.0
        for process in self._known.values():
            try:
                load += process.cpu_percent()
                memory += process.memory_info().rss
            except psutil.NoSuchProcess:  # it ended since the list was made
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
            except nvml.NVMLError:  # not every GPU measures all of it: a MIG instance does not
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
    """NVIDIA's management library with a handle of each GPU; empty without library or GPU."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except ImportError:
        return []
    except pynvml.NVMLError:
        return []
    count = pynvml.nvmlDeviceGetCount()
    return [(pynvml, pynvml.nvmlDeviceGetHandleByIndex(index)) for index in range(count)]
