"""Promote a version to champion, through the gate, and roll back; each move leaves a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phytotron.config.stage import plain
from phytotron.errors import UserError
from phytotron.evaluation.predictions import FILE, Predictions, load_if_there
from phytotron.files import read_json
from phytotron.registry import audit
from phytotron.registry.audit import Move
from phytotron.registry.gate import Gate, Verdict, decide
from phytotron.registry.versions import CHAMPION, Version, aliases, get_version, versions
from phytotron.tracking.store import Store, answered, exclusive, open_store, pipeline_config


def promote(model: str, version: str, force: bool = False, why: str | None = None) -> Move:
    """Make a version the champion if it passes the gate of the config.

    Args:
        model: the registered model's name.
        version: the version that is to become champion.
        force: pass by the gate; needs `why`.
        why: the reason, for the record.

    Raises:
        UserError: no such model or version, it is champion already, it does not pass, or it is
            forced without a reason.
    """
    if force and not (why and why.strip()):
        raise UserError("--force needs a reason for the record", hint="add: --why TEXT")
    config = plain(pipeline_config())
    store = open_store(config["tracking"])
    with answered(store.uri), exclusive(store):
        candidate = get_version(store, model, version)
        audit.settle(store, model)
        champion = current_champion(store, model)
        if champion is not None and champion.version == candidate.version:
            raise UserError(f"version {version} of '{model}' is the champion already")
        verdict = Verdict(True, "forced")
        if not force:
            verdict = decide(_gate(config), candidate, champion, _test_split)
            if not verdict.promote:
                raise UserError(
                    f"version {version} of '{model}' does not pass the gate: {verdict.reason}",
                    hint="pass by it with --force --why TEXT",
                )
        return audit.move_champion(
            store,
            model,
            str(candidate.version),
            audit.PROMOTE,
            "; ".join(part for part in (why, None if force else verdict.reason) if part),
            numbers=verdict.numbers,
            forced=force,
        )


def rollback(model: str) -> Move:
    """Bring the previous champion back; asked again, the one before it.

    Raises:
        UserError: no such model, or no earlier champion that still exists.
    """
    store = open_store(plain(pipeline_config().tracking))
    with answered(store.uri), exclusive(store):
        aliases(store, model)
        moves = audit.settle(store, model)
        existing = {str(version.version) for version in versions(store, model)}
        earlier = [number for number in audit.earlier_champions(moves) if number in existing]
        if not earlier:
            raise UserError(f"'{model}' has no earlier champion to go back to")
        return audit.move_champion(
            store, model, earlier[-1], audit.ROLLBACK, "back to the previous champion"
        )


def register_champion(
    store: Store, gate: Gate, candidate: Version, cause: str, test_split: Predictions | None
) -> tuple[str, str]:
    """What the register stage decides about a candidate; moves the champion if it is better.

    A registration that was killed and is run again decides the same: the move that it made is
    told from any other by `cause`.

    Args:
        store: the open store, which the caller holds exclusively.
        gate: the conditions.
        candidate: the version of the experiment that was selected.
        cause: a hash of all that the registration depends on.
        test_split: its predictions for each test sample; None: there are none.

    Returns:
        The decision (`promoted`, `kept` or `already champion`) and the reason.
    """
    model = candidate.name
    moves = audit.settle(store, model)
    champion = current_champion(store, model)
    if champion is not None and champion.version == candidate.version:
        if moves[-1].action == audit.REGISTER and moves[-1].cause == cause:
            return "promoted", moves[-1].why
        return "already champion", "the experiment that was selected is the model in use"
    verdict = decide(gate, candidate, champion, lambda: test_split)
    if not verdict.promote:
        return "kept", verdict.reason
    audit.move_champion(
        store,
        model,
        str(candidate.version),
        audit.REGISTER,
        verdict.reason,
        numbers=verdict.numbers,
        cause=cause,
    )
    return "promoted", verdict.reason


def current_champion(store: Store, model: str) -> Version | None:
    """The version in use, or None."""
    number = aliases(store, model).get(CHAMPION)
    return None if number is None else get_version(store, model, number)


def render(move: Move) -> str:
    """A move as text."""
    before = f"version {move.before}" if move.before else "none"
    forced = " (forced)" if move.forced else ""
    return f"{move.model}: champion is version {move.after}, was {before}{forced}\n  {move.why}"


def _gate(config: dict[str, Any]) -> Gate:
    compare = config["compare"]
    metric = compare["metric"].partition("/")[2]
    return Gate.from_config(config["register"], metric, compare["goal"])


def _test_split() -> Predictions | None:
    """The present test split, from the evaluation of the experiment that was selected."""
    try:
        selected = read_json("results/comparison.json")["selected"]
    except FileNotFoundError as error:
        raise UserError(
            "the two versions were measured on different test sets, and there is none here",
            hint="run: make repro, or pass by the gate with --force --why TEXT",
        ) from error
    return load_if_there(Path("build/evaluation") / selected / FILE)
