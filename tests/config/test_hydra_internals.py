"""Which private names of Hydra are used, and where: a new Hydra may break these and no others."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src/phytotron"
MODULE = "config/hydra_internals.py"
PRIVATE = {
    "hydra._internal.config_repository.ConfigRepository",
    "hydra._internal.core_plugins.file_config_source.FileConfigSource",
    "hydra._internal.defaults_list.create_defaults_list",
}


def imported(path: Path) -> set[str]:
    """The full names that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def test_private_names_are_imported_in_one_module_alone() -> None:
    users = {
        path.relative_to(SOURCE).as_posix(): private
        for path in SOURCE.rglob("*.py")
        if (private := {name for name in imported(path) if name.startswith("hydra._")})
    }
    assert users == {MODULE: PRIVATE}


def test_hydra_is_imported_in_config_alone() -> None:
    users = {
        path.relative_to(SOURCE).parts[0]
        for path in SOURCE.rglob("*.py")
        if any(name.split(".")[0] == "hydra" for name in imported(path))
    }
    assert users == {"config"}
