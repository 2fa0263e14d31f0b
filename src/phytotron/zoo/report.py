"""`phytotron report`: writes what is generated from cards, results and the catalogue."""

from __future__ import annotations

from pathlib import Path

from phytotron.errors import UserError
from phytotron.files import replacing_folder
from phytotron.zoo import sources_page, table
from phytotron.zoo.coverage import DONE, implementations, list_catalogue
from phytotron.zoo.entries import zoo_entries
from phytotron.zoo.page import write_page


def report(export_to: Path | None = None) -> list[Path]:
    """Write the pages of `docs/` and the page of the zoo.

    Args:
        export_to: a folder that gets the results in the formats of the Hugging Face Hub.

    Returns:
        The files that were written.

    Raises:
        UserError: a mistake in a card, or a result that was edited by hand; nothing is written.
    """
    if export_to is not None and export_to.exists():
        raise UserError("is there already", where=str(export_to), allowed="a new folder")
    found = list(zoo_entries())
    rows = list_catalogue()
    done = {row["id"] for row in rows if row["state"] in DONE}
    zoo = {system.experiment for system in found}
    sources = sources_page.render(implementations(), zoo, done)
    with replacing_folder(table.FOLDER) as folder:
        for name, text in table.render(found, rows).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    sources_page.PAGE.write_text(sources, encoding="utf-8", newline="\n")
    exported: list[Path] = []
    if export_to is not None:
        from phytotron.zoo.export import export  # here: the library is slow to import

        exported = export(found, export_to)
    return [table.FOLDER / table.INDEX, sources_page.PAGE, write_page(found), *exported]
