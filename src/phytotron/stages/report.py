"""Stage `report`: the experiments side by side on one page, with a summary and a model card."""

from __future__ import annotations

from pathlib import Path

from phytotron.config.stage import stage_config
from phytotron.files import replacing_folder
from phytotron.report.inputs import read_inputs
from phytotron.report.page import render
from phytotron.stages import run

OUT = Path("build/report")


def main() -> None:
    """Write `index.html`, `report.md` and `model-card.md` to `build/report/`."""
    config = stage_config("report")
    inputs = read_inputs(
        Path(), config.report.title, list(config.experiments), config.report.mistakes
    )
    with replacing_folder(OUT) as folder:
        for name, text in render(inputs).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    print(f"report: {OUT / 'index.html'}")


if __name__ == "__main__":
    run(main)
