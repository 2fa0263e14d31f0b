"""`docs/zoo/`: the target of each experiment and what was measured, one page a family."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from phytotron.config.catalogue import Source, citation
from phytotron.config.experiments import experiment_file
from phytotron.config.families import FAMILIES
from phytotron.config.imports import SourceTree
from phytotron.report.page import markdown
from phytotron.runs.listing import STATUSES
from phytotron.runs.results import FIGURES
from phytotron.runs.verdict import MISSED, interval
from phytotron.zoo.coverage import counts
from phytotron.zoo.entries import ZooEntry

FOLDER = Path("docs/zoo")
INDEX = "README.md"
SOURCES = "sources.md"  # beside the folder, see `phytotron.zoo.sources_page`

_HEAD = """\
# The zoo

One file in `conf/experiment/` is one system with one number that was measured here:
`phytotron verify` trains it with several seeds, and the tables show their mean beside the target.
`phytotron report` writes these pages from the cards and from `zoo/results/`; nothing in them is
typed by hand. [How to add a system](../add-a-system.md).

A target is *reached* when the whole 95 % confidence interval of the mean is at least as good,
*missed* when all of it is worse, and *undecided* in between. One seed has no interval: it reaches a
target *once*. Each target says what it is from: a book, a paper, the catalogue of systems, or this
project (*ours*); it is fixed before the first run.

{summary}.

A result is *stale* when the config, the code or the target of the experiment has changed since it
was measured; `phytotron verify --stale` measures it again.
"""

_FAMILY = """\
# The zoo: {family}

{description}

{summary}. [All families](README.md).
"""

_CATALOGUE = """\
The catalogue lists what five books and collections of notes describe: experiments, components,
tools and theory. The state of a row is derived: that of an experiment from its result, that of
anything else from the tests that name the row. Done are {counts}. See `phytotron list --catalogue`
and [the sources](../sources.md)."""

# The columns of a family's page, each with the alignment of its cells.
_COLUMNS = {
    "experiment": "---",
    "metric": "---",
    "target": "--:",
    "measured": "--:",
    "95 % interval": "--:",
    "status": "---",
    "seeds": "--:",
}


def render(found: Iterable[ZooEntry], rows: Sequence[Mapping[str, Any]] = ()) -> dict[str, str]:
    """The pages as Markdown, by file name: an index, and a page for each family.

    Args:
        found: the experiments of the zoo.
        rows: the catalogue's, see `phytotron.zoo.coverage.list_catalogue`.
    """
    chosen = list(found)
    tree = SourceTree()
    pages = {INDEX: ""}
    families = {
        family: list(members) for family, members in groupby(chosen, key=lambda each: each.family)
    }
    for family, members in families.items():
        pages[page_of(family)] = _family_page(family, members, tree)
    pages[INDEX] = _index(chosen, families) + _catalogue(rows)
    return pages


def page_of(family: str) -> str:
    """The file name of a family's page."""
    return f"{family.replace('/', '-')}.md"


def _index(chosen: list[ZooEntry], families: Mapping[str, list[ZooEntry]]) -> str:
    lines = [_HEAD.format(summary=_summary(chosen))]
    if families:
        states = [state for state in STATUSES if any(each.state == state for each in chosen)]
        lines.append(_row(["family", *states]))
        lines.append(_row(["---", *["--:"] * len(states)]))
    for family, members in families.items():
        counts = Counter(each.state for each in members)
        numbers = [str(counts[state]) if counts[state] else "" for state in states]
        lines.append(_row([f"[{family}]({page_of(family)})", *numbers]))
    return "\n".join([*lines, ""]) if families else lines[0]


def _catalogue(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many rows of the catalogue have which state, by its families."""
    if not rows:
        return ""
    lines = ["", "## The catalogue", "", _CATALOGUE.format(counts=counts(rows)), ""]
    lines += [_row(["family", "rows", "states"]), _row(["---", "--:", "---"])]
    for family, members in groupby(rows, key=lambda row: row["family"]):
        own = list(members)
        lines.append(_row([family, str(len(own)), counts(own)]))
    return "\n".join([*lines, ""])


def _family_page(family: str, members: list[ZooEntry], tree: SourceTree) -> str:
    what = FAMILIES.get(family, "a family of this project")
    description = f"{what[0].upper()}{what[1:]}."
    lines = [_FAMILY.format(family=family, description=description, summary=_summary(members))]
    lines += [_row(_COLUMNS), _row(_COLUMNS.values()), *(_row(_cells(each)) for each in members)]
    for system in members:
        lines += ["", *_section(system, tree)]
    return "\n".join([*lines, ""])


def _section(system: ZooEntry, tree: SourceTree) -> Iterator[str]:
    """What an experiment is, where it was measured, its notes, sources, files and figures."""
    title = markdown(system.title)
    if not title.endswith(("?", "!")):
        title += "."
    result = system.result
    if result is not None:
        seconds = f"{result.seconds.mean:.3g} s a seed"
        title += f" Measured on {result.date}: {seconds} on {markdown(device(result.hardware))}."
    yield f"## {_name(system)}"
    yield ""
    yield title
    if system.notes:
        yield markdown(system.notes)
    yield ""
    for what, text in evidence(system):
        yield f"- {what}: {markdown(text)}."
    if system.preset is None:  # a preset has the section of its file above
        yield from _origin(system, tree)
    figures = sorted((FIGURES / system.name).glob("*.png")) if result else []
    for path in figures:
        what = f"{path.stem.replace('_', ' ')} of {system.name}"
        yield ""
        yield f"![{what}](../../{path.as_posix()})"


def evidence(system: ZooEntry) -> Iterator[tuple[str, str]]:
    """What a reader must know to weigh a number, as names and texts."""
    card, result = system.card, system.result
    source = (card.get("source") or "").rstrip(".")
    yield "Target from", f"{card['origin']}, {source}" if source else card["origin"]
    if card["choices"] != "none":
        yield "Choices were made on", f"the {card['choices']} split"
    if card.get("reduced"):
        yield "Reduced", card["reduced"].rstrip(".")
    if card.get("stand_in"):
        yield "Stand-in", card["stand_in"].rstrip(".")
    if result is not None and len(result.seeds) > 1:
        yield "Worst seed", f"{result.worst:.4g}"
    if result is not None and result.baselines:
        yield (
            "Baselines",
            ", ".join(
                f"{name.replace('_', ' ')} {value:.4g}" for name, value in result.baselines.items()
            ),
        )
    if card.get("tried"):
        yield "Tried", card["tried"].rstrip(".")


def _origin(system: ZooEntry, tree: SourceTree) -> Iterator[str]:
    """The rows that it implements with their sources, and links to its config and its model."""
    if system.sources:
        rows = ", ".join(system.card["catalogue"])
        by_book = groupby(system.sources, key=lambda source: source.book)
        yield f"- {rows}: {'; '.join(_sources_link(list(sources)) for _, sources in by_book)}."
    config = experiment_file(system.experiment)
    links = f"- Config: [`{config.name}`](../../{config.as_posix()})"
    code = tree.defining(system.model) if system.model else None
    if system.model and code:
        name = system.model.rpartition(".")[2]
        links += f"; model: [`{name}`](../../src/{tree.name(code)})"
    yield f"{links}."


def _sources_link(sources: list[Source]) -> str:
    """The citation of a book, as a link to the first of its chapters."""
    heading = chapter_heading(sources[0])
    return f"[{markdown(citation(sources))}](../{SOURCES}#{anchor(heading)})"


def chapter_heading(source: Source) -> str:
    """The heading of a chapter on the page of sources, such as `Pattanayak 2023, ch. 5`."""
    return f"{source.book.short}, {source.part}"


def anchor(heading: str) -> str:
    """The name that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _name(system: ZooEntry) -> str:
    """The name within its family, as code."""
    return f"`{system.name.removeprefix(f'{system.family}/')}`"


def _cells(system: ZooEntry) -> list[str]:
    card, result = system.card, system.result
    sign = "≥" if card["goal"] == "max" else "≤"
    cells = [
        _name(system),
        f"`{card['metric']}`",
        f"{sign} {card['target']:.4g}",
    ]
    if result is None:
        return [*cells, "–", "", system.state, ""]
    score = result.metrics[card["metric"]]
    ends = interval(score.values)
    return [
        *cells,
        f"{score.mean:.4g}",
        f"{ends[0]:.3g} to {ends[1]:.3g}" if ends else "",
        f"**{system.state}**" if system.state == MISSED else system.state,
        str(len(result.seeds)),
    ]


def device(hardware: Mapping[str, str | int]) -> str:
    """The part of a machine that decides how fast it is, in a few words."""
    processor = f"{hardware.get('processor')}, {hardware.get('cores')} cores"
    return str(hardware.get("gpu", processor))


def _summary(systems: list[ZooEntry]) -> str:
    """Such as `9 experiments and 1 preset: 9 reached, 1 not verified`."""
    presets = sum(system.preset is not None for system in systems)
    text = _count(len(systems) - presets, "experiment")
    text += f" and {_count(presets, 'preset')}" if presets else ""
    counts = Counter(system.state for system in systems)
    parts = [f"{counts[state]} {state}" for state in STATUSES if counts[state]]
    return f"{text}: {', '.join(parts)}" if parts else text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
