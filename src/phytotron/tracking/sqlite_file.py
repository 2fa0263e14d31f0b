"""Recognise a healthy SQLite store without importing MLflow, which takes seconds.

Only the good case is recognised here. Whatever else is found, `tracking.store.check_store` looks
at it with MLflow and names the problem.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from phytotron.errors import UserError
from phytotron.locks import locked

_STORED_REVISION = "SELECT version_num FROM alembic_version"
_MODEL_FOLDERS = """
    SELECT DISTINCT experiments.artifact_location
    FROM experiments JOIN logged_models USING (experiment_id)
"""
_REVISION = re.compile(r"^(revision|down_revision)\b.*?= *[\"']?(\w+)", re.MULTILINE)


def is_healthy(file: Path) -> bool:
    """Whether a store file has the installed MLflow's schema, its artifacts, and no other user.

    False means that it needs a closer look, not that something is wrong with it.

    Args:
        file: an SQLite file that exists.
    """
    lock = file.with_name(f"{file.name}.lock")
    read_only = f"{file.resolve().as_uri()}?mode=ro"
    try:
        with (
            locked(lock, "writing to the MLflow store", seconds=0),
            closing(sqlite3.connect(read_only, uri=True)) as database,
        ):
            found = [row[0] for row in database.execute(_STORED_REVISION)]
            locations = [row[0] for row in database.execute(_MODEL_FOLDERS)]
    except (UserError, OSError, sqlite3.Error):
        return False
    folders = (
        Path(unquote(urlsplit(location).path))
        for location in locations
        if location.startswith("file:")
    )
    return found == [newest_revision()] and all(folder.is_dir() for folder in folders)


def newest_revision() -> str | None:
    """The schema revision of the installed MLflow, read from the names in its migration scripts."""
    package = find_spec("mlflow")
    if package is None or not package.submodule_search_locations:
        return None
    scripts = Path(package.submodule_search_locations[0]) / "store/db_migrations/versions"
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for script in scripts.glob("*.py"):
        for name, revision in _REVISION.findall(script.read_text(encoding="utf-8")):
            found[name].add(revision)
    heads = found["revision"] - found["down_revision"]
    return heads.pop() if len(heads) == 1 else None
