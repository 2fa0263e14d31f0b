"""One process at a time, also from several machines: a lease that is kept in the store itself.

MLflow cannot change a tag only if it has a certain value, but of several who create a registered
model of the same name one succeeds. So leases are numbered: whoever creates `phytotron-lease-8`
holds it, and may do so once number 7 is given back or dead. A living holder writes a new sign of
life every few seconds; the one who waits counts a lease as dead when it has seen no new sign for
`SECONDS` by its own clock, so the clocks of the machines need not agree.

The last number stays in the registry, and numbers never begin anew: a process that was suspended
between its look and its creation finds that its number is no longer the last, and steps back.
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
SECONDS = 60.0  # without a sign of life
_SIGNS = 6  # a holder gives so many signs in that time
_POLL_SECONDS = 0.5
_DESCRIPTION = "Serialises promotions and registrations; not a model. Phytotron keeps it."
_GIVEN_BACK = "given back"


@dataclass(frozen=True)
class _Lease:
    """A lease as the store shows it."""

    number: int
    holder: str
    sign: str


@contextmanager
def lease(client: mlflow.MlflowClient, holder: str, wait: float) -> Iterator[None]:
    """Hold the store's lease in this block.

    Args:
        client: of the store.
        holder: who this is, for others to read.
        wait: how many seconds to wait for others.

    Raises:
        UserError: others hold it all this time; or, at the end of the block, it was lost because
            this process stood still for too long, and others may have written meanwhile.
    """
    number = _acquire(client, holder, wait)
    stop, lost = threading.Event(), threading.Event()
    signs = threading.Thread(target=_give_signs, args=(client, number, stop, lost), daemon=True)
    signs.start()
    try:
        yield
    finally:
        stop.set()
        signs.join()
        if not lost.is_set() and not _sign(client, number, _GIVEN_BACK):
            lost.set()
    if lost.is_set():
        raise UserError(
            f"another process took over the lease {_name(number)}: this one stood still for "
            f"{SECONDS:.0f} s",
            hint="look at what is there (phytotron lineage), and run the command again",
        )


def is_lease(name: str) -> bool:
    """Whether a registered model of this name is none."""
    return name.startswith(PREFIX)


def _acquire(client: mlflow.MlflowClient, holder: str, wait: float) -> int:
    deadline = time.monotonic() + wait
    seen: tuple[_Lease | None, float] = (None, 0.0)
    told = False
    while True:
        leases = _leases(client)
        last = leases[-1] if leases else None
        now = time.monotonic()
        if seen[0] != last:
            seen = (last, now)
        is_free = last is None or last.sign == _GIVEN_BACK or now - seen[1] > SECONDS
        number = last.number + 1 if last else 1
        if is_free and _create(client, number, holder):
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
    tags = {"holder": holder, "sign": uuid.uuid4().hex}
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


def _sign(client: mlflow.MlflowClient, number: int, sign: str) -> bool:
    """Write a sign of life, or the last one; False when the lease is not ours any more."""
    try:
        client.set_registered_model_tag(_name(number), "sign", sign)
        return _leases(client)[-1].number == number
    except mlflow.MlflowException as error:
        # A store that does not answer may do so the next time, and else the lease dies by itself.
        return error.error_code != "RESOURCE_DOES_NOT_EXIST"


def _give_signs(
    client: mlflow.MlflowClient, number: int, stop: threading.Event, lost: threading.Event
) -> None:
    while not stop.wait(SECONDS / _SIGNS):
        if not _sign(client, number, uuid.uuid4().hex):
            lost.set()
            return


def _leases(client: mlflow.MlflowClient) -> list[_Lease]:
    """All leases, the last one last."""
    found = client.search_registered_models(f"name LIKE '{PREFIX}%'")
    return sorted(
        (
            _Lease(
                int(model.name.removeprefix(PREFIX)),
                model.tags.get("holder", ""),
                model.tags.get("sign", ""),
            )
            for model in found
        ),
        key=lambda each: each.number,
    )


def _name(number: int) -> str:
    return f"{PREFIX}{number}"
