"""`phytotron report`: writes what is generated from the cards and the results of the zoo."""

from __future__ import annotations

from pathlib import Path

from phytotron.files import replacing_folder
from phytotron.zoo import table
from phytotron.zoo.entries import zoo_entries
from phytotron.zoo.page import write_page


def report() -> list[Path]:
    """Write the tables and the page.

    Returns:
        The files that were written.

    Raises:
        UserError: a mistake in a card, or a result that was edited by hand; nothing is written.
    """
    found = list(zoo_entries())
    with replacing_folder(table.FOLDER) as folder:
        for name, text in table.render(found).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [table.FOLDER / table.INDEX, write_page(found)]
