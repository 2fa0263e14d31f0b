"""`phytotron report`: writes what is generated from the cards and the results of the zoo."""

from __future__ import annotations

from pathlib import Path

from phytotron.files import write_text
from phytotron.zoo import table
from phytotron.zoo.page import write_page
from phytotron.zoo.systems import systems


def report() -> list[Path]:
    """Write the table and the page.

    Returns:
        The files that were written.

    Raises:
        UserError: a mistake in a card, or a result that was edited by hand; nothing is written.
    """
    found = list(systems())
    write_text(table.FILE, table.render(found))
    return [table.FILE, write_page(found)]
