"""Figures in the repository are small and few."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phytotron.figures.png import LIMIT, MOST, compact_png, copy_for_repository

ROOT = Path(__file__).parents[2]
FIGURES = sorted((ROOT / "zoo/figures").rglob("*.png"))


def read(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def noise(side: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8))


def test_a_simple_image_keeps_its_colours_and_its_size() -> None:
    image = Image.new("RGB", (300, 200), (190, 220, 235))
    image.paste((213, 94, 0), (20, 20, 60, 60))
    small = read(compact_png(image))
    assert (small.mode, small.size) == ("P", (300, 200))
    assert small.convert("RGB").getpixel((30, 30)) == (213, 94, 0)
    assert small.convert("RGB").getpixel((0, 0)) == (190, 220, 235)


def test_an_image_that_does_not_fit_gets_fewer_pixels() -> None:
    data = compact_png(noise(400))
    assert len(data) <= LIMIT
    width, height = read(data).size
    assert 100 < width == height < 400


def test_the_same_image_gives_the_same_bytes() -> None:
    assert compact_png(noise(100)) == compact_png(noise(100))


def test_nearly_white_and_transparent_places_are_white() -> None:
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((250, 250, 250, 255), (0, 0, 10, 10))
    assert read(compact_png(image)).convert("RGB").getcolors() == [(400, (255, 255, 255))]


def test_the_repository_gets_all_tables_and_the_first_images(tmp_path: Path) -> None:
    drawn = [tmp_path / name for name in ("b.png", "t.csv", "c.png", "a.png")]
    for path in drawn:
        noise(40).save(path) if path.suffix == ".png" else path.write_text("x\n1\n")
    folder = tmp_path / "copy"
    folder.mkdir()
    copy_for_repository(drawn, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["b.png", "c.png", "t.csv"]


def test_there_are_figures_to_look_at() -> None:
    assert FIGURES


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_committed_figure_is_small(path: Path) -> None:
    assert path.stat().st_size <= LIMIT
    assert read(path.read_bytes()).mode == "P"


def test_no_experiment_has_more_figures_than_two() -> None:
    folders = {path.parent for path in FIGURES}
    assert not {folder for folder in folders if len(list(folder.glob("*.png"))) > MOST}
