"""The pages of docs/zoo/, the report's page and the list for DVC, from cards and results."""

from __future__ import annotations

import re
import struct
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from phytotron.runs.result_files import full_name, result_file
from phytotron.runs.results import Result, read_result, write_result
from phytotron.zoo import report as generated
from phytotron.zoo import table
from phytotron.zoo.coverage import list_catalogue
from phytotron.zoo.entries import zoo_entries
from phytotron.zoo.page import OUT

ROOT = Path(__file__).parents[2]
FRESH = False  # no result is stale
STATUS = 5  # the column


def row(page: str, name: str) -> list[str]:
    """The cells of an experiment's row."""
    line = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def rendered(stale: bool = FRESH, page: str = "scratch.md") -> str:
    return table.render(zoo_entries(lambda result: stale))[page]


def test_a_row_shows_target_measured_and_seeds(project: Path, make_result) -> None:
    write_result(make_result())
    assert row(rendered(), "planar") == [
        "`planar`",
        "`test/accuracy`",
        "≥ 0.9",
        "0.91",
        "0.885 to 0.935",
        "reached",
        "3",
    ]
    title = "A two-layer network on the planar flower."
    assert (
        f"{title} Measured on 2026-11-21: 2 s a seed on A processor, 2 cores."
        in rendered().splitlines()
    )


def test_what_was_not_verified_says_so(project: Path) -> None:
    assert row(rendered(), "xor")[2:5] == ["≤ 0.05", "–", ""]
    assert row(rendered(), "xor")[STATUS] == "not verified"
    assert "2 experiments: 2 not verified" in rendered()
    assert "\nXOR.\n" in rendered()


def test_a_result_of_other_code_is_stale(project: Path, make_result) -> None:
    write_result(make_result())
    assert row(rendered(stale=True), "planar")[STATUS] == "stale"
    page = table.render(zoo_entries())["scratch.md"]
    assert row(page, "planar")[STATUS] == "stale"  # its fingerprint is made up


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("target: 0.9", "target: 0.95"),
        ("target: 0.9", "target: 0.89"),
        ("goal: max", "goal: min"),
        ("origin: book", "origin: ours"),
    ],
)
def test_a_result_of_another_target_is_stale(
    project: Path, make_result, change, old: str, new: str
) -> None:
    """Whether it would reach the new one or not."""
    write_result(make_result())
    change("conf/experiment/scratch/planar.yaml", old, new)
    assert row(rendered(), "planar")[STATUS] == "stale"


def test_a_target_that_is_missed_stands_out_with_the_notes(
    project: Path, make_result, change
) -> None:
    write_result(make_result(target=0.95, verdict="missed"))
    said = "target: 0.95\n  notes: Too few.\n  tried: More units: the same."
    change("conf/experiment/scratch/planar.yaml", "target: 0.9", said.replace("units:", "units,"))
    assert row(rendered(), "planar")[STATUS] == "**missed**"
    assert "\nToo few.\n" in rendered()
    assert "\n- Tried: More units, the same.\n" in rendered()


def test_a_number_stands_beside_its_source_and_its_baselines(project: Path, make_result) -> None:
    write_result(make_result())
    lines = rendered().splitlines()
    assert "- Target from: book, A course, p. 12." in lines
    assert "- Choices were made on: the validation split." in lines
    assert "- Worst seed: 0.9." in lines
    assert "- Baselines: linear 0.47." in lines


def test_a_preset_has_its_own_row(project: Path, make_result, change) -> None:
    presets = "presets: {full: {overrides: [trainer.max_epochs=50], target: 0.99}}"
    file = "conf/experiment/scratch/planar.yaml"
    change(file, "  target: 0.9\n", f"  target: 0.9\n  {presets}\n")
    write_result(make_result(preset="full", target=0.99, verdict="missed"))
    assert row(rendered(), "planar.full")[2:5] == ["≥ 0.99", "0.91", "0.885 to 0.935"]
    assert row(rendered(), "planar.full")[STATUS] == "**missed**"
    assert row(rendered(), "planar")[STATUS] == "not verified"
    assert "2 experiments and 1 preset:" in rendered()


def test_a_result_of_another_metric_does_not_count(project: Path, make_result, change) -> None:
    write_result(make_result())
    change("conf/experiment/scratch/planar.yaml", "test/accuracy", "test/macro_f1")
    assert row(rendered(), "planar")[STATUS] == "not verified"


def test_the_index_counts_the_experiments_of_each_family(
    project: Path, make_result, change
) -> None:
    write_result(make_result())
    text = Path("conf/experiment/scratch/xor.yaml").read_text()
    Path("conf/experiment/other").mkdir()
    Path("conf/experiment/other/xor.yaml").write_text(text)
    index = rendered(page="README.md")
    assert "3 experiments: 1 reached, 2 not verified." in index
    assert [line for line in index.splitlines() if line.startswith("|")] == [
        "| family | reached | not verified |",
        "| --- | --: | --: |",
        "| [other](other.md) |  | 1 |",
        "| [scratch](scratch.md) | 1 | 1 |",
    ]


def test_a_page_shows_the_committed_figures(project: Path, make_result, write) -> None:
    write_result(make_result())
    write("zoo/figures/scratch/planar/decision_regions.png", "")
    image = "![decision regions of scratch/planar](../../zoo/figures/scratch/planar/"
    assert f"\n{image}decision_regions.png)\n" in rendered()


def test_a_section_names_the_sources_and_links_to_the_files(project: Path, change) -> None:
    section = rendered().split("## `planar`\n")[1].split("\n## ")[0]
    config = "[`planar.yaml`](../../conf/experiment/scratch/planar.yaml)"
    assert section.splitlines()[3:] == [
        "- Target from: book, A course, p. 12.",
        "- Choices were made on: the validation split.",
        "- C25: [Notes of several courses, Shallow neural networks]"
        "(../sources.md#notes-of-several-courses-shallow-neural-networks).",
        f"- Config: {config}.",  # the model is a class of the standard library
    ]
    first = "[Pattanayak 2023, ch. 2, Listing 2-15](../sources.md#pattanayak-2023-ch-2)"
    second = "[Vasilev 2023, ch. 2](../sources.md#vasilev-2023-ch-2)"
    assert f"- C20, C22: {first}; {second}." in rendered().splitlines()
    change(
        "conf/model/net.yaml",
        "collections.OrderedDict",
        "phytotron.scratch.descent.gradient_descent",
    )
    model = "[`gradient_descent`](../../src/phytotron/scratch/descent.py)"
    assert f"- Config: {config}; model: {model}." in rendered().splitlines()


def test_a_model_in_the_file_itself_is_linked(project: Path, change) -> None:
    inline = "model: {_target_: phytotron.scratch.perceptron.Perceptron}\ncard:\n"
    change("conf/experiment/scratch/planar.yaml", "card:\n", inline)
    assert "; model: [`Perceptron`](../../src/phytotron/scratch/perceptron.py)." in rendered()


def test_an_experiment_that_is_in_no_book_has_links_alone(project: Path, change) -> None:
    change("conf/experiment/scratch/planar.yaml", "[C25]", "[]")
    section = rendered().split("## `planar`\n")[1].split("\n## ")[0]
    assert section.splitlines()[5].startswith("- Config: ")


def test_a_preset_does_not_repeat_the_sources(project: Path, change) -> None:
    presets = "presets: {full: {overrides: [trainer.max_epochs=50], target: 0.99}}"
    file = "conf/experiment/scratch/planar.yaml"
    change(file, "  target: 0.9\n", f"  target: 0.9\n  {presets}\n")
    assert rendered().count("[`planar.yaml`]") == 1


def anchors(page: Path) -> set[str]:
    """The names of the headings of a Markdown page, which links can lead to."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {table.anchor(heading) for heading in headings}


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Vasilev 2023, ch. 3", "vasilev-2023-ch-3"),
        ("`mnist_rbm.full`", "mnist_rbmfull"),
        (
            "Notes of several courses, CNNs in TensorFlow/Keras",
            "notes-of-several-courses-cnns-in-tensorflowkeras",
        ),
        ("NN-3 Backpropagation (again)", "nn-3-backpropagation-again"),
    ],
)
def test_a_heading_has_the_name_that_github_gives_it(heading: str, name: str) -> None:
    assert table.anchor(heading) == name


class Addresses(HTMLParser):
    """Collects what a page refers to, and its headings' names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.images: list[str] = []
        self.names: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "a":
            self.links.append(values["href"] or "")
        if tag == "img":
            self.images.append(values["src"] or "")
        if name := values.get("id"):
            self.names.append(name)


def pixel() -> bytes:
    """A PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def page(project: Path, make_result, write) -> str:
    """The page of a project in which one of two experiments was verified."""
    write_result(make_result())
    figures = "zoo/figures/scratch/planar"
    write(f"{figures}/history.csv", "epoch,train_loss,val_loss\n0,0.7,0.8\n1,0.5,0.6\n2,0.4,\n")
    write(f"{figures}/widths.csv", "units,accuracy\n4,0.9\n<8>,0.95\n")
    (project / figures / "decision_regions.png").write_bytes(pixel())
    generated.report()
    return (OUT / "index.html").read_text()


def test_the_page_shows_curves_tables_and_figures(page: str) -> None:
    assert "train_loss: 0.7 in epoch 0, 0.4 in epoch 2" in page
    assert "val_loss: 0.8 in epoch 0, 0.6 in epoch 1" in page
    assert page.count("validation</text>") == 1
    assert "A course on neural networks" in page
    assert "Notes of several courses, Shallow neural networks" in page
    assert "0.91 ± 0.01" in page
    assert "&lt;8&gt;" in page
    assert "<script" not in page


def test_everything_that_the_page_refers_to_is_there(page: str) -> None:
    found = Addresses(page)
    assert [address for address in found.images if "decision_regions" in address]
    assert not [address for address in found.images if not (OUT / address).is_file()]
    inside = [link.removeprefix("#") for link in found.links]
    assert inside
    assert set(inside) <= set(found.names)
    assert len(set(found.names)) == len(found.names)


def test_the_same_inputs_give_the_same_bytes(page: str) -> None:
    before = {path: path.read_bytes() for path in OUT.rglob("*") if path.is_file()}
    generated.report()
    assert {path: path.read_bytes() for path in OUT.rglob("*") if path.is_file()} == before


def test_a_zoo_without_experiments_has_a_page_too(project: Path) -> None:
    for path in Path("conf/experiment").rglob("*.yaml"):
        path.unlink()
    generated.report()
    assert "There are no experiments" in (OUT / "index.html").read_text()


# --- what is committed in this repository ------------------------------------------------------


def test_the_pages_are_those_of_the_cards_and_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for staleness, which every change of the code may bring: that is read from the pages."""
    monkeypatch.chdir(ROOT)
    pages = {path.name: path.read_text() for path in table.FOLDER.iterdir()}
    stale = {
        (name, experiment)
        for name, page in pages.items()
        for experiment in re.findall(r"^\| `(.+?)` .* \| stale \|", page, flags=re.MULTILINE)
    }

    def is_stale(result: Result) -> bool:
        family, _, name = full_name(result.experiment, result.preset).rpartition("/")
        return (table.page_of(family), name) in stale

    expected = table.render(zoo_entries(is_stale), list_catalogue())
    assert pages == expected, "run: phytotron report"


def test_the_lines_of_the_tables_are_short_and_their_links_lead_somewhere() -> None:
    for path in (ROOT / table.FOLDER).iterdir():
        page = path.read_text()
        assert max(len(line) for line in page.splitlines() if line.startswith("|")) < 120
        for address in re.findall(r"\]\((?!http)([^)]+)\)", page):
            file, _, section = address.partition("#")
            assert (path.parent / file).is_file(), address
            assert not section or section in anchors(path.parent / file), address


def test_every_result_is_as_it_was_written_and_of_an_experiment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    known = {
        result_file(system.experiment, system.preset) for system in zoo_entries(lambda _: FRESH)
    }
    found = set(Path("zoo/results").rglob("*.json"))
    assert found <= known
    for path in found:
        result = read_result(path)
        assert result_file(result.experiment, result.preset) == path
