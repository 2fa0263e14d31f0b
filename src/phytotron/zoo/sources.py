"""`phytotron list --source`: what a book describes, in its order, and what implements it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from phytotron.config.catalogue import Book, Source, books, catalogue, places
from phytotron.errors import UserError, did_you_mean
from phytotron.tables import GAP, shortened, text_table
from phytotron.zoo.coverage import DONE, list_catalogue

# `Listing 5-6`, or the number alone; the second part of years such as 2021-2022 is none.
_LISTING = re.compile(r"\b(?:listings?\s+)?(\d-\d+(?:[.]\d+|[a-z])?)(?!\w)", re.IGNORECASE)
_WORD = re.compile(r"[a-z][a-z-]+")
_CHAPTER = re.compile(r"\b(?:chapter|ch\.?)\s*(\d+)\b", re.IGNORECASE)
_WIDTH = 119
_MOST_PLACE, _MOST_FILE = 30, 32  # characters
_LEAST_NAME = 20


def list_source(question: str) -> list[dict[str, Any]]:
    """What a book, a chapter or a listing describes.

    Args:
        question: a book's id, or words of its author or title; after it, or alone, a chapter such
            as `ch. 5`, the title of a section, or a listing such as `Listing 5-6`.

    Returns:
        Objects in the order of the books: `source` (a book's id), `book`, `chapter`, `place`
        (empty where only the chapter is known), `id` (of the catalogue), `name`, `by` (what
        implements it, or None) and `state` (see `phytotron.zoo.coverage`).

    Raises:
        UserError: no book, chapter, section or listing has this name.
    """
    chosen = _chosen(question)
    found = {row["id"]: row for row in list_catalogue()}
    return [
        {
            "source": source.book.id,
            "book": source.book.short,
            "chapter": source.chapter,
            "place": source.place,
            "id": name,
            "name": catalogue()[name].name,
            "by": found[name]["by"],
            "state": found[name]["state"],
        }
        for name, source in chosen
    ]


def render(rows: list[dict[str, Any]]) -> str:
    """The rows as a plain table for each book, with how much of it is implemented."""
    parts: list[str] = []
    for book in books().values():
        members = [row for row in rows if row["source"] == book.id]
        if not members:
            continue
        cells = [
            [
                shortened(Source(book, row["chapter"], row["place"]).within, _MOST_PLACE),
                row["id"],
                row["name"],
                _end(row["by"] or ""),
                row["state"],
            ]
            for row in members
        ]
        # The names get what the other columns leave.
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        left = _WIDTH - sum(widths) + widths[2] - len(GAP) * (len(widths) - 1)
        for line in cells:
            line[2] = shortened(line[2], max(_LEAST_NAME, left))
        parts += [f"{book.id}: {book.full}", text_table(cells), _summary(members), ""]
    return "\n".join(parts[:-1])


def _end(path: str) -> str:
    """The end of a path, which has the name."""
    return path if len(path) <= _MOST_FILE else f"…{path[1 - _MOST_FILE :]}"


def summary(ids: Iterable[str], implemented: Iterable[str]) -> str:
    """Such as `12 of 80 rows are implemented`."""
    wanted = set(ids)
    return f"{len(wanted & set(implemented))} of {len(wanted)} rows are implemented"


def _summary(members: list[dict[str, Any]]) -> str:
    there = (row["id"] for row in members if row["state"] in DONE)
    return summary((row["id"] for row in members), there)


def _chosen(question: str) -> list[tuple[str, Source]]:
    """The places that a question means: each of its parts leaves those that match it."""
    listing, rest = _cut(_LISTING, question)
    chapter, rest = _cut(_CHAPTER, rest)
    words, _, section = rest.partition(",")
    left = list(places())
    if words or not (listing or chapter):
        wanted = _books(words)
        left = [pair for pair in left if pair[1].book in wanted]
    if section := section.strip(" ,"):
        left = _only(left, section, [source.chapter for _, source in left], "section")
    if chapter:
        left = _only(left, chapter, [source.chapter for _, source in left], "chapter")
    if listing:
        numbers = [source.place.removeprefix("Listing ") for _, source in left]
        left = _only(left, listing, numbers, "listing")
    return left


def _cut(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """What the group of a pattern matches, and what is left without the match."""
    match = pattern.search(text)
    if match is None:
        return "", text.strip(" ,")
    return match[1], (text[: match.start()] + text[match.end() :]).strip(" ,")


def _books(words: str) -> list[Book]:
    """The one with this id, or those whose author, title and year have all of the words."""
    if words in books():
        return [books()[words]]
    wanted = words.lower().replace(".", " ").split()
    found = [book for book in books().values() if all(word in _text(book) for word in wanted)]
    if not found or not wanted or words.isdecimal():
        known = [
            word for book in books().values() for word in (book.id, *_WORD.findall(_text(book)))
        ]
        raise UserError(
            f"no book '{words}'",
            allowed=", ".join(f"{book.id} ({book.short})" for book in books().values()),
            hint=did_you_mean(words.lower(), known) or "or with a chapter or listing: 001 ch. 5",
        )
    return found


def _text(book: Book) -> str:
    return book.full.lower().replace(".", " ")


def _only(
    left: list[tuple[str, Source]], wanted: str, names: list[str], kind: str
) -> list[tuple[str, Source]]:
    """The places with a name, else those of which it is the beginning.

    Listing 5-3 is printed as 5-3a and 5-3b, and 4-7 as 4-7.1 to 4-7.10.
    """
    low = wanted.lower()
    pairs = list(zip(left, (name.lower() for name in names), strict=True))
    found = [pair for pair, name in pairs if name == low]
    if not found:
        # A digit after it would make another number of it.
        begins = re.compile(re.escape(low) + r"(?!\d)")
        found = [pair for pair, name in pairs if begins.match(name)]
    if not found:
        known = [name for name in dict.fromkeys(names) if name]
        named = [book.short for book in dict.fromkeys(source.book for _, source in left)]
        where = f" in {', '.join(named)}" if len(named) < len(books()) else ""
        # Of 80 listings, those of the same chapter.
        near = [name for name in known if name.startswith(wanted.partition("-")[0] + "-")]
        if kind == "listing" and not near and known:
            near = [f"{known[0]} to {known[-1]}"]
        raise UserError(
            f"no {kind} '{wanted}'{where}",
            allowed=", ".join(near or known) or f"nothing: no {kind} of it is known",
            hint=did_you_mean(wanted, known),
        )
    return found
