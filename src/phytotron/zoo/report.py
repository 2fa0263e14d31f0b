"""`phytotron report`: writes what is generated from cards, results and the catalogue."""

from __future__ import annotations

from pathlib import Path

from phytotron.files import replacing_folder
from phytotron.zoo import sources_page, table
from phytotron.zoo.coverage import DONE, implementations, list_catalogue
from phytotron.zoo.entries import zoo_entries
from phytotron.zoo.page import write_page


def report() -> list[Path]:
    """Write the pages of `docs/` and the page of the zoo.

    Returns:
        The files that were written.

    Raises:
        UserError: a mistake in a card, or a result that was edited by hand; nothing is written.
    """
    found = list(zoo_entries())
    rows = list_catalogue()
    done = {row["id"] for row in rows if row["state"] in DONE}
    zoo = {system.experiment for system in found}
    sources = sources_page.render(implementations(), zoo, done)
    with replacing_folder(table.FOLDER) as folder:
        for name, text in table.render(found, rows).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    sources_page.PAGE.write_text(sources, encoding="utf-8", newline="\n")
    return [table.FOLDER / table.INDEX, sources_page.PAGE, write_page(found)]
