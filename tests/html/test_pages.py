"""What a page holds, with exact values."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pandas
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from phytotron.errors import UserError
from phytotron.html.encoding import decode
from phytotron.html.pages import (
    archived_pages,
    feed_entries,
    images,
    links,
    tables,
    title,
    xml_records,
)

pytestmark = pytest.mark.catalogue("A01", "A02")

URL = "http://site.test/docs/capitals.html"
ARCHIVE = Path(__file__).parents[2] / "data/site/router.tar.xz"
CAPITALS = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<title>Countries and capitals
  in native languages</title></head>
<body><h1>Countries</h1>
<table class="infobox"><tr><th>Entries</th></tr><tr><td>3</td></tr></table>
<p><a href="#list">List</a> <a href="../">Up</a> <a name="here">here</a>
<a href="https://other.test/maps?q=1#top">Maps</a> <a href="mailto:a@site.test">Mail</a>
<a href="../docs/capitals.html#notes">Notes</a> <a href="javascript:history.back()">Back</a></p>
<img src="flags/at.svg" alt="Austria"> <img alt="lost">
<table class="wikitable sortable" id="list">
<tr><th>Country</th><th>Capital</th><th>In the country's own words</th><th>People</th></tr>
<tr><td>Austria</td><td>Vienna</td><td>Wien, Österreich</td><td>8,901,064</td></tr>
<tr><td>Greece</td><td rowspan="2">Athens / Nicosia</td>
<td>Αθήνα, Ελλάδα</td><td>10,482,487</td></tr>
<tr><td>Cyprus</td><td>Λευκωσία, Κύπρος</td><td></td></tr>
</table></body></html>"""


class TestToyDocuments:
    """Catalogue row A01: a page and a record, written, parsed and told apart."""

    def test_html_round_trip(self) -> None:
        page = "<html><head><title>{}</title></head><body><a href='{}'>next</a></body></html>"
        html = page.format("Toy", "next.html")
        assert title(html) == "Toy"
        assert links(html, "http://site.test/") == ["http://site.test/next.html"]

    def test_xml_round_trip(self) -> None:
        record = {"id": "7", "name": "Ada & Grace", "born": "1815"}
        frame = pandas.DataFrame([record])
        xml = frame.to_xml(index=False, row_name="person", parser="etree")
        assert xml_records(xml, "person") == [record]

    @pytest.mark.parametrize(
        "markup",
        ["<P>text</p>", "<li>one<li>two", "<img src=x>", "<b><i>text</b></i>", "a & b", "a < b"],
        ids=["case", "closing tags", "attributes", "nesting", "ampersands", "signs"],
    )
    def test_html_repairs_what_xml_refuses(self, markup: str) -> None:
        assert title(f"<title>ok</title>{markup}") == "ok"
        with pytest.raises(UserError, match="not well-formed XML"):
            xml_records(f"<r>{markup}</r>", "r")

    def test_case_tags_and_namespaces(self) -> None:
        xml = '<r xmlns:m="urn:m"><Note>1</Note><note>2</note><m:note>3</m:note></r>'
        assert xml_records(xml, "r") == [{"Note": "1", "note": "2"}]
        assert title("<TITLE>in any case</TITLE>") == "in any case"
        assert tables("<m:table><tr><td>1</td></tr></m:table>") == []

    @pytest.mark.parametrize(
        "attack",
        [
            '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><r>&b;</r>',
            '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>',
        ],
        ids=["entities that unfold", "entity that reads a file"],
    )
    def test_entities_are_refused(self, attack: str) -> None:
        with pytest.raises(UserError, match="XML refused"):
            xml_records(attack, "r")


class TestCapitals:
    """Catalogue row A02: title, links, images and the first table of class wikitable."""

    def test_title(self) -> None:
        assert title(CAPITALS) == "Countries and capitals in native languages"
        assert title("<p>none") is None

    def test_links(self) -> None:
        assert links(CAPITALS, URL) == [URL, "http://site.test/", "https://other.test/maps?q=1"]

    def test_images(self) -> None:
        assert images(CAPITALS, URL) == ["http://site.test/docs/flags/at.svg", None]

    def test_table(self) -> None:
        found = tables(CAPITALS, "table.wikitable")
        assert len(found) == 1
        assert found[0].shape == (3, 4)
        assert list(found[0].columns)[:2] == ["Country", "Capital"]
        assert list(found[0]["Capital"]) == ["Vienna", "Athens / Nicosia", "Athens / Nicosia"]
        assert found[0].iloc[2, 2] == "Λευκωσία, Κύπρος"
        assert list(found[0]["People"].fillna(0)) == [8_901_064, 10_482_487, 0]

    def test_every_parser_reads_the_same(self) -> None:
        for features in ("html.parser", "lxml"):
            soup = BeautifulSoup(CAPITALS, features)
            assert " ".join(soup.title.text.split()) == title(CAPITALS)
            sources = [image.get("src") for image in soup.find_all("img")]
            assert [source and urljoin(URL, source) for source in sources] == images(CAPITALS, URL)
            assert len(soup.find_all("table", class_="wikitable")) == 1


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("", "http://site.test/docs/a.html"),
        ("<base href='../../up/'>", "http://site.test/up/a.html"),
        (
            "<base target=_top><base href='/first/'><base href='/second/'>",
            "http://site.test/first/a.html",
        ),
        ("<base href='http://[broken'>", "http://site.test/docs/a.html"),
    ],
)
def test_base(base: str, expected: str) -> None:
    assert links(f"<head>{base}</head><a href='a.html'>", URL) == [expected]


def test_odd_links() -> None:
    html = "<a href=' /blank \n'><a href=''><a href><a href='http://[::1'><area href=/area>"
    expected = ["http://site.test/blank", URL, "http://site.test/area"]
    assert links(html, f"{URL}#part") == expected


@given(hrefs=st.lists(st.text(max_size=20), max_size=5), base=st.none() | st.text(max_size=20))
def test_links_are_absolute_and_distinct(hrefs: list[str], base: str | None) -> None:
    def quoted(value: str) -> str:
        return value.replace("&", "&amp;").replace('"', "&quot;")

    html = f'<base href="{quoted(base)}">' if base is not None else ""
    html += "".join(f'<a href="{quoted(href)}">x</a>' for href in hrefs)
    found = links(html, URL)
    assert len(found) == len(set(found)) <= len(hrefs)
    assert all(url.startswith(("http://", "https://")) and "#" not in url for url in found)


@pytest.fixture(scope="module")
def sample() -> Iterator[list[tuple[str, str]]]:
    """Every hundredth page of the bundled site."""
    with tarfile.open(ARCHIVE) as tar:
        chosen = [entry for entry in tar if entry.name.endswith(".html")][::100]
        yield [
            (f"http://docs.phytotron.test/{entry.name}", decode(tar.extractfile(entry).read()))
            for entry in chosen
        ]


def test_equals_beautifulsoup_on_real_pages(sample: list[tuple[str, str]]) -> None:
    assert len(sample) == 45
    for url, html in sample:
        soup = BeautifulSoup(html, "html.parser")
        base = soup.find("base", href=True)
        root = urljoin(url, base["href"]) if base else url
        expected = [
            urljoin(root, anchor["href"]).partition("#")[0]
            for anchor in soup.find_all("a", href=True)
        ]
        expected = [found for found in expected if found.startswith("http")]
        assert links(html, url) == list(dict.fromkeys(expected)), url
        assert title(html) == " ".join(soup.title.text.split()), url
        assert len(images(html, url)) == len(soup.find_all("img")), url


@pytest.mark.parametrize(
    ("span", "shape"),
    [("colspan=2", (1, 3)), ("colspan=999999999999", (1, 1001)), ("rowspan=999999999", (1, 2))],
)
def test_spans_have_limits(span: str, shape: tuple[int, int]) -> None:
    assert tables(f"<table><tr><td {span}>a</td><td>b</td></tr></table>")[0].shape == shape


def test_a_table_of_spans_is_refused() -> None:
    cells = "<td colspan=1000 rowspan=500>x</td>" * 20
    with pytest.raises(UserError, match="add up to 40000000 cells"):
        tables(f"<table>{f'<tr>{cells}</tr>' * 500}</table>".replace("rowspan=500", "rowspan=4"))


def test_tables_without_cells_and_other_elements() -> None:
    assert tables("<table></table><div class=wikitable>x</div>") == []
    assert (
        tables("<div class=wikitable><table><tr><td>1</td></tr></table></div>", ".wikitable") == []
    )


def test_feeds() -> None:
    rss = """<rss version="2.0"><channel><title>News</title><item><title>One</title>
      <link>http://site.test/1</link><pubDate>Mon, 06 Sep 2021 00:01:00 GMT</pubDate>
      <description>First</description></item><item><title>Two</title></item></channel></rss>"""
    one = {
        "title": "One",
        "link": "http://site.test/1",
        "published": "Mon, 06 Sep 2021 00:01:00 GMT",
        "summary": "First",
    }
    two = {"title": "Two", "link": "", "published": "", "summary": ""}
    assert feed_entries(rss) == [one, two]

    atom = b"""<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">
      <entry><title type="html">One</title><link rel="edit" href="http://site.test/edit"/>
      <link href="http://site.test/1"/><updated>2021-09-06T00:01:00Z</updated></entry></feed>"""
    published = {"published": "2021-09-06T00:01:00Z", "summary": ""}
    assert feed_entries(atom) == [one | published]


def test_archived_pages(tmp_path: Path) -> None:
    responses = [
        ("http://a.test/", "200 OK", "text/html; charset=iso-8859-1", b"<title>\xe4</title>"),
        ("http://a.test/gone", "404 Not Found", "text/html", b"gone"),
        ("http://a.test/robots.txt", "200 OK", "text/plain", b""),
        ("http://a.test/x", "200 OK", "application/xhtml+xml", b"<title>x</title>"),
    ]
    warc = tmp_path / "pages.warc.gz"
    with warc.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for url, status, content_type, body in responses:
            headers = StatusAndHeaders(status, [("Content-Type", content_type)], "HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(
                    url, "response", payload=io.BytesIO(body), http_headers=headers
                )
            )
    assert list(archived_pages(warc)) == [
        ("http://a.test/", "<title>ä</title>"),
        ("http://a.test/x", "<title>x</title>"),
    ]
