"""Estimators in skops' format: no pickle, and the same bytes for the same estimator."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import skops.io

from phytotron.errors import UserError

# In this attribute scikit-learn's vectorizers keep the memory address of their stop words.
ADDRESS = "_stop_words_id"

# Where the types are from that a model may contain beyond skops' own list.
TRUSTED = ("phytotron.models.", "phytotron.scratch.")


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
        UserError: it contains a type that is neither in skops' own list nor one of ours.
    """
    unknown = skops.io.get_untrusted_types(file=path)
    foreign = sorted(name for name in unknown if not name.startswith(TRUSTED))
    if foreign:
        raise UserError(
            f"contains types that our estimators do not have: {', '.join(foreign)}",
            where=str(path),
        )
    return skops.io.load(path, trusted=unknown)
