"""What a registered model was made from, and the commands that make it again."""

from __future__ import annotations

from typing import Any

from phytotron.config.stage import plain
from phytotron.registry import audit
from phytotron.registry.versions import Version, aliases, fact, facts, resolve
from phytotron.tracking.store import answered, open_store, pipeline_config

_FACTS = {
    "experiment": "experiment",
    "commit": "commit",
    "dirty": "uncommitted changes",
    "seed": "seed",
    "config": "config (SHA-256)",
    "dvc_lock": "dvc.lock (SHA-256)",
    "requirements": "requirements.lock (SHA-256)",
    "test_set": "test set (SHA-256)",
    "digest": "model folder (SHA-256)",
}
_GROUPS = ("data", "metrics", "versions", "hardware")


def lineage(reference: str) -> dict[str, Any]:
    """Where a registered model comes from.

    Args:
        reference: `NAME@ALIAS`, `NAME/VERSION` or `NAME` (its champion).

    Returns:
        `model`, `version`, `aliases`, `run_id`, the facts noted at registration (`experiment`,
        `commit`, `dirty`, `seed`, and the hashes `config`, `dvc_lock`, `requirements`, `test_set`,
        `digest`; None where a fact is not known), the mappings `data` (path to digest),
        `versions`, `hardware` and `metrics`, the list `champion` (moves to and from this version)
        and the list `rebuild` (commands).

    Raises:
        UserError: no such model, alias or version, or the store cannot be used.
    """
    store = open_store(plain(pipeline_config().tracking))
    with answered(store.uri):
        version = resolve(store, reference)
        number = str(version.version)
        pointing = sorted(
            alias for alias, target in aliases(store, version.name).items() if target == number
        )
        moves = [
            f"{move.when} {move.action} {move.before or 'none'} → {move.after or 'none'} "
            f"by {move.who}: {move.why}"
            for move in audit.trail(store, version.name)
            if number in (move.before, move.after)
        ]
        return {
            "model": version.name,
            "version": number,
            "aliases": pointing,
            "run_id": version.run_id,
            **{name: fact(version, name) for name in _FACTS},
            **{name: facts(version, name) for name in _GROUPS},
            "champion": moves,
            "rebuild": _rebuild(version),
        }


def render(found: dict[str, Any]) -> str:
    """A lineage as text."""
    names = ", ".join(found["aliases"])
    lines = [f"{found['model']} version {found['version']}" + (f" ({names})" if names else "")]
    width = max(map(len, _FACTS.values()))
    lines += [f"  {label:{width}}  {found[name] or 'unknown'}" for name, label in _FACTS.items()]
    lines.append(f"  {'MLflow run':{width}}  {found['run_id'] or 'unknown'}")
    for group in _GROUPS:
        lines.append(f"{group}:")
        lines += [f"  {name}: {value}" for name, value in found[group].items()] or ["  unknown"]
    lines += ["champion:", *(f"  {move}" for move in found["champion"] or ["never"])]
    lines += ["rebuild:", *(f"  {command}" for command in found["rebuild"])]
    return "\n".join(lines)


def _rebuild(version: Version) -> list[str]:
    """The commands that make the model again in a clone."""
    commit, run_id = fact(version, "commit"), version.run_id
    if commit is None:
        return ["# the repository had no commit when this was registered"]
    fetch = f"mlflow artifacts download --run-id {run_id} --artifact-path provenance --dst-path ."
    commands = [f"git checkout {commit}", fetch]
    if fact(version, "dirty") == "true":
        commands.append("git apply provenance/uncommitted.patch")
    return [*commands, "cp provenance/dvc.lock .", "make repro"]
