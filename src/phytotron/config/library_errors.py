"""Readable answers to what Hydra and OmegaConf refuse."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from phytotron.config.experiments import CONF, PARAMS
from phytotron.config.mistakes import first_line
from phytotron.config.renamed import renamed_choice
from phytotron.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from phytotron.config.overrides import Change


def explained(error: Exception, file: str, choice: str, choices: Sequence[Change]) -> UserError:
    """A readable answer to the commonest mistake: a choice that a group does not offer.

    Args:
        error: what Hydra or OmegaConf raised.
        file: whose mistake it most likely is.
        choice: the experiment, or the site, that was composed.
        choices: the overrides that choose a file of a group.
    """
    if type(error).__module__.startswith("omegaconf."):
        # Such as an interpolation of a key that is not there.
        key = getattr(error, "full_key", None)
        return UserError(first_line(error), where=f"{file}: {key}" if key else file)
    text = " ".join(str(error).split())
    missing = re.search(r"Could not find '([^']+)'", text)
    if missing is None:
        return UserError(text or type(error).__name__, where=file)
    group, _, absent = missing[1].rpartition("/")
    while group and not (CONF / group).is_dir():  # the ids of experiments have slashes
        group, _, head = group.rpartition("/")
        absent = f"{head}/{absent}"
    if not group:
        return UserError(f"there is no {(CONF / missing[1]).as_posix()}.yaml")
    is_site = (group, absent) == ("site", choice)
    where = f"{PARAMS}: site" if is_site else _chosen_at(group, absent, choices)
    if new := renamed_choice(group, absent):
        return UserError(f"the {group} '{absent}' is now '{new}'", where=where)
    folder = CONF / group
    known = sorted(
        path.relative_to(folder).with_suffix("").as_posix()
        for path in folder.rglob("*.yaml")
        if path.parent.name != "base"  # what the others of a group share
    )
    return UserError(
        f"'{absent}' is not in {folder.as_posix()}/",
        where=where,
        allowed=", ".join(known),
        hint=did_you_mean(absent, known),
    )


def _chosen_at(group: str, choice: str, choices: Sequence[Change]) -> str | None:
    """The override, or the file and line of the defaults list, that makes a choice."""
    for change in choices:
        if (change.key, change.value) == (group, choice):
            return change.where
    entry = re.compile(rf"\s*- (override )?/?{re.escape(group)}: {re.escape(choice)}\s*(#.*)?$")
    for path in sorted(CONF.rglob("*.yaml")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if entry.match(line):
                return f"{path.as_posix()}:{number}"
    return None
