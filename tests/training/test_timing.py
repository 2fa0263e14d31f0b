"""Where and how fast something ran."""

import platform

from phytotron.machine import hardware, peak_memory_mb, versions


def test_peak_memory_is_in_megabytes_and_remembers():
    before = peak_memory_mb()
    block = bytearray(200_000_000)
    block[::4096] = b"x" * len(block[::4096])  # touch every page
    with_block = peak_memory_mb()
    del block
    assert 100 < with_block < 100_000
    assert with_block >= max(before, 200)
    assert peak_memory_mb() >= with_block


def test_the_facts_name_the_machine_and_the_packages():
    assert {"processor", "cores", "memory_mb", "system"} <= set(hardware())
    assert hardware()["processor"]
    assert versions()["python"] == platform.python_version()
    assert versions()["torch"]
