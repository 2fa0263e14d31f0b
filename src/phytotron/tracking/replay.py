"""Journals that a dead sender left: sent later, and dead trainings marked as killed."""

from __future__ import annotations

from pathlib import Path

from phytotron.tracking.journal import Life, note_death
from phytotron.tracking.live import LiveRun, tracking_settings
from phytotron.tracking.sender import sending
from phytotron.tracking.store import answered, open_store, store_uri
from phytotron.tracking.unsent import unsent_trainings

SECONDS = 60  # how long to wait for a sender that is still sending


def replay_all() -> int:
    """Send what is left of all trainings that no longer run; how many these were.

    Raises:
        UserError: the store cannot be used, or another sender does not finish.
    """
    folders = unsent_trainings()
    for folder in folders:
        replay(folder)
    return len(folders)


def replay(folder: Path, seconds: float = SECONDS) -> None:
    """Send the rest of a journal; a training that died without logging a reason counts as killed.

    Args:
        folder: the journal's folder; nothing is done when it does not exist (any more).
        seconds: how long to wait for a sender that is still sending.

    Raises:
        UserError: the store cannot be used, or another sender does not finish.
    """
    with sending(folder, seconds):
        note_death(folder)
        life = Life(folder)
        # While this process waited for the lock, a sender may have sent all and removed the folder.
        if life.start is None:
            return
        settings = tracking_settings(life)
        with answered(store_uri(settings)):
            live = LiveRun(folder, open_store(settings), settings["experiment"])
            live.send()
            live.remove_if_done()
