"""`phytotron report`: writes what is generated from the cards and the results of the zoo."""

from __future__ import annotations

from pathlib import Path

from phytotron.config.presets import zoo_ids
from phytotron.files import replacing_folder, write_text
from phytotron.zoo import table
from phytotron.zoo.page import write_page
from phytotron.zoo.systems import systems

EXPERIMENTS = Path("zoo/experiments.yaml")


def report() -> list[Path]:
    """Write the tables, the page, and the list from which `zoo/dvc.yaml` makes its stages.

    Returns:
        The files that were written.

    Raises:
        UserError: a mistake in a card, or a result that was edited by hand; nothing is written.
    """
    found = list(systems())
    write_text(EXPERIMENTS, experiments_list())
    with replacing_folder(table.FOLDER) as folder:
        for name, text in table.render(found).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [EXPERIMENTS, table.FOLDER / table.INDEX, write_page(found)]


def experiments_list() -> str:
    """The content of `zoo/experiments.yaml`."""
    lines = [f"  - {name}\n" for name in zoo_ids()]
    head = "# The experiments of the zoo; written by `phytotron report`.\n"
    return head + ("experiments:\n" + "".join(lines) if lines else "experiments: []\n")
