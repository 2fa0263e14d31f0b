"""The switch `--check-shapes` of the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CALL = """
import torch
from phytotron.nn.masking import masked_max

def test_a_mask_for_another_batch():
    values = torch.zeros(1, 3, 4)
    masked_max(values, torch.ones(2, 3, dtype=torch.bool))
"""


def test_a_wrong_shape_fails(tmp_path):
    pytest.importorskip("jaxtyping")
    path = tmp_path / "test_shapes.py"
    path.write_text(CALL)
    command = [sys.executable, "-m", "pytest", "-p", "tests.fixtures.shapes", "--check-shapes"]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), "-p", "no:cacheprovider", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "TypeCheckError" in done.stdout
