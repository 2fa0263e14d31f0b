from __future__ import annotations

import subprocess
import sys

from phytotron.tracking.machine_monitor import MachineMonitor

# Holds 200 MB and a child that holds as much, and waits.
HOLDER = """
import subprocess, sys
block = bytearray(200_000_000)
if len(sys.argv) > 1:
    child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    child.stdout.readline()
print("ready", flush=True)
sys.stdin.read()
"""


def test_the_memory_of_a_training_is_that_of_all_its_processes() -> None:
    command = [sys.executable, "-c", HOLDER, HOLDER]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    monitor = MachineMonitor(process.pid)
    before = monitor.sample()
    process.communicate()
    after = monitor.sample()
    assert 400 < before["system/training_memory_usage_megabytes"] < 800
    assert before["system/training_cpu_percentage"] >= 0
    assert not any("training" in name for name in after)
    for sample in (before, after):
        assert 0 <= sample["system/cpu_utilization_percentage"] <= 100
        assert 0 < sample["system/system_memory_usage_percentage"] <= 100
