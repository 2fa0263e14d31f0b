"""`docs/sources.md`: the books, each in its own order, with what implements what they describe."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from phytotron.config.catalogue import Book, Source, books, catalogue, places
from phytotron.config.experiments import FOLDER
from phytotron.config.families import family
from phytotron.report.page import markdown
from phytotron.zoo import table
from phytotron.zoo.coverage import Implementation
from phytotron.zoo.sources import summary

PAGE = Path("docs") / table.SOURCES

_HEAD = """\
# Sources

The systems, components and lessons of this repository come from three books and two sets of notes.
This page lists what each describes, in its order, and what implements it here. A listing is named
where one prints the code. `phytotron report` writes this page. `phytotron list --source 001` prints
a book with the state of each result, and `phytotron list --source "Listing 5-6"` one listing.
"""


def render(found: Mapping[str, Implementation], zoo: Collection[str], done: Collection[str]) -> str:
    """The page as Markdown.

    Args:
        found: what implements the catalogue's rows, by id.
        zoo: the experiments that have a section on a page of `docs/zoo/`.
        done: the rows that count as implemented.
    """
    by_book = {
        book: list(members) for book, members in groupby(places(), key=lambda pair: pair[1].book)
    }
    lines = [_HEAD]
    for book in books().values():
        lines.append(f"- {book.id}: [{book.short}](#{table.anchor(book.short)})")
    for book, members in by_book.items():
        lines += ["", *_section(book, members, found, zoo, done)]
    return "\n".join([*lines, ""])


def _section(
    book: Book,
    members: list[tuple[str, Source]],
    found: Mapping[str, Implementation],
    zoo: Collection[str],
    done: Collection[str],
) -> Iterator[str]:
    yield f"## {book.short}"
    yield ""
    counts = summary((name for name, _ in members), done)
    yield f"{book.full}. {counts}: `phytotron list --source {book.id}`."
    for heading, pairs in groupby(members, key=lambda pair: table.chapter_heading(pair[1])):
        rows = list(pairs)
        has_places = any(source.place for _, source in rows)
        names = [*(["place"] if has_places else []), "row", "system", "implemented by"]
        yield ""
        yield f"### {heading}"
        yield ""
        yield _row(names)
        yield _row(["---"] * len(names))
        for name, source in rows:
            by = _link(found[name].by, zoo) if name in found else "–"
            place = [source.place] if has_places else []
            yield _row([*place, name, markdown(catalogue()[name].name), by])


def _link(by: str, zoo: Collection[str]) -> str:
    """To the section of an experiment, or to a file."""
    if by in zoo:
        section = by.removeprefix(f"{family(by)}/")
        return f"[`{by}`]({table.FOLDER.name}/{table.page_of(family(by))}#{table.anchor(section)})"
    config = FOLDER / f"{by}.yaml"
    return f"[`{by}`](../{config.as_posix() if config.is_file() else by})"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
