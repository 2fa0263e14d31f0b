"""The fingerprint: what changes it, and what does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from phytotron.config import fingerprint as module
from phytotron.config.fingerprint import Fingerprints, fingerprint
from phytotron.config.imports import code

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
    "runs/run.py": "from phytotron.figures import draw\nfrom phytotron.training import fit\n",
    "training/fit.py": """\
        from phytotron.files import write


        def fit() -> None:
            from phytotron.training.fit_network import best

            write(best())
        """,
    "training/fit_network.py": "def best() -> int:\n    return 1\n",
    "files.py": "def write(number: int) -> None:\n    pass\n",
    "figures/draw.py": "def draw() -> None:\n    pass\n",
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
    ("src/phytotron/training/loop.py", "pass", "return None", True),
    ("src/phytotron/training/fit.py", "write(best())", "write(2 * best())", True),
    ("src/phytotron/training/fit_network.py", "return 1", "return 2", True),
    ("src/phytotron/files.py", "pass", "return None", False),
    ("src/phytotron/figures/draw.py", "pass", "return None", False),
]


@pytest.mark.parametrize(("file", "old", "new", "counts"), CHANGES)
def test_what_the_number_depends_on_counts_and_nothing_else(
    project: Path, source: Path, change, file: str, old: str, new: str, counts: bool
) -> None:
    before = fingerprint("scratch/planar", source=source)
    change(file, old, new)
    assert (fingerprint("scratch/planar", source=source) != before) is counts


def test_an_experiment_without_a_trainer_does_not_depend_on_training_networks(
    project: Path, source: Path, change
) -> None:
    before = [fingerprint(name, source=source) for name in ("scratch/planar", "scratch/xor")]
    change("src/phytotron/training/fit_network.py", "return 1", "return 2")
    after = [fingerprint(name, source=source) for name in ("scratch/planar", "scratch/xor")]
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True]


def test_what_is_remembered_is_never_out_of_date(
    project: Path, source: Path, change, write, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = fingerprint("scratch/planar", source=source)
    monkeypatch.setattr(module, "_config_facts", lambda *_: pytest.fail("composes again"))
    assert fingerprint("scratch/planar", source=source) == known
    write("conf/model/other.yaml", "_target_: collections.Counter\n")  # which nothing names
    assert fingerprint("scratch/planar", source=source) == known
    monkeypatch.undo()
    monkeypatch.chdir(project)
    change("conf/model/net.yaml", "width: 4", "width: 5")
    assert fingerprint("scratch/planar", source=source) != known
    change("conf/model/net.yaml", "width: 5", "width: 4")
    assert fingerprint("scratch/planar", source=source) == known
    # A choice of a choice: what only another file names counts as well.
    change("conf/model/net.yaml", "_target_", "defaults:\n  - other\n  - _self_\n_target_")
    chosen = fingerprint("scratch/planar", source=source)
    write("conf/model/other.yaml", "depth: 2\n")
    assert fingerprint("scratch/planar", source=source) not in (chosen, known)


@pytest.mark.parametrize("damage", ["", "{", "null"])
def test_a_damaged_memory_costs_time_and_nothing_else(
    project: Path, source: Path, damage: str
) -> None:
    known = fingerprint("scratch/planar", source=source)
    kept = list(Path("build/cache").rglob("*.json"))
    assert kept
    if damage == "null":  # as good as none where nothing can be written, too
        shutil.rmtree("build/cache")
        Path("build/cache").write_text("in the way")
    else:
        for path in kept:
            path.write_text(damage)
    assert fingerprint("scratch/planar", source=source) == known


def test_several_fingerprints_are_the_same_as_one_by_one(project: Path, source: Path) -> None:
    several = Fingerprints(source)
    for name in ("scratch/planar", "scratch/xor"):
        assert several.of(name) == fingerprint(name, source=source)


def test_a_preset_has_its_own_fingerprint(project: Path, source: Path, change) -> None:
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
