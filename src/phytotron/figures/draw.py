"""Figures and tables of a trained model.

Each module in a subfolder of `phytotron.figures` has a function `draw(trained)`, which gives a
figure of matplotlib, or a table as a list of dicts. An experiment names those that it wants.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.figure import Figure

from phytotron.config.components import figure_modules
from phytotron.evaluation.tables import write_csv
from phytotron.evaluation.trained import Trained
from phytotron.files import replacing_folder

_DOTS = 100  # per inch: enough for a page, and small enough for the repository
_SEED = 0  # of what a figure draws at random, such as samples of a generator


def draw(names: Sequence[str], trained: Trained, folder: Path) -> list[Path]:
    """Draw what an experiment asks for; the same model gives the same bytes.

    Args:
        names: see `figure_names`.
        trained: the model.
        folder: gets a file for each name, `<name>.png` or `<name>.csv`, and nothing else.

    Returns:
        The files, in the order of the names.
    """
    if not names:
        return []
    modules = figure_modules()
    drawn = []
    with replacing_folder(folder) as part, mpl.rc_context({"savefig.bbox": "tight"}):
        for name in names:
            torch.manual_seed(_SEED)
            figure = import_module(modules[name]).draw(trained)
            if isinstance(figure, Figure):
                path = part / f"{name}.png"
                figure.savefig(path, dpi=_DOTS, metadata={"Software": None})
            else:
                path = part / f"{name}.csv"
                write_csv(path, list(figure[0]), figure)
            drawn.append(folder / path.name)
    return drawn
