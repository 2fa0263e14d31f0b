"""Which journals are not completely in MLflow; read without MLflow, so `doctor` answers quickly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phytotron.files import read_json
from phytotron.tracking import journal
from phytotron.tracking.journal import Life

SYSTEM_FILE = "system.jsonl"  # what the sender measures of the machine, in a second journal
SENT_FILE = "sent.json"  # how far each journal of the folder has been sent
JOURNAL_FILES = (journal.FILE, SYSTEM_FILE)


def unsent_trainings() -> list[Path]:
    """The folders of trainings that no longer run and are not completely in MLflow."""
    found = []
    for path in sorted(journal.FOLDER.glob(f"*/{journal.FILE}")):
        life = Life(path.parent)
        if life.start is None or life.is_running:
            continue
        if life.end is None or unsent_bytes(path.parent):
            found.append(path.parent)
    return found


def unsent_bytes(folder: Path) -> int:
    """How many bytes of a folder's journals have not been sent."""
    offsets = sent_so_far(folder).get("offsets", {})
    return sum(size - offsets.get(name, 0) for name, size in journal_sizes(folder).items())


def sent_so_far(folder: Path) -> dict[str, Any]:
    """What `sent.json` says; empty when nothing was sent yet."""
    path = folder / SENT_FILE
    return read_json(path) if path.exists() else {}


def journal_sizes(folder: Path) -> dict[str, int]:
    """The size in bytes of each journal that exists."""
    paths = {name: folder / name for name in JOURNAL_FILES}
    return {name: path.stat().st_size for name, path in paths.items() if path.exists()}
