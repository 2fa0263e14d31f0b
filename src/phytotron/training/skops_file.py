"""Estimators in skops' format: no pickle, and equal bytes for equal estimators."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.base import BaseEstimator
from sklearn.tree import BaseDecisionTree

from phytotron.errors import UserError

# In this attribute scikit-learn's vectorizers keep the memory address of their stop words.
ADDRESS = "_stop_words_id"

# Types that a model may contain beyond skops' own list, by prefix. Skops does not trust decision
# trees because their node numbers are memory offsets; `_check_trees` checks these.
TRUSTED = ("phytotron.models.", "phytotron.scratch.", "sklearn.tree._tree.Tree")


def save_estimator(estimator: Any, path: Path) -> None:
    """Write a fitted estimator.

    skops numbers objects by their memory address and dates the members of its archive. Here the
    numbers follow the order of appearance, all dates are the same and addresses are zero.
    """
    numbers: dict[str, int] = {}

    def number(old: str) -> int:
        return numbers.setdefault(old, len(numbers))

    def renumbered(node: Any) -> Any:
        if isinstance(node, list):
            return [renumbered(item) for item in node]
        if not isinstance(node, dict):
            return node
        new = {key: renumbered(value) for key, value in node.items()}
        if isinstance(node.get("__id__"), int):
            new["__id__"] = number(str(node["__id__"]))
        if ADDRESS in node:
            new[ADDRESS]["content"] = "0"
        if "__loader__" in node and isinstance(node.get("file"), str):
            address, _, suffix = node["file"].partition(".")
            new["file"] = f"{number(address)}.{suffix}"
        return new

    with (
        zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as source,
        zipfile.ZipFile(path, "w") as target,
    ):
        schema = renumbered(json.loads(source.read("schema.json")))
        members = {"schema.json": json.dumps(schema, indent=1).encode()}
        for name in source.namelist():
            if name != "schema.json":
                address, _, suffix = name.partition(".")
                members[f"{number(address)}.{suffix}"] = source.read(name)
        for name in sorted(members):
            info = zipfile.ZipInfo(name)  # dated 1980-01-01
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, members[name])


def load_estimator(path: Path) -> Any:
    """Read an estimator.

    Raises:
        UserError: it contains a type that neither skops nor `TRUSTED` names, or a decision tree
            whose nodes point outside of it.
    """
    unknown = skops.io.get_untrusted_types(file=path)
    foreign = sorted(name for name in unknown if not name.startswith(TRUSTED))
    if foreign:
        raise UserError(
            f"contains types that our estimators do not have: {', '.join(foreign)}",
            where=str(path),
        )
    estimator = skops.io.load(path, trusted=unknown)
    _check_trees(estimator, path)
    return estimator


def _check_trees(part: Any, path: Path) -> None:
    """Check the decision trees inside an estimator: a child has a larger number, or is a leaf.

    Scikit-learn follows node numbers without a check, so wrong ones would read foreign memory or
    never end.
    """
    if isinstance(part, BaseDecisionTree) and hasattr(part, "tree_"):
        tree = part.tree_
        nodes = np.arange(tree.node_count)
        inner = tree.children_left != -1
        sound = part.n_features_in_ == tree.n_features
        for children in (tree.children_left, tree.children_right):
            below = (children > nodes) & (children < tree.node_count)
            sound &= bool(np.all(np.where(inner, below, children == -1)))
        sound &= bool(np.all((tree.feature < tree.n_features) & (~inner | (tree.feature >= 0))))
        if not sound:
            raise UserError("contains a decision tree that is not valid", where=str(path))
    if isinstance(part, dict):
        part = list(part.values())
    elif isinstance(part, BaseEstimator):
        part = list(vars(part).values())
    if isinstance(part, list | tuple):
        for item in part:
            _check_trees(item, path)
