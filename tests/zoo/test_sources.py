"""Where the books describe the catalogue's rows: the lists, the command and docs/sources.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from phytotron.cli import main
from phytotron.config.catalogue import books, catalogue, citation, places
from phytotron.errors import UserError
from phytotron.runs.results import Result, write_result
from phytotron.zoo import sources_page, table
from phytotron.zoo.coverage import DONE, implementations, list_catalogue
from phytotron.zoo.entries import zoo_entries
from phytotron.zoo.report import report
from phytotron.zoo.sources import list_source, render

ROOT = Path(__file__).parents[2]


def cited(row: str) -> str:
    return citation(catalogue()[row].sources)


def ids(question: str) -> list[str]:
    return [row["id"] for row in list_source(question)]


# --- the places --------------------------------------------------------------------------------


def test_every_row_is_described_somewhere() -> None:
    assert not [entry.id for entry in catalogue().values() if not entry.sources]
    assert {name for name, _ in places()} == set(catalogue())


@pytest.mark.parametrize(
    ("book", "chapters"), [("000", range(1, 12)), ("001", range(1, 7)), ("003", range(1, 11))]
)
def test_each_chapter_of_a_book_describes_something_and_no_other(
    book: str, chapters: range
) -> None:
    found = [source.chapter for _, source in places() if source.book.id == book]
    assert list(dict.fromkeys(found)) == [str(number) for number in chapters]  # also in order


def test_notes_have_titles_instead_of_chapters() -> None:
    for _, source in places():
        assert source.chapter.isdecimal() == bool(source.book.author)
        assert source.chapter == source.chapter.strip() != ""


def test_a_place_is_a_listing_of_its_chapter() -> None:
    named = [source for _, source in places() if source.place]
    for source in named:
        assert re.fullmatch(r"Listing \d-\d+(\.\d+|[a-z])?", source.place)
        assert source.place.startswith(f"Listing {source.chapter}-")
    assert {source.book.id for source in named} == {"001"}


def test_every_listing_of_the_book_is_there() -> None:
    """The numbers that Pattanayak 2023 prints, by chapter, without their letters and parts."""
    found = {source.place.removeprefix("Listing ") for _, source in places() if source.place}
    numbers = {tuple(map(int, re.findall(r"\d+", name)[:2])) for name in found}
    last = {2: 19, 3: 9, 4: 7, 5: 6, 6: 10}
    assert numbers == {(chapter, n) for chapter, most in last.items() for n in range(1, most + 1)}


def test_a_place_is_named_once() -> None:
    assert len(set(places())) == len(places())


@pytest.mark.parametrize(
    ("row", "source"),
    [
        ("M15", "Pattanayak 2023, ch. 5, Listing 5-6"),
        ("N05", "Pattanayak 2023, ch. 6, Listing 6-5"),
        ("M04", "Pattanayak 2023, ch. 5, Listing 5-3a"),
        ("B48", "Pattanayak 2023, ch. 5, Listing 5-2"),
        ("O12", "Pattanayak 2023, ch. 6, Listing 6-10"),
        ("F04", "Pattanayak 2023, ch. 3, Listings 3-9a, 3-9b, 3-9c"),
        ("R10", "Pattanayak 2023, ch. 2, Listings 2-8, 2-9, 2-10"),
        ("K13", "Pattanayak 2023, ch. 4, Listings 4-4, 4-5"),
        ("L12", "Pattanayak 2023, ch. 4, Listings 4-7.6, 4-7.8; Vasilev 2023, ch. 7"),
        ("C22", "Vasilev 2023, ch. 2"),
        ("F07", "Vasilev 2023, ch. 4"),
        ("L06c", "Vasilev 2023, ch. 8"),
        ("Q05", "Vasilev 2023, ch. 10"),
        ("C35", "Vasilev 2023, ch. 1, ch. 3"),
        ("N12", "Rajput 2023, ch. 11; Vasilev 2023, ch. 5"),
        ("C14", "Rajput 2023, ch. 7"),
        ("A02", "Rajput 2023, ch. 3"),
        ("C25", "Notes of several courses, Shallow neural networks"),
        ("C41", "Notes of several courses, Functional API"),
        ("C43", "Notes of a neural-network module, TensorFlow and Keras"),
        ("D01", "Pattanayak 2023, ch. 2; Notes of several courses, Shallow neural networks"),
    ],
)
def test_rows_that_were_looked_up_by_hand(row: str, source: str) -> None:
    assert cited(row) == source


def docstring_rows() -> list[tuple[str, str, str, str]]:
    """File, indentation, lines before and ids of each `Catalogue:` line in a docstring."""
    found = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"^( *)Catalogue: ([A-Z]\d.*)$", text, flags=re.MULTILINE):
            found.append((path.name, match[1], text[: match.start()], match[2]))
    return found


@pytest.mark.parametrize(("name", "indent", "before", "rows"), docstring_rows())
def test_a_module_names_the_sources_of_its_rows(
    name: str, indent: str, before: str, rows: str
) -> None:
    sources = (source for row in rows.split(", ") for source in catalogue()[row].sources)
    expected = f"Sources: {citation(sources)}"
    last = " ".join(before.rpartition(f"\n{indent}Sources: ")[2].split())
    assert f"Sources: {last}" == expected, f"{name}: before `Catalogue: {rows}` write: {expected}"


# --- phytotron list --source -------------------------------------------------------------------


def test_a_listing_leads_to_its_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    first = list_source("Listing 5-6")[0]
    assert (first["id"], first["by"]) == ("M15", "generative/mnist_vae")


def test_a_row_has_its_place_and_state(project: Path) -> None:
    (planar,) = list_source("002, Shallow neural networks")[:1]
    assert planar == {
        "source": "002",
        "book": "Notes of several courses",
        "chapter": "Shallow neural networks",
        "place": "",
        "id": "C25",
        "name": "Two-layer network on planar flower data",
        "by": "scratch/planar",
        "state": "not verified",
    }


@pytest.mark.parametrize(("verdict", "state"), [("reached", "verified"), ("missed", "missed")])
def test_the_state_of_an_experiment_is_that_of_its_result(
    project: Path, make_result: Callable[..., Result], verdict: str, state: str
) -> None:
    write_result(make_result(verdict=verdict))
    assert list_source("002, Shallow")[0]["state"] == state


def test_the_table_has_place_row_name_file_and_state(project: Path) -> None:
    lines = render(list_source("Listing 2-15")).splitlines()
    assert lines == [
        "001: Santanu Pattanayak, Pro Deep Learning with TensorFlow 2.0 (2nd edition), 2023",
        "ch. 2, Listing 2-15  C20  XOR MLP with sigmoid units, hand-derived backprop  scratch/xor"
        "  not verified",
        "ch. 2, Listing 2-15  D26  Binary cross-entropy (probabilities and logits)    "
        "             missing",
        "0 of 2 rows are implemented",
    ]


def test_several_books_have_a_table_each(project: Path) -> None:
    text = render(list_source("python"))
    assert re.findall(r"^\d{3}(?=:)", text, flags=re.MULTILINE) == ["000", "003"]


@pytest.mark.parametrize("book", ["000", "001", "002", "003", "004"])
def test_the_table_fits_a_terminal(book: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert max(map(len, render(list_source(book)).splitlines())) < 120


@pytest.mark.parametrize(
    "question",
    ["001 ch. 5", "001 ch 5", "001, chapter 5", "pattanayak ch. 5", "Pro Deep Learning, ch. 5"],
)
def test_a_chapter_may_be_asked_for_in_several_ways(project: Path, question: str) -> None:
    found = list_source(question)
    assert {(row["source"], row["chapter"]) for row in found} == {("001", "5")}
    assert found == [row for row in list_source("001") if row["chapter"] == "5"]


@pytest.mark.parametrize("question", ["5-6", "listing 5-6", "001 Listing 5-6", "Listings 5-6"])
def test_a_listing_may_be_asked_for_in_several_ways(project: Path, question: str) -> None:
    assert ids(question) == ids("Listing 5-6")


def test_the_number_of_several_parts_means_all_of_them(project: Path) -> None:
    parts = {row["place"] for row in list_source("Listing 4-7")}
    assert parts == {f"Listing 4-7.{number}" for number in range(1, 11)}
    assert {row["place"] for row in list_source("Listing 5-3")} == {"Listing 5-3a", "Listing 5-3b"}
    assert {row["place"] for row in list_source("Listing 6-1")} == {"Listing 6-1a", "Listing 6-1b"}
    # 4-7.1 is one of them, and no beginning of 4-7.10; 2-1 is no beginning of 2-10.
    assert {row["place"] for row in list_source("Listing 4-7.1")} == {"Listing 4-7.1"}
    assert {row["place"] for row in list_source("Listing 2-1")} == {"Listing 2-1"}


def test_a_chapter_is_no_beginning_of_another(project: Path) -> None:
    assert {row["chapter"] for row in list_source("000 ch. 1")} == {"1"}


def test_what_a_page_cites_can_be_asked_for(project: Path) -> None:
    """Each way in which a place is printed finds the row again."""
    for row, source in {str(source): (row, source) for row, source in places()}.values():
        assert row in ids(str(source)), source


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "001a",
            "no book '001a'\n  allowed: 000 (Rajput 2023), 001 (Pattanayak 2023), "
            "002 (Notes of several courses), 003 (Vasilev 2023), "
            "004 (Notes of a neural-network module)\n  did you mean '001'?",
        ),
        ("patanayak", "did you mean 'pattanayak'?"),
        ("2023", "no book '2023'"),
        ("", "no book ''"),
        (
            "001 ch. 9",
            "no chapter '9' in Pattanayak 2023\n  allowed: 1, 2, 3, 4, 5, 6",
        ),
        ("Listing 5-9", "no listing '5-9'\n  allowed: 5-1, 5-2, 5-3a, 5-3b, 5-4, 5-5, 5-6"),
        ("Listing 9-9", "no listing '9-9'\n  allowed: 2-1 to 6-10"),
        ("000 Listing 5-6", "no listing '5-6' in Rajput 2023\n  allowed: nothing"),
        ("004, Optimizers", "did you mean 'Optimisers'?"),
    ],
)
def test_a_wrong_question_is_answered(project: Path, question: str, answer: str) -> None:
    with pytest.raises(UserError) as caught:
        list_source(question)
    assert answer in str(caught.value)


def test_the_command_takes_words_and_prints_objects(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["list", "--source", "Listing", "2-15", "--json"])
    assert ended.value.code == 0
    assert '"by": "scratch/xor"' in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["list", "--source", "007"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: no book '007'\n  allowed: 000 ")


# --- docs/sources.md ---------------------------------------------------------------------------


def test_the_page_links_experiments_and_files(project: Path) -> None:
    page = sources_page.render(implementations(), {"scratch/planar"}, {"C25"})
    lines = page.splitlines()
    start = lines.index("### Notes of several courses, Shallow neural networks")
    assert lines[start + 2 : start + 5] == [
        "| row | system | implemented by |",
        "| --- | --- | --- |",
        "| C25 | Two-layer network on planar flower data "
        "| [`scratch/planar`](zoo/scratch.md#planar) |",
    ]
    counts = "Notes of several courses, 2021-2022. 1 of 182 rows are implemented"
    assert f"{counts}: `phytotron list --source 002`." in lines
    xor = "[`scratch/xor`](../conf/experiment/scratch/xor.yaml)"  # has no section
    name = "XOR MLP with sigmoid units, hand-derived backprop"
    assert f"| Listing 2-15 | C20 | {name} | {xor} |" in lines
    gate = "src/phytotron/models/gate.py"
    assert f"| C01 | McCulloch-Pitts neuron | [`{gate}`](../{gate}) |" in lines


def test_the_page_has_every_place(project: Path) -> None:
    page = sources_page.render({}, (), ())
    rows = [
        line for line in page.splitlines() if re.match(r"\| ((Listing \S+)? \| )?[A-R]\d", line)
    ]
    assert len(rows) == len(places())
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == [
        book.short for book in books().values()
    ]


def test_report_writes_the_page(project: Path) -> None:
    assert sources_page.PAGE in report()
    expected = sources_page.render(implementations(), {"scratch/planar", "scratch/xor"}, ())
    assert sources_page.PAGE.read_text() == expected


def test_the_committed_page_is_that_of_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    zoo = {system.experiment for system in zoo_entries(lambda _: False)}
    rows = list_catalogue()
    done = {row["id"] for row in rows if row["state"] in DONE}
    expected = sources_page.render(implementations(), zoo, done)
    assert sources_page.PAGE.read_text() == expected, "run: phytotron report"


def test_the_links_of_the_committed_page_lead_to_files_and_sections() -> None:
    page = ROOT / sources_page.PAGE
    found = re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", page.read_text())
    assert len(found) > len(books())
    for address, anchor in found:
        target = (page.parent / address) if address else page
        assert target.is_file(), address
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), flags=re.MULTILINE)
            assert anchor in map(table.anchor, headings)
