"""The schema of MLflow's database: created atomically, checked, and never migrated by accident.

MLflow migrates a database that lacks some of its tables as soon as anything opens it, and several
processes that open a new file at the same time break it. So the file is made beside its place, by
one process at a time, and renamed into it; and a database at another revision is refused before
MLflow opens it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from phytotron.errors import UserError
from phytotron.files import replacing
from phytotron.tracking.environment import mlflow

SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Revisions:
    """The schema revision of a database, and the one that the installed MLflow needs.

    Attributes:
        found: of the database; None when it has none.
        wanted: of the installed MLflow.
        tables: whether the database has any tables.
        older: whether the installed MLflow knows how to migrate it.
    """

    found: str | None
    wanted: str
    tables: bool
    older: bool


def database_file(uri: str) -> Path | None:
    """The file of an SQLite URI; None for any other address."""
    return Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None


def revisions(uri: str) -> Revisions:
    """Read the schema revision of a database without changing anything.

    Raises:
        UserError: the database cannot be opened or read.
    """
    # MLflow's own check would migrate an empty database; Alembic only reads.
    scripts = ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))
    wanted = scripts.get_current_head()
    assert wanted is not None
    try:
        engine = sqlalchemy.create_engine(uri)
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            tables = bool(sqlalchemy.inspect(connection).get_table_names())
        engine.dispose()
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise unreadable(uri, error) from error
    known = {script.revision for script in scripts.walk_revisions()}
    return Revisions(found, wanted, tables, older=found in known - {wanted})


def check(uri: str, state: Revisions) -> None:
    """Refuse a database that the installed MLflow cannot work with as it is.

    Raises:
        UserError: it has an older or newer schema, or holds something else.
    """
    if state.found == state.wanted or not state.tables:  # MLflow sets up an empty one itself
        return
    if state.older:
        raise UserError(
            f"the MLflow store is at the older schema {state.found}; "
            f"MLflow {mlflow.__version__} needs {state.wanted}",
            where=shown(uri),
            hint=f"make a copy of it, then run: mlflow db upgrade {shown(uri)}",
        )
    if state.found:
        raise UserError(
            f"the MLflow store is at schema {state.found}, which MLflow {mlflow.__version__} does "
            f"not know (its own is {state.wanted}): it was made by a newer one",
            where=shown(uri),
            hint="update this environment: git pull && make env",
        )
    raise UserError(
        "holds tables but no MLflow schema: another database, or one whose set-up was interrupted",
        where=shown(uri),
        hint="move it away, or set tracking.uri to another place",
    )


def create(file: Path, artifacts: str) -> None:
    """Make a new SQLite store; `file` is complete or absent, also after a kill.

    Args:
        file: where it goes; must not exist.
        artifacts: where experiments that MLflow itself makes keep their artifacts.
    """
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with replacing(file) as temporary:
        SqlAlchemyStore(f"{SQLITE}{temporary}", artifacts).engine.dispose()


def shown(uri: str) -> str:
    """An address without the password that it may contain."""
    try:
        return sqlalchemy.make_url(uri).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return uri


def unreadable(uri: str, error: Exception) -> UserError:
    """The answer to a database that cannot be opened or read."""
    # SQLAlchemy keeps the driver's own, shorter message in `orig`.
    cause = getattr(error, "orig", None) or error
    return UserError(
        f"the MLflow store cannot be read: {str(cause).splitlines()[0]}",
        where=shown(uri),
        hint="set tracking.uri or MLFLOW_TRACKING_URI to a store that works",
    )
