"""The catalogue: each system, component, tool and theory that the repository is to have.

`catalogue.csv` lists what there is to build, `books.csv` the books and notes that describe it, and
`catalogue_sources.csv` where in them, in the order of each book. What implements an entry says so
itself, and `phytotron.zoo.coverage` brings the two together.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from phytotron.errors import did_you_mean

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Book:
    """A book, or notes of courses.

    Attributes:
        id: such as `001`.
        author: the full name; empty where it is unknown.
        title: with the edition.
        year: of the edition, or years such as `2021-2022`; empty where it is unknown.
    """

    id: str
    author: str
    title: str
    year: str

    @property
    def short(self) -> str:
        """What a citation begins with: last name and year, or the title."""
        return f"{self.author.split()[-1]} {self.year}" if self.author else self.title

    @property
    def full(self) -> str:
        """Author, title and year, as far as they are known."""
        named = f"{self.author}, {self.title}" if self.author else self.title
        return f"{named}, {self.year}" if self.year else named


@dataclass(frozen=True)
class Source:
    """A place in a book that describes an entry.

    Attributes:
        book: the book.
        chapter: its number; in notes, which have none, the title of the section.
        place: such as `Listing 5-6`; empty where nothing smaller than the chapter is known.
    """

    book: Book
    chapter: str
    place: str

    def __str__(self) -> str:
        return f"{self.book.short}, {self.within}"

    @property
    def within(self) -> str:
        """The place without the book, such as `ch. 5, Listing 5-6`."""
        return f"{self.part}, {self.place}" if self.place else self.part

    @property
    def part(self) -> str:
        """The chapter or section, such as `ch. 5`."""
        return f"ch. {self.chapter}" if self.chapter.isdecimal() else self.chapter


@dataclass(frozen=True)
class Entry:
    """One row of the catalogue.

    Attributes:
        id: such as `C14` or `D41b`.
        kind: EXPERIMENT, COMPONENT, TOOL or THEORY.
        family: the letter of the id.
        name: a few words.
    """

    id: str
    kind: str
    family: str
    name: str

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the books describe it: by book, and in each in the order of its pages."""
        return _by_entry()[self.id]


@cache
def catalogue() -> dict[str, Entry]:
    """All entries by id, in the catalogue's order."""
    return {row["id"]: Entry(**row) for row in _rows("catalogue.csv")}


@cache
def books() -> dict[str, Book]:
    """The books by id."""
    return {row["id"]: Book(**row) for row in _rows("books.csv")}


@cache
def places() -> tuple[tuple[str, Source], ...]:
    """The id of an entry and a place that describes it: book by book, each in its own order."""
    return tuple(
        (row["id"], Source(books()[row["book"]], row["chapter"], row["place"]))
        for row in _rows("catalogue_sources.csv")
    )


def citation(sources: Iterable[Source]) -> str:
    """Such as `Pattanayak 2023, ch. 2, ch. 5, Listings 5-5, 5-6; Vasilev 2023, ch. 3`."""
    named: dict[Book, dict[str, list[str]]] = {}
    for source in sources:
        found = named.setdefault(source.book, {}).setdefault(source.part, [])
        if source.place and source.place not in found:
            found.append(source.place)
    parts = []
    for book, chapters in sorted(named.items(), key=lambda item: item[0].id):
        within = [
            f"{part}, {_joined(found)}" if found else part for part, found in chapters.items()
        ]
        parts.append(f"{book.short}, {', '.join(within)}")
    return "; ".join(parts)


def nearest_id(word: str) -> str | None:
    """The hint line for an id that the catalogue does not have."""
    return did_you_mean(word, catalogue())


def _joined(found: list[str]) -> str:
    """Places of one kind, such as `Listings 5-5, 5-6`."""
    if len(found) == 1:
        return found[0]
    kind = found[0].partition(" ")[0]
    return f"{kind}s " + ", ".join(place.partition(" ")[2] for place in found)


@cache
def _by_entry() -> dict[str, tuple[Source, ...]]:
    found: dict[str, list[Source]] = {name: [] for name in catalogue()}
    for name, source in places():
        found[name].append(source)
    return {name: tuple(sources) for name, sources in found.items()}


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
