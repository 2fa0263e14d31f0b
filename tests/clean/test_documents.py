"""From an archive to documents: what is kept, what is dropped, and that every loss is counted."""

from __future__ import annotations

import pytest
from tests.fixtures.settings import clean_config

from phytotron.clean.documents import documents
from phytotron.clean.labels import LabelRules
from phytotron.clean.paragraphs import Cleaner
from phytotron.errors import UserError

LABELS = [{"match": "^/a/", "label": "a"}, {"match": "^/b/", "label": "b"}]
CONTENT = [{"match": "^/", "select": "main", "drop": ["h1"]}]
SAVE = "Choose File and then Save to write the document to the disk."


def page(*paragraphs: str, head: str = "") -> str:
    texts = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<html {head}><title>T</title><body><main><h1>Label</h1>{texts}</main></body></html>"


@pytest.fixture
def run(tmp_path, write_archive):
    def run(pages, labels=LABELS, **config):
        archive = write_archive(tmp_path / "pages.warc.gz", pages)
        settings = clean_config(**{"workers": 1, "min_chars": 10, "max_failed_share": 1.0} | config)
        return documents(archive, Cleaner(settings, CONTENT), LabelRules(labels))

    return run


def test_rows_are_sorted_labelled_and_without_duplicates(run):
    rows, account = run(
        {
            "/b/2.html": page("Only on the second page of b.", SAVE.replace("disk", "card")),
            "/a/2.html": page("Unique to a two, this one.", SAVE.upper(), "short"),
            "/a/1.html": page(SAVE, "Which label has it? Nobody knows."),
            "/b/1.html": page("Which label has it? Nobody knows.", "Something only b says."),
            "/other.html": page("No rule gives this page a label."),
            "/robots.txt": "User-agent: *",
        }
    )
    assert [(row["url"][-9:], row["label"], row["paragraphs"]) for row in rows] == [
        ("/a/1.html", "a", [SAVE]),
        ("/a/2.html", "a", ["Unique to a two, this one."]),
        ("/b/1.html", "b", ["Something only b says."]),
        ("/b/2.html", "b", ["Only on the second page of b.", SAVE.replace("disk", "card")]),
    ]
    assert [row["group"] for row in rows] == [0, 1, 2, 3]
    assert account["pages"]["dropped"] == {
        "no_label": 1,
        "not_html": 1,
        "other_language": 0,
        "no_paragraph_left": 0,
    }
    paragraphs = account["paragraphs"]
    assert paragraphs["dropped"] == {
        "too_short": 1,
        "exact_duplicates": 1,
        "several_labels": 2,
        "near_duplicates": 0,
    }
    assert paragraphs["extracted"] == paragraphs["kept"] + sum(paragraphs["dropped"].values())
    assert account["labels"]["b"] == {"pages": 2, "paragraphs": 3}


def test_near_duplicate_pages_share_a_group(run):
    texts = [f"Sentence number {i} says what nobody else says about it." for i in range(8)]
    rows, account = run(
        {
            "/a/1.html": page(*texts, "The one page ends like this, and that is all."),
            "/a/2.html": page("Something different stands on this page, you see."),
            "/b/3.html": page(*texts, "The other page ends in another way entirely."),
        }
    )
    assert [row["group"] for row in rows] == [0, 1, 0]
    assert account["pages"]["near_duplicates"] == 1


def test_rules_change_and_long_paragraphs_are_cut(run):
    rule = {"name": "versions", "pattern": r" \(since \d+\)", "replacement": "", "why": "a mark"}
    rows, account = run(
        {
            "/a/1.html": page("It saves the file (since 9). It closes the window."),
            "/b/1.html": page("Nothing to see in here."),
        },
        rules=[rule],
        max_chars=30,
    )
    assert rows[0]["paragraphs"] == ["It saves the file.", "It closes the window."]
    assert account["rules"] == {"versions": {"why": "a mark", "changed": 1, "timeouts": 0}}
    assert (account["paragraphs"]["cut"], account["paragraphs"]["pieces"]) == (1, 2)


def test_pages_in_another_language_are_left_out(run):
    pages = {
        "/a/1.html": page("Um texto que ninguém entende aqui.", head='lang="pt-br"'),
        "/a/2.html": page("A text that everybody understands.", head='lang="EN-us"'),
        "/b/1.html": page("A page that does not say what it is."),
    }
    rows, account = run(pages, language="en")
    assert [row["url"][-9:] for row in rows] == ["/a/2.html", "/b/1.html"]
    assert account["pages"]["dropped"]["other_language"] == 1
    assert len(run(pages)[0]) == 3


def test_a_page_without_text_is_a_failure_and_too_many_stop(run):
    pages = {
        "/a/1.html": page("A text that everybody understands."),
        "/a/2.html": "<body><p>no such element</p></body>",
        "/b/1.html": page(),
        "/b/2.html": "<div>" * 200_000,
        "/b/3.html": page("A page that does not say what it is."),
    }
    rows, account = run(pages)
    assert len(rows) == 2
    reasons = {url[-9:]: why for url, why in account["pages"]["failed"].items()}
    assert reasons == {
        "/a/2.html": "nothing matches 'main'",
        "/b/1.html": "no text in the content element",
        "/b/2.html": "nested deeper than 512 elements",
    }
    with pytest.raises(UserError, match=r"3 of 5 labelled pages(.|\n)*/a/2.html: nothing matches"):
        run(pages, max_failed_share=0.5)


def test_a_rule_that_runs_out_of_time_stops_unless_allowed(run):
    pages = {"/a/1.html": page("a" * 60 + "b"), "/b/1.html": page("Another page says this.")}
    rule = {"name": "slow", "pattern": "(a|aa)+$", "replacement": "", "why": "a test"}
    with pytest.raises(UserError, match=r"rule .slow. ran out of time on 1 texts.*/a/1\.html"):
        run(pages, rules=[rule], rule_timeout=0.05)
    rows, account = run(pages, rules=[rule], rule_timeout=0.05, max_rule_timeouts=1)
    assert rows[0]["paragraphs"] == ["a" * 60 + "b"]
    assert account["rules"]["slow"]["timeouts"] == 1


def test_a_page_that_kills_its_process_is_the_only_one_lost(run):
    # lexbor's time grows with the square of the options: far more than the page may take
    bomb = "<main><select>" + "<option>x" * 60_000
    pages = {f"/a/{i:03}.html": page(f"Page {i} says something else.") for i in range(150)}
    pages |= {"/a/020.html": bomb, "/b/1.html": page("A page that does not say what it is.")}
    rows, account = run(pages, page_timeout=1.0, workers=1)
    assert len(rows) == 150
    assert account["pages"]["failed"] == {
        "http://docs.phytotron.test/a/020.html": "its process died or ran out of time"
    }


def test_the_number_of_workers_does_not_matter(run):
    pages = {
        f"/{'ab'[i % 2]}/{i:03}.html": page(
            *(f"Sentence {j} of page {i // 3}." for j in range(i % 7))
        )
        for i in range(120)
    }
    one = run(pages, workers=1)
    assert one == run(pages, workers=2)
    assert one == run(dict(reversed(pages.items())), workers=3)
    assert len(one[0]) > 20


def test_a_label_rule_that_matches_nothing_stops(run):
    labels = [*LABELS, {"match": "^/c/", "label": "c"}]
    pages = {"/a/1.html": page("Some text for this."), "/b/1.html": page("Other text for that.")}
    with pytest.raises(UserError, match=r"'\^/c/' matches none of 2 pages"):
        run(pages, labels)
