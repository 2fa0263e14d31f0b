"""What implements each row of the catalogue, as the files say it themselves.

An experiment names the rows that it implements in its card (`catalogue: [C25]`). Everything else
names them in a separate line, `Catalogue: ` and the ids, in a docstring, a YAML comment or a page
of the documentation. The files are read as text: 600 of them take a tenth of a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phytotron.config.catalogue import Entry, catalogue, nearest_id
from phytotron.config.experiments import FOLDER
from phytotron.errors import UserError, did_you_mean
from phytotron.tables import text_table

MISSING = "missing"

# Where the catalogue's ids are looked for.
_PLACES = (
    ("src", "*.py"),
    ("conf", "*.yaml"),
    ("docs", "*.md"),
    (".github/workflows", "*.yml"),
)
# In YAML after `# `; on a page it may be an HTML comment, which a reader does not see.
_LINE = re.compile(r"^[ \t]*(?:# |<!-- )?Catalogue: *(.+?)\.?(?: -->)?[ \t]*$", re.MULTILINE)
# A list on one line, on several, or one entry a line; comments are cut off before.
_CARD = re.compile(r"(?:^|[\s{])catalogue: *(\[[^\]]*\]|(?:\n *- *\S+)+)", re.MULTILINE)
_ID = re.compile(r"[^\s,\[\]-][^\s,\[\]]*")


@dataclass(frozen=True)
class Implementation:
    """A row that something implements.

    Attributes:
        id: the catalogue's.
        by: an experiment's id, or the path of a file.
        where: `file:line`.
    """

    id: str
    by: str
    where: str


def implementations() -> dict[str, Implementation]:
    """What implements the catalogue's rows, by id.

    Raises:
        UserError: an id that the catalogue does not have, or one that two places name.
    """
    found: dict[str, Implementation] = {}
    for each in _all_implementations():
        if each.id not in catalogue():
            raise UserError(
                f"'{each.id}' is not in the catalogue",
                where=each.where,
                allowed="ids such as C14",
                hint=nearest_id(each.id),
            )
        if each.id in found:
            raise UserError(
                f"{each.id} is implemented twice",
                where=each.where,
                hint=f"the other place: {found[each.id].where}",
            )
        found[each.id] = each
    return found


def list_catalogue(wanted: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The rows of the catalogue with what implements each.

    Args:
        wanted: families such as `C`, or ids such as `C14`; empty for all.

    Returns:
        Objects with `id`, `kind`, `family`, `name` and `by` (None where nothing implements it).

    Raises:
        UserError: there is no such family or id, or a file names a wrong id.
    """
    chosen = {entry.id: entry for word in wanted for entry in _chosen(word)}
    if not wanted:
        chosen = dict(catalogue())
    found = implementations()
    return [
        {
            "id": entry.id,
            "kind": entry.kind,
            "family": entry.family,
            "name": entry.name,
            "by": found[entry.id].by if entry.id in found else None,
        }
        for entry in catalogue().values()
        if entry.id in chosen
    ]


def render(rows: list[dict[str, Any]]) -> str:
    """The rows as an aligned plain table, and for each family how many are there."""
    cells = [[row["id"], row["kind"], row["name"], row["by"] or MISSING] for row in rows]
    lines = [text_table(cells), ""]
    for family in dict.fromkeys(row["family"] for row in rows):
        members = [row for row in rows if row["family"] == family]
        there = sum(row["by"] is not None for row in members)
        gap = len(members) - there
        lines.append(f"{family}: {there} of {len(members)}" + (f", {gap} missing" if gap else ""))
    return "\n".join(lines)


def _chosen(word: str) -> list[Entry]:
    known = catalogue()
    families = sorted({entry.family for entry in known.values()})
    if word.upper() in families:
        return [entry for entry in known.values() if entry.family == word.upper()]
    matches = {identifier.lower(): entry for identifier, entry in known.items()}
    if word.lower() not in matches:
        raise UserError(
            f"neither a family nor an id of the catalogue: '{word}'",
            allowed=f"{', '.join(families)}, or an id such as C14",
            hint=did_you_mean(word, known),
        )
    return [matches[word.lower()]]


def _all_implementations() -> Iterator[Implementation]:
    for folder, pattern in _PLACES:
        for path in sorted(Path(folder).rglob(pattern)):
            text = path.read_text(encoding="utf-8")
            if "atalogue:" not in text:
                continue
            name = path.as_posix()
            is_experiment = path.is_relative_to(FOLDER)
            by = path.relative_to(FOLDER).with_suffix("").as_posix() if is_experiment else name
            for match in _LINE.finditer(text):
                yield from _ids(match, text, name, by)
            if is_experiment:
                # A comment is blanked out, so that positions stay what they are.
                plain = re.sub(r"#.*", lambda match: " " * len(match[0]), text)
                for match in _CARD.finditer(plain):
                    yield from _ids(match, plain, name, by)


def _ids(match: re.Match[str], text: str, name: str, by: str) -> Iterator[Implementation]:
    for word in _ID.finditer(match[1]):
        line = text.count("\n", 0, match.start(1) + word.start()) + 1
        yield Implementation(word[0].strip("\"'`"), by, f"{name}:{line}")
