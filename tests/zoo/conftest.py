"""A small project with experiments, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

FILES = {
    "src/phytotron/models/gate.py": '"""A gate.\n\nCatalogue: C01, C05\n"""\n',
    "conf/activation/selu.yaml": "# SELU: formula.\n# Catalogue: D09\n_target_: torch.nn.SELU\n",
    "conf/config.yaml": """\
        defaults:
          - _self_
          - model: null
          - trainer: null
          - experiment: null
        seed: 0
        model: null
        trainer: null
        figures: []
        card: null
        """,
    "conf/model/net.yaml": "_target_: collections.OrderedDict\nwidth: 4   # units\n",
    "conf/trainer/cpu.yaml": "max_epochs: 5   # passes over the data\n",
    "conf/experiment/scratch/planar.yaml": """\
        # @package _global_
        # A two-layer network on the planar flower.
        defaults:
          - override /model: net
          - override /trainer: cpu
        card:
          catalogue: [C25]
          reference: "A course on neural networks"
          metric: test/accuracy
          goal: max
          target: 0.9
        """,
    "conf/experiment/scratch/xor.yaml": """\
        # @package _global_
        # XOR.
        defaults:
          - override /model: net
        card:
          catalogue: [C20,  # by hand
                      C22]
          reference: "A text on back-propagation"
          metric: train/loss
          goal: min
          target: 0.05
        """,
}


def write(project: Path, name: str, text: str) -> Path:
    """Write a file of a project, without the margin that the text has here."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = text.splitlines(keepends=True)
    path.write_text("".join(line.removeprefix(" " * 8) for line in lines))
    return path


def change(path: Path, old: str, new: str) -> None:
    """Change a piece of text, which must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two experiments; it is the current folder."""
    for name, text in FILES.items():
        write(tmp_path, name, text)
    monkeypatch.chdir(tmp_path)
    return tmp_path
