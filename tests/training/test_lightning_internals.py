"""The contract with Lightning: which of its private names are used, where, and that they exist."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import pytorch_lightning as pl
from packaging.requirements import Requirement
from pytorch_lightning.loops.fetchers import _DataFetcher
from pytorch_lightning.plugins.precision import Precision
from pytorch_lightning.strategies import ModelParallelStrategy
from pytorch_lightning.trainer import call
from torchmetrics.aggregation import SumMetric

import phytotron
from phytotron.training import lightning_internals
from phytotron.training.lightning_internals import _TrainingEpochLoop

PACKAGE = Path(phytotron.__file__).parent
# Names of these packages are meant; torch's own stay out.
LIGHTNING = ("pytorch_lightning", "lightning_fabric", "torchmetrics")

TRAINER = pl.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu")
LOOP = _TrainingEpochLoop(TRAINER)
# Each private name that is used, and what has it in the installed version.
NAMES: dict[str, Any] = {
    "_TrainingEpochLoop": pl.loops,
    "_should_accumulate": LOOP,
    "_should_check_val_fx": LOOP,
    "_num_ready_batches_reached": LOOP,
    "_batches_that_stepped": LOOP,
    "_start_profiler": _DataFetcher(),
    "_stop_profiler": _DataFetcher(),
    "_on_before_batch_transfer": pl.LightningModule,
    "_current_fx_name": pl.LightningModule(),
    "_call_callback_hooks": call,
    "_logger_connector": TRAINER,
    "_after_closure": Precision,
    "_data_parallel_size": ModelParallelStrategy(),
    "_update_count": SumMetric(),
    "_computed": SumMetric(),
}
# What is called on `_logger_connector`.
CONNECTOR = ("on_batch_start", "on_batch_end", "update_train_step_metrics")


def private_names(tree: ast.AST) -> dict[str, set[str]]:
    """Private names that a module takes from elsewhere, by how: `x._name`, `self._name`, import."""
    found: dict[str, set[str]] = {"object": set(), "self": set(), "import": set()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.match("_[a-zA-Z]", node.attr):
            is_self = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            found["self" if is_self else "object"].add(node.attr)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(LIGHTNING):
            names = [node.module.split("."), *([alias.name] for alias in node.names)]
            found["import"] |= {name for part in names for name in part if name.startswith("_")}
    return found


def lightning_names(kind: type) -> set[str]:
    """The private names that Lightning's classes among the bases of a class use on themselves."""
    bases = [base for base in kind.__mro__ if base.__module__.startswith(LIGHTNING)]
    used = {name for base in bases for name in re.findall(r"self\.(_\w+)", inspect.getsource(base))}
    return used.union(*map(vars, bases))


def classes(module: ModuleType) -> list[type]:
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ]


def modules_on_lightning() -> list[tuple[ModuleType, ast.Module]]:
    """The modules that import Lightning or TorchMetrics, but for the one that may use all."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
        }
        if any(name.startswith(LIGHTNING) for name in imported):
            name = ".".join(("phytotron", *path.relative_to(PACKAGE).with_suffix("").parts))
            module = importlib.import_module(name.removesuffix(".__init__"))
            if module is not lightning_internals:
                found.append((module, tree))
    return found


def test_the_module_uses_just_the_names_that_are_listed_here() -> None:
    tree = ast.parse(inspect.getsource(lightning_internals))
    used = set().union(*private_names(tree).values())
    assert used == set(NAMES)


def test_the_installed_version_has_every_name() -> None:
    missing = [name for name, owner in NAMES.items() if not hasattr(owner, name)]
    missing += [name for name in CONNECTOR if not hasattr(TRAINER._logger_connector, name)]
    assert not missing, f"not in pytorch-lightning {version('pytorch-lightning')}"


def test_every_wrapper_says_what_would_break_without_it() -> None:
    source = inspect.getsource(lightning_internals)
    for name in NAMES:
        assert f"`{name}`" in source, f"the docstrings do not say why {name} is used"


def test_no_other_module_uses_a_private_name_of_lightning() -> None:
    found = {}
    for module, tree in modules_on_lightning():
        used = private_names(tree)
        own = {name for kind in classes(module) for name in lightning_names(kind)}
        # Of what is not `self`, a private name is ours only if this module's classes have it.
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        defined |= {*NAMED_TUPLE, *TORCH_MODULES}
        wrong = used["import"] | (used["object"] - defined) | (used["self"] & own)
        if wrong:
            found[module.__name__] = wrong
    assert not found


# Public in spite of the underscore: `collections.namedtuple` says so, and torch's documentation.
NAMED_TUPLE = ("_fields", "_replace", "_make", "_asdict")
TORCH_MODULES = ("_dynamo",)


def test_a_new_minor_version_is_not_installed_by_itself() -> None:
    text = (PACKAGE.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    (line,) = re.findall(r'"(pytorch-lightning[^"]*)"', text)
    requirement = Requirement(line)
    assert not requirement.specifier.contains("2.7.0")
    assert requirement.specifier.contains(version("pytorch-lightning"))
