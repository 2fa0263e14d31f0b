"""The fingerprint: what changes it, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from phytotron.config.fingerprint import code, fingerprint

SOURCES = {
    "models/net.py": """\
        \"\"\"A network.\"\"\"

        from phytotron.nn.layer import layer
        from phytotron.training.loop import loop


        def net(width: int = 4) -> int:
            \"\"\"Build it.\"\"\"
            return layer(width)  # one layer
        """,
    "nn/layer.py": "def layer(width: int) -> int:\n    return width\n",
    "nn/other.py": "def other() -> int:\n    return 1\n",
    "training/loop.py": "def loop() -> None:\n    pass\n",
}


@pytest.fixture
def source(project: Path, write) -> Path:
    """The project, in which the model of its experiments is code of ours."""
    for name, text in SOURCES.items():
        write(f"src/phytotron/{name}", text)
    write("conf/model/net.yaml", "_target_: phytotron.models.net.net\nwidth: 4   # units\n")
    return project / "src"


CHANGES = [
    ("conf/model/net.yaml", "width: 4", "width: 5", True),
    ("conf/trainer/cpu.yaml", "max_epochs: 5", "max_epochs: 6", True),
    ("conf/trainer/cpu.yaml", "# passes", "# runs", False),
    ("conf/experiment/scratch/planar.yaml", "target: 0.9", "target: 0.8", False),
    ("conf/experiment/scratch/planar.yaml", "A course", "Another course", False),
    ("conf/experiment/scratch/xor.yaml", "model: net", "trainer: cpu", False),
    ("src/phytotron/models/net.py", "layer(width)", "layer(width + 1)", True),
    ("src/phytotron/models/net.py", "A network", "The network", False),
    ("src/phytotron/models/net.py", "# one layer", "# two layers", False),
    ("src/phytotron/models/net.py", "\n\n\ndef", "\n\n\n\n\ndef", False),
    ("src/phytotron/nn/layer.py", "return width", "return 2 * width", True),
    ("src/phytotron/nn/other.py", "return 1", "return 2", False),
    ("src/phytotron/training/loop.py", "pass", "return None", False),
]


@pytest.mark.parametrize(("file", "old", "new", "counts"), CHANGES)
def test_what_the_number_depends_on_counts_and_nothing_else(
    project: Path, source: Path, change, file: str, old: str, new: str, counts: bool
) -> None:
    before = fingerprint("scratch/planar", source=source)
    change(file, old, new)
    assert (fingerprint("scratch/planar", source=source) != before) is counts


def test_a_preset_has_a_fingerprint_of_its_own(project: Path, source: Path, change) -> None:
    presets = "presets: {full: {overrides: [trainer.max_epochs=50], target: 0.95}}"
    change(
        "conf/experiment/scratch/planar.yaml", "  target: 0.9\n", f"  target: 0.9\n  {presets}\n"
    )
    plain, full = (
        fingerprint("scratch/planar", preset, source=source) for preset in (None, "full")
    )
    assert plain != full


def test_code_keeps_a_mark_of_comments_that_stands_in_a_text() -> None:
    assert code('x = "#no comment"  # a comment\n') == 'x = "#no comment"'
    assert code('def f(): "one line"; return 1\n') == 'def f(): "one line"; return 1'
