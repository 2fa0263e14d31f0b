"""One process at a time over several machines: a lease that is kept in the store itself.

Only where the config's `tracking.lease` asks for it; on one machine a file lock is enough.

MLflow has no compare-and-set for tags, but when several processes create a registered model of the
same name, one of them succeeds. So leases are numbered: whoever creates `phytotron-lease-8` holds
it, and may create it once number 7 is released or dead. A holder writes a heartbeat every few
seconds. A process that waits counts the lease as dead when it has seen no new heartbeat for
`SECONDS` by its own clock, so the clocks of the machines need not agree.

The last number stays in the registry, and numbers never start again: a process that was suspended
between reading the last number and creating the next one finds that its number is no longer the
last, and withdraws.
"""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from phytotron.errors import UserError
from phytotron.tracking.environment import mlflow

PREFIX = "phytotron-lease-"
SECONDS = 60.0  # without a heartbeat, until a lease counts as dead
_HEARTBEATS = 6  # that a holder writes in that time
_POLL_SECONDS = 0.5
_DESCRIPTION = "Serialises promotions and registrations; not a model. Phytotron keeps it."
_RELEASED = "released"


@dataclass(frozen=True)
class _Lease:
    """A lease as the store shows it.

    Attributes:
        number: from 1; the largest one is the lease that counts.
        holder: who has it, for people to read.
        heartbeat: another random text every few seconds, or that it is released.
    """

    number: int
    holder: str
    heartbeat: str


@contextmanager
def lease(client: mlflow.MlflowClient, holder: str, wait: float) -> Iterator[None]:
    """Hold the store's lease in this block.

    Args:
        client: of the store.
        holder: who this is, for others to read.
        wait: how many seconds to wait for others.

    Raises:
        UserError: others hold it all this time; or, at the end of the block, it was lost because
            this process was suspended for too long, and others may have written meanwhile.
    """
    number = _acquire(client, holder, wait)
    stop, lost = threading.Event(), threading.Event()
    arguments = (client, number, stop, lost)
    heartbeats = threading.Thread(target=_keep_alive, args=arguments, daemon=True)
    heartbeats.start()
    try:
        yield
    finally:
        # Also after an exception: the next process need not wait until the lease is dead.
        stop.set()
        heartbeats.join()
        if not lost.is_set() and not _write(client, number, _RELEASED):
            lost.set()
    # Only now: an exception of the block itself says more than the lost lease.
    if lost.is_set():
        raise UserError(
            f"another process took over the lease {_name(number)}: this one was suspended for "
            f"{SECONDS:.0f} s",
            hint="look at what is there (phytotron lineage), and run the command again",
        )


def is_lease(name: str) -> bool:
    """Whether a registered model of this name is a lease and no model."""
    return name.startswith(PREFIX)


def _acquire(client: mlflow.MlflowClient, holder: str, wait: float) -> int:
    """Wait until the last lease is free and create the next one; its number."""
    deadline = time.monotonic() + wait
    # The last lease as it was read, and when it was first read so: another heartbeat is another
    # value, so this measures how long there has been none.
    seen: tuple[_Lease | None, float] = (None, 0.0)
    told = False
    while True:
        leases = _leases(client)
        last = leases[-1] if leases else None
        now = time.monotonic()
        if seen[0] != last:
            seen = (last, now)
        is_free = last is None or last.heartbeat == _RELEASED or now - seen[1] > SECONDS
        number = last.number + 1 if last else 1
        # Of several processes that find it free, one creates the next number. The others find it
        # taken, and read again.
        if is_free and _create(client, number, holder):
            # This process may have been suspended since it read the last number, and the number it
            # has just created may have been used and deleted meanwhile.
            leases = _leases(client)
            if leases[-1].number == number:
                for old in leases[:-1]:
                    _delete(client, old.number)
                return number
            _delete(client, number)
        elif last is not None and not is_free:
            if now > deadline:
                raise UserError(
                    f"{last.holder} has held the lease {_name(last.number)} for {wait:.0f} s",
                    hint="wait until that process is done",
                )
            if not told:
                print(f"waiting for {last.holder}", file=sys.stderr)
                told = True
            time.sleep(_POLL_SECONDS)


def _create(client: mlflow.MlflowClient, number: int, holder: str) -> bool:
    """Create the lease of this number; False when another process was faster."""
    tags = {"holder": holder, "heartbeat": uuid.uuid4().hex}
    try:
        client.create_registered_model(_name(number), tags=tags, description=_DESCRIPTION)
    except mlflow.MlflowException as error:
        # Created by another one, and perhaps deleted by a third meanwhile.
        if error.error_code not in ("RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST"):
            raise
        return False
    return True


def _delete(client: mlflow.MlflowClient, number: int) -> None:
    try:
        client.delete_registered_model(_name(number))
    except mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise


def _write(client: mlflow.MlflowClient, number: int, heartbeat: str) -> bool:
    """Write a heartbeat, or that the lease is released; False when it is no longer ours."""
    try:
        client.set_registered_model_tag(_name(number), "heartbeat", heartbeat)
        return _leases(client)[-1].number == number
    except mlflow.MlflowException as error:
        # A store that does not answer may do so the next time; if not, the lease dies by itself.
        return error.error_code != "RESOURCE_DOES_NOT_EXIST"


def _keep_alive(
    client: mlflow.MlflowClient, number: int, stop: threading.Event, lost: threading.Event
) -> None:
    """Write heartbeats until `stop` is set; sets `lost` when another process has the lease."""
    while not stop.wait(SECONDS / _HEARTBEATS):
        if not _write(client, number, uuid.uuid4().hex):
            lost.set()
            return


def _leases(client: mlflow.MlflowClient) -> list[_Lease]:
    """All leases by their number, the one that counts last."""
    found = client.search_registered_models(f"name LIKE '{PREFIX}%'")
    return sorted(
        (
            _Lease(
                int(model.name.removeprefix(PREFIX)),
                model.tags.get("holder", ""),
                model.tags.get("heartbeat", ""),
            )
            for model in found
        ),
        key=lambda each: each.number,
    )


def _name(number: int) -> str:
    return f"{PREFIX}{number}"
