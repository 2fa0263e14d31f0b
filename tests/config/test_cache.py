"""The cache of composed configs: it is used, and it is never out of date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from phytotron.config import cache, compose
from phytotron.config.composed import Composed
from phytotron.config.explain import composed_as_in_repro


@pytest.fixture
def composes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The configs that were composed, and not read from the cache."""
    names: list[str] = []
    real = compose._compose_roots

    def counting(conf, roots, wanted, *others):
        names.extend(wanted)
        return real(conf, roots, wanted, *others)

    monkeypatch.setattr(compose, "_compose_roots", counting)
    return names


def test_the_second_answer_is_the_first_without_composing(
    project: Path, composes: list[str]
) -> None:
    first = composed_as_in_repro("router/cnn", ["trainer.max_epochs=4"])
    assert composed_as_in_repro("router/cnn", ["trainer.max_epochs=4"]) == first
    assert composes == ["router/cnn"]
    composed_as_in_repro("router/cnn")
    composed_as_in_repro(None)
    assert composes == ["router/cnn", "router/cnn", "pipeline"]


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "conf/model/cnn.yaml").write_text("_target_: a.b\nwidth: 1\n"),
        lambda root: (root / "conf/model/new.yaml").write_text("_target_: a.b\n"),
        lambda root: (root / "conf/trainer/gpu.yaml").rename(root / "conf/trainer/tpu.yaml"),
        lambda root: (root / "params.yaml").open("a").write("# a comment\n"),
    ],
)
def test_a_change_of_any_file_is_composed_anew(project: Path, composes: list[str], change) -> None:
    composed_as_in_repro("router/cnn")
    change(project)
    composed_as_in_repro("router/cnn")
    assert composes == ["router/cnn", "router/cnn"]


def test_other_code_or_another_library_composes_anew(
    project: Path, composes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    composed_as_in_repro("router/cnn")
    monkeypatch.setattr(cache, "_libraries", lambda: ["hydra_core-9.dist-info"])
    composed_as_in_repro("router/cnn")
    code = project / "code"
    code.mkdir()
    (code / "cache.py").write_text("# other code")
    monkeypatch.setattr(cache, "__file__", str(code / "cache.py"))
    composed_as_in_repro("router/cnn")
    assert len(composes) == 3


def test_what_depends_on_the_environment_is_never_kept(
    project: Path, composes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project / "conf/model/cnn.yaml"
    path.write_text(path.read_text().replace("width: 64", "width: ${oc.decode:${oc.env:WIDTH}}"))
    own = project / "conf/experiment/router/cnn.yaml"
    own.write_text(own.read_text().replace("model:\n  width: 32\n", ""))
    for width in (1, 2):
        monkeypatch.setenv("WIDTH", str(width))
        assert composed_as_in_repro("router/cnn").content["model"]["width"] == width
    assert composes == ["router/cnn", "router/cnn"]


def test_a_damaged_entry_is_composed_anew(project: Path, composes: list[str]) -> None:
    first = composed_as_in_repro("router/cnn")
    (entry,) = cache.FOLDER.glob("*.json")
    entry.write_text(entry.read_text()[:50])
    assert composed_as_in_repro("router/cnn") == first
    assert len(composes) == 2


def test_what_json_would_change_is_not_kept(project: Path) -> None:
    for content in ({"a": {1: "a number as key"}}, {"a": float("nan")}):
        cache.cached([str(content)], [], lambda content=content: Composed(content, (), ()))
    assert not list(cache.FOLDER.glob("*.json"))


def test_a_cached_answer_needs_neither_hydra_nor_pydantic(project: Path) -> None:
    program = (
        "import sys; from phytotron.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({'hydra', 'omegaconf', 'pydantic'} & set(sys.modules)), file=sys.stderr)"
    )
    for command in (["show", "router/cnn"], ["explain", "model.width", "-e", "router/cnn"]):
        runs = [
            subprocess.run(
                [sys.executable, "-c", program, *command],
                capture_output=True,
                text=True,
                check=True,
            )
            for _ in range(2)
        ]
        assert runs[0].stdout == runs[1].stdout
        assert runs[1].stderr.splitlines()[-1] == "[]"
