"""What a person asks a model of images or of table rows."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

from phytotron.errors import UserError
from phytotron.html.encoding import decode
from phytotron.predict.source import MAX_BYTES, fetched, is_address, media_type


def image(source: str, *, allow_private: bool = False) -> bytes:
    """The content of an image file.

    Args:
        source: `-` for standard input, an http(s) address, or a path.
        allow_private: whether an address may be on a private network or this machine.

    Raises:
        UserError: it cannot be read or fetched.
    """
    if is_address(source):

        def refuses(head: Any) -> str | None:
            kind = media_type(head)
            return None if kind.startswith("image/") else f"it is {kind or 'of no type'}"

        return fetched(source, allow_private, refuses).body
    content = _content(source)
    if content is None:
        raise UserError("there is no such file", where=source, allowed="an image file")
    return content


def row(source: str) -> dict[str, Any] | list[str]:
    """A row of a table: its values by column, or in the order of the columns.

    Args:
        source: a JSON object, or comma-separated values with or without a line of names above
            them; or `-` for standard input, or the path of a file, that holds one.

    Raises:
        UserError: it cannot be read, or is not one row.
    """
    content = _content(source)
    where = None if content is None else source
    text = source if content is None else decode(content)
    if text.lstrip().startswith(("{", "[")):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise UserError(f"is no JSON: {error}", where=where) from None
        if isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict):
            found = found[0]
        if not isinstance(found, dict):
            raise UserError("is not one row", where=where, allowed="a JSON object")
        return found
    lines = [line for line in csv.reader(io.StringIO(text.strip())) if line]
    cells = [[cell.strip() for cell in line] for line in lines]
    if len(cells) == 1:
        return cells[0]
    if len(cells) == 2 and len(cells[0]) == len(cells[1]) and not _is_number(cells[0][0]):
        return dict(zip(*cells, strict=True))
    raise UserError(
        f"{len(cells)} lines are not one row", where=where, allowed="one row, below its names"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _content(source: str) -> bytes | None:
    """The bytes of standard input or of the file that a source names; None if it names none."""
    if source == "-":
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        try:
            if not Path(source).is_file():
                return None
        except (OSError, ValueError):  # too long or too strange for a path
            return None
        with Path(source).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UserError(f"is larger than {MAX_BYTES // 10**6} MB", where=source)
    return content
