"""What implements each row of the catalogue, and how far.

An experiment names the rows that it implements in its card (`catalogue: [C25]`). Everything else
names them in a separate line, `Catalogue: ` and the ids, in a docstring, a YAML comment or a page
of the documentation.

To name a row is not enough. The state of a row is derived: that of an experiment from its result,
that of anything else from the tests that name the row (`@pytest.mark.catalogue("D03")`). So a
comment changes no count. The files are read as text: 600 of them take a tenth of a second.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phytotron.config.catalogue import Entry, catalogue, nearest_id
from phytotron.config.experiments import FOLDER, read_experiment
from phytotron.config.presets import preset_card
from phytotron.errors import UserError, did_you_mean
from phytotron.runs.listing import STALE, UNVERIFIED
from phytotron.runs.result_files import read_content, result_file, target_of
from phytotron.runs.verdict import MISSED, REACHED, REACHED_ONCE, UNDECIDED
from phytotron.tables import shortened, text_table

MISSING = "missing"
UNTESTED = "untested"  # named by a file, and by no test
IMPLEMENTED = "implemented"
VERIFIED = "verified"
REDUCED = "verified, reduced"
STAND_IN = "verified on a stand-in"
# From nothing to everything; an experiment may also be undecided, missed, stale or not verified.
STATES = (
    MISSING,
    UNTESTED,
    UNVERIFIED,
    STALE,
    MISSED,
    UNDECIDED,
    REDUCED,
    STAND_IN,
    IMPLEMENTED,
    VERIFIED,
)
DONE = (REDUCED, STAND_IN, IMPLEMENTED, VERIFIED)

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
_TESTS = Path("tests")
_MARK = re.compile(r"\bmark\.catalogue\(([^)]*)\)")


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
        Objects with `id`, `kind`, `family`, `name`, `by` (None where nothing implements it),
        `state` (one of STATES) and `note` (what is reduced or stands in; None where nothing does).

    Raises:
        UserError: there is no such family or id, or a file names a wrong id.
    """
    chosen = {entry.id: entry for word in wanted for entry in _chosen(word)}
    if not wanted:
        chosen = dict(catalogue())
    found, tested = implementations(), rows_with_tests()
    rows = []
    for entry in catalogue().values():
        if entry.id not in chosen:
            continue
        by = found[entry.id].by if entry.id in found else None
        state, note = row_state(entry, by, tested)
        rows.append(
            {
                "id": entry.id,
                "kind": entry.kind,
                "family": entry.family,
                "name": entry.name,
                "by": by,
                "state": state,
                "note": note,
            }
        )
    return rows


def rows_with_tests() -> set[str]:
    """The ids that tests name, in `@pytest.mark.catalogue("D03", "D04")`."""
    found = set()
    for path in _TESTS.rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        for match in _MARK.finditer(text):
            found.update(re.findall(r"[\"']([^\"']+)[\"']", match[1]))
    return found


def row_state(entry: Entry, by: str | None, tested: Collection[str]) -> tuple[str, str | None]:
    """How far a row is implemented.

    Args:
        entry: the row.
        by: what names it: an experiment's id, or the path of a file.
        tested: the ids that tests name.

    Returns:
        One of STATES, and what is reduced or stands in.
    """
    if by is None:
        return MISSING, None
    is_experiment = (FOLDER / f"{by}.yaml").is_file()
    if entry.kind == "EXPERIMENT":
        # A system counts by its measured number; what only names it has none.
        return _verified_state(by) if is_experiment else (UNTESTED, None)
    if is_experiment and entry.id not in tested:
        return _verified_state(by)
    return (IMPLEMENTED if entry.id in tested else UNTESTED), None


def _verified_state(experiment: str) -> tuple[str, str | None]:
    """The best of what the results of an experiment and of its presets say."""
    card = read_experiment(experiment).get("card") or {}
    states = []
    for preset in (None, *(card.get("presets") or {})):
        own = preset_card(card, preset)
        states.append(_result_state(own, result_file(experiment, preset)))
    return max(states, key=lambda found: STATES.index(found[0]))


def _result_state(card: Mapping[str, Any], path: Path) -> tuple[str, str | None]:
    if card.get("target") is None or not path.exists():
        return UNVERIFIED, None
    result = read_content(path)
    if target_of(result) != target_of(card):
        return STALE, None
    if result["verdict"] not in (REACHED, REACHED_ONCE):
        return result["verdict"], None
    for state, key in ((REDUCED, "reduced"), (STAND_IN, "stand_in")):
        if card.get(key):
            return state, card[key]
    return VERIFIED, None


def render(rows: list[dict[str, Any]]) -> str:
    """The rows as an aligned plain table, and for each family how many have which state."""
    cells = [
        [row["id"], row["kind"], shortened(row["name"], 44), row["state"], row["by"] or ""]
        for row in rows
    ]
    lines = [line.rstrip() for line in text_table(cells).splitlines()] + [""]
    for family in dict.fromkeys(row["family"] for row in rows):
        lines.append(f"{family}: {counts([row for row in rows if row['family'] == family])}")
    if len({row["family"] for row in rows}) > 1:
        lines.append(f"in all: {counts(rows)}")
    return "\n".join(lines)


def counts(rows: Sequence[Mapping[str, Any]]) -> str:
    """Such as `9 of 45: 7 implemented, 2 verified; 30 missing, 6 undecided`."""
    by_state = Counter(row["state"] for row in rows)
    done = [f"{by_state[state]} {state}" for state in reversed(STATES) if state in DONE]
    rest = [f"{by_state[state]} {state}" for state in reversed(STATES) if state not in DONE]
    parts = [", ".join(text for text in some if not text.startswith("0 ")) for some in (done, rest)]
    total = sum(by_state[state] for state in DONE)
    return f"{total} of {len(rows)}" + (": " if any(parts) else "") + "; ".join(filter(None, parts))


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
