"""The cache of composed configs: it is used, and it is never out of date."""

from __future__ import annotations

import os
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
        lambda root: (root / "conf/experiment/router/cnn.yaml").open("a").write("  notes: a\n"),
        lambda root: (root / "conf/config.yaml").open("a").write("figures: null\n"),
        lambda root: (root / "conf/new").mkdir(),
        lambda root: (root / "conf/trainer/two words.yaml").write_text("a: 1\n"),
        lambda root: (root / "params.yaml").open("a").write("# a comment\n"),
    ],
)
def test_a_change_of_what_a_config_needs_is_composed_anew(
    project: Path, composes: list[str], change
) -> None:
    composed_as_in_repro("router/cnn")
    change(project)
    composed_as_in_repro("router/cnn")
    assert composes == ["router/cnn", "router/cnn"]


def test_a_change_of_other_files_keeps_what_they_do_not_concern(
    project: Path, composes: list[str]
) -> None:
    (project / "conf/experiment/my").mkdir()
    for name in ("net", "wood"):
        text = (project / "conf/experiment/router/cnn.yaml").read_text()
        (project / f"conf/experiment/my/{name}.yaml").write_text(text)
    composed_as_in_repro("my/net", ["trainer=gpu"])
    composed_as_in_repro("my/wood")
    for name in ("experiment/my/wood", "model/forest"):
        with (project / f"conf/{name}.yaml").open("a") as file:
            file.write("# edited\n")
    composed_as_in_repro("my/net", ["trainer=gpu"])
    assert composes == ["my/net", "my/wood"]
    # What only an override names concerns it, too.
    path = project / "conf/trainer/gpu.yaml"
    path.write_text(path.read_text().replace("max_epochs: 9", "max_epochs: 8"))
    composed = composed_as_in_repro("my/net", ["trainer=gpu"])
    assert composed.content["trainer"]["max_epochs"] == 8
    # And so does what its file names.
    path = project / "conf/model/cnn.yaml"
    path.write_text(path.read_text().replace("dropout: 0.1", "dropout: 0.2"))
    composed = composed_as_in_repro("my/net", ["trainer=gpu"])
    assert composed.content["model"]["dropout"] == 0.2


def test_a_linked_folder_is_never_kept(project: Path, composes: list[str]) -> None:
    (project / "elsewhere").mkdir()
    (project / "conf/model/linked").symlink_to(project / "elsewhere")
    for _ in range(2):
        composed_as_in_repro("router/cnn")
    assert len(composes) == 2


def test_other_code_or_another_library_composes_anew(
    project: Path, composes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    composed_as_in_repro("router/cnn")
    monkeypatch.setattr(cache, "_libraries", lambda: ["hydra_core-9.dist-info"])
    cache._composing.cache_clear()
    composed_as_in_repro("router/cnn")
    cache._composing.cache_clear()
    code = project / "code"
    code.mkdir()
    (code / "cache.py").write_text("# other code")
    monkeypatch.setattr(cache, "__file__", str(code / "cache.py"))
    composed_as_in_repro("router/cnn")
    cache._composing.cache_clear()
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
    (entry,) = cache.KEPT.rglob("*.json")
    entry.write_text(entry.read_text()[:50])
    assert composed_as_in_repro("router/cnn") == first
    assert len(composes) == 2


def test_what_json_would_change_is_not_kept(project: Path) -> None:
    for content in ({"a": {1: "a number as key"}}, {"a": float("nan")}):
        given = Composed(content, (), ())
        assert cache.cached("router/cnn", [], lambda given=given: given) is given
    assert not list(cache.KEPT.rglob("*.json"))


def test_the_oldest_answers_go_when_there_are_too_many(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_MOST_ANSWERS", 10)
    for number in range(12):
        cache.remembered(number, lambda number=number: number)
    for age, path in enumerate(sorted(cache.KEPT.glob("*/*.json"))):
        os.utime(path, (age, age))
    newest = sorted(cache.KEPT.glob("*/*.json"))[-5:]
    cache._remove_oldest()
    assert sorted(cache.KEPT.glob("*/*.json")) == newest


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
