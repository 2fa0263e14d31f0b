"""What depends on what: stages on code, as `dvc.yaml` and the stage `code` say it, and modules."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from phytotron.config.compose import compose_experiment
from phytotron.config.experiments import experiment_ids
from phytotron.config.fingerprint import ENTRY, LEFT_OUT
from phytotron.config.imports import SourceTree, imported_names
from phytotron.config.stage import plain
from phytotron.data.tiny_paragraphs import tiny
from phytotron.stages import code as stage_code

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
TREE = SourceTree()
MODULES = {name: file for name, file in TREE.modules.items() if not file.endswith("/__init__.py")}
STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
WRITERS = ("compose", "code")  # they write what the other stages depend on


@pytest.fixture(autouse=True)
def _caches_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configs are found, and what is remembered stays out of the repository."""
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    monkeypatch.chdir(tmp_path)


# dvc.yaml


def test_a_stage_depends_on_its_code_and_on_no_other_source() -> None:
    for stage, content in STAGES.items():
        if stage in WRITERS:
            continue
        own = f"{stage}/${{item.experiment}}" if "matrix" in content else stage
        code = {place for place in content["deps"] if place.startswith(("src/", "build/code"))}
        assert code == {f"build/code/{own}.json"}


def test_the_code_of_every_stage_is_written() -> None:
    rest = {name: content for name, content in STAGES.items() if name not in WRITERS}
    assert {name for name in rest if "matrix" not in rest[name]} == set(stage_code.ALONE)
    assert {name for name in rest if "matrix" in rest[name]} == set(stage_code.PER_EXPERIMENT)


def test_training_and_what_it_names_depend_on_the_same_groups() -> None:
    """A group that `train` may read is one whose code counts, but for those that are numbers."""
    (keys,) = STAGES["train"]["params"][0].values()
    groups = {key for key in keys if not key.startswith("card.")}
    assert groups - {"checkpoint", "seed"} == set(stage_code.PER_EXPERIMENT["train"])


def test_every_edit_reaches_the_stage_that_writes_the_code() -> None:
    assert set(STAGES["code"]["deps"]) == {"build/config", "src/phytotron"}
    listed = [*STAGES["compose"]["deps"], "src/phytotron/__init__.py"]
    ground = ("errors.py", "files.py", "tables.py", "stages/__init__.py")
    listed += [f"src/phytotron/{name}" for name in ground]
    needed = TREE.needed([SOURCE / "phytotron/stages/compose.py"])
    names = [f"src/{TREE.name(path)}" for path in needed]
    assert not [name for name in names if not name.startswith(tuple(listed))]


# The stage `code`


@pytest.fixture(scope="module")
def configs() -> dict[str, Any]:
    """The resolved configs of some experiments of the pipeline."""
    return {
        name: plain(compose_experiment(name).config)
        for name in ("router/textcnn", "router/fasttext", "router/tfidf")
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of our code."""
    shutil.copytree(
        SOURCE / "phytotron",
        tmp_path / "src/phytotron",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path / "src"


TRAIN = {"train/router/textcnn", "train/router/fasttext", "train/router/tfidf"}
EVALUATE = {name.replace("train", "evaluate") for name in TRAIN}
LINE = "\nEDITED = 1\n"
EDITS = [
    ("models/vision/stacked_cnn.py", LINE, set()),
    ("figures/graph/node_map.py", LINE, set()),
    ("models/text/textcnn.py", LINE, {"train/router/textcnn", "evaluate/router/textcnn"}),
    ("models/text/textcnn.py", "\n# a remark\n", set()),
    ("models/text/tfidf.py", LINE, {"train/router/tfidf", "evaluate/router/tfidf"}),
    ("nn/masking.py", LINE, (TRAIN | EVALUATE) - {"train/router/tfidf", "evaluate/router/tfidf"}),
    ("training/callbacks.py", LINE, TRAIN | EVALUATE),
    ("training/callbacks.py", "\n\n# a remark\n\n", set()),
    ("stages/train.py", LINE, TRAIN),
    ("config/instantiate.py", LINE, {*TRAIN, *EVALUATE, "register"}),
    ("evaluation/classifier.py", LINE, {*EVALUATE, "report"}),
    ("evaluation/evaluate.py", LINE, EVALUATE),
    ("evaluation/paired.py", LINE, {"compare", "register"}),
    ("report/templates/style.css", "\n/* a remark */\n", {"report"}),
    ("tracking/store.py", LINE, {"register"}),
    ("tracking/journal.py", LINE, {"register"}),
    ("scrape/robots.py", LINE, {"scrape"}),
    ("clean/rules.py", LINE, {"clean"}),
    ("errors.py", LINE, set()),
    ("zoo/verify.py", LINE, set()),
]


def test_an_edit_touches_what_uses_the_code_and_nothing_else(
    configs: dict[str, Any], source: Path
) -> None:
    before = stage_code.all_code(SourceTree(source), configs)
    for file, addition, touched in EDITS:
        path = source / "phytotron" / file
        text = path.read_text()
        path.write_text(text + addition)
        after = stage_code.all_code(SourceTree(source), configs)
        path.write_text(text)
        assert {name for name in after if after[name] != before[name]} == touched, file


def test_a_module_that_is_imported_inside_a_function_counts(source: Path) -> None:
    path = source / "phytotron/models/text/textcnn.py"
    inner = "\n\ndef later() -> None:\n    from phytotron.models.vision import stacked_cnn\n"
    path.write_text(path.read_text() + inner)
    found = stage_code.stage_code(
        SourceTree(source), "train", ["phytotron.models.text.textcnn.TextCNN"]
    )
    assert "phytotron/models/vision/stacked_cnn.py" in found
    assert "phytotron/models/vision/__init__.py" in found


def test_what_type_checkers_alone_import_does_not_count() -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import phytotron.a\n"
    assert imported_names(f"{text}else:\n    import phytotron.b\n") == ["phytotron.b"]


def test_relative_imports_count() -> None:
    text = "from . import a\nfrom .b import c\nfrom ..d import e\n"
    assert set(imported_names(text, "phytotron.inner")) >= {
        "phytotron.inner.a",
        "phytotron.inner.b",
        "phytotron.d",
    }


def test_the_places_where_code_begins_exist() -> None:
    names = [ENTRY, *(f"phytotron.stages.{name}" for name in STAGES), *LEFT_OUT]
    assert not [name for name in names if TREE.defining(name) != TREE.file_of(name)]
    assert all(TREE.file_of(name) for name in names)


TRAINED = """\
import json, sys
from pathlib import Path
from phytotron.stages import evaluate, train
from phytotron.training.fit import fit
config = json.loads(sys.argv[1])
fit(config, Path("model"), Path("scratch"))
settings = {"bootstrap": 10, "mistakes": 3, "calibration_bins": 5}
evaluate.evaluate(
    evaluate.read_trained(Path("model")), "test/macro_f1", Path("evaluation"), settings, 0
)
print([name for name in sys.modules if name.startswith("phytotron")])
"""


@pytest.mark.parametrize(
    "experiment", ["router/tfidf", pytest.param("router/textcnn", marks=pytest.mark.slow)]
)
def test_a_training_loads_nothing_that_its_code_lacks(
    experiment: str, configs: dict[str, Any], tmp_path: Path
) -> None:
    config = configs[experiment]
    config = config | {"data": config["data"] | {"folder": "data"}}
    if config["trainer"]:
        config = config | {"trainer": config["trainer"] | {"max_epochs": 1}}
    tiny(tmp_path / "data")
    done = subprocess.run(
        [sys.executable, "-c", TRAINED, json.dumps(config)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1].replace("'", '"')))
    found = {
        file
        for stage in ("train", "evaluate")
        for file in stage_code.stage_code(TREE, stage, stage_code.named(stage, config))
    }
    lacking = {
        name
        for name in loaded
        if TREE.name(TREE.file_of(name)) not in found and not name.startswith(tuple(LEFT_OUT))
    }
    assert lacking == set()


# Packages


# A package or module of `phytotron` may import those before it in this list, and no others.
ORDER = [
    "errors",
    "files",
    "locks",
    "machine",
    "progress",
    "tables",
    "workers",
    "config",
    "html",
    "scrape",
    "clean",
    "preprocess",
    "data",
    "nn",
    "models",
    "scratch",
    "tasks",
    "tracking",
    "training",
    "evaluation",
    "figures",
    "registry",
    "predict",
    "report",
    "runs",
    "zoo",
    "stages",
    "doctor",
    "cli",
]


def position(file: str) -> int:
    return ORDER.index(Path(file).parts[1].removesuffix(".py"))


def test_imports_run_downwards() -> None:
    upwards = [
        f"{file} imports {other}"
        for file in MODULES.values()
        for other in map(TREE.name, TREE.imports(SOURCE / file))
        if not other.endswith("/__init__.py") and position(other) > position(file)
    ]
    assert not upwards


# Modules


# What tests alone need, and which is too much a part of its subject to stand beside them.
FOR_TESTS = {"phytotron.data.tiny_paragraphs"}


def test_every_module_is_used() -> None:
    """It is imported by another, named by a config, drawn as a figure, or a command's entry.

    Lessons in `scratch` may also be imported by a test, which is what makes them a lesson.
    """
    used = {name for file in TREE.modules.values() for name in _imports(SOURCE / file)}
    places = ["dvc.yaml", "Makefile", "pyproject.toml", "README.md", "conf", "docs", "benchmarks"]
    for text in _texts(*places, ".github"):
        used |= set(re.findall(r"phytotron(?:\.\w+)+", text))
    for file in MODULES.values():  # as in `python -m phytotron.tracking.sender`
        text = (SOURCE / file).read_text()
        used |= set(re.findall(r'"-m", "(phytotron(?:\.\w+)+)"', text))
    figures = {name for text in _texts("conf") for name in re.findall(r"\w+", text)}
    lessons = {name for path in (ROOT / "tests").rglob("*.py") for name in _imports(path)}

    def is_used(module: str) -> bool:
        package, name = module.split(".")[1], module.rpartition(".")[2]
        if package == "figures" and name in figures:
            return True
        known = used | lessons if package == "scratch" else used
        return any(each == module or each.startswith(f"{module}.") for each in known)

    assert {module for module in MODULES if not is_used(module)} == FOR_TESTS


def _imports(path: Path) -> list[str]:
    return imported_names(path.read_text())


def _texts(*places: str) -> list[str]:
    """The texts of files, and of all files in folders."""
    suffixes = {".yaml", ".yml", ".md", ".py"}
    return [
        path.read_text()
        for place in map(ROOT.joinpath, places)
        for path in ([place] if place.is_file() else sorted(place.rglob("*")))
        if place.is_file() or path.suffix in suffixes
    ]


def test_every_experiment_names_code_that_there_is() -> None:
    words = {
        name
        for text in _texts("conf")
        for name in re.findall(r"_target_: (phytotron(?:\.\w+)+)", text)
    }
    assert experiment_ids()
    assert not {name for name in words if TREE.defining(name) is None}
    assert not {name for name in words if TREE.defining(name) == TREE.file_of("phytotron")}
