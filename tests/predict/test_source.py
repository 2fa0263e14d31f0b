from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.fixtures.settings import clean_config

from phytotron.errors import UserError
from phytotron.predict import source
from phytotron.predict.source import paragraphs

FIRST = "An index on the table makes this query much faster."
SECOND = "Without one, the database has to read every single row."
PAGE = f"""<!doctype html><title>Indexes</title><body>
<nav>Menu of the whole manual, long enough</nav>
<main><h1>Indexes</h1><p>{FIRST}<p>{SECOND}<script>alert("not a text")</script></main>
<footer>Copyright of somebody, with all rights reserved</footer></body>"""
CLEAN = clean_config(
    rules=[{"name": "note", "pattern": r"^Note: ", "replacement": "", "why": "a test"}]
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str, **options: bool) -> list[str]:
    return paragraphs(text, CLEAN, **options)


def test_a_text_is_cleaned_as_the_training_data_was():
    hyphened = SECOND.replace("every", "ev\u00adery")
    assert read(f"Note: {FIRST}\u00a0 \n \n\n{hyphened}") == [FIRST, SECOND]


def test_short_paragraphs_count_only_where_there_are_no_others():
    assert read(f"Indexes\n\n{FIRST}") == [FIRST]
    assert read("create index") == ["create index"]


def test_a_long_paragraph_is_cut_at_the_ends_of_sentences():
    pieces = read(" ".join([FIRST] * 100))
    assert max(map(len, pieces)) <= CLEAN.max_chars
    assert all(piece.endswith(".") for piece in pieces)


@pytest.mark.parametrize("name", ["page.html", "page"])
def test_a_file_of_html_is_read_as_a_reader_would(name):
    Path(name).write_text(PAGE)
    assert read(name) == [FIRST, SECOND]


def test_a_file_of_text_and_standard_input_are_documents(monkeypatch):
    Path("question.txt").write_text(f"{FIRST}\n\n{SECOND}\n")
    assert read("question.txt") == [FIRST, SECOND]
    content = SimpleNamespace(buffer=io.BytesIO(Path("question.txt").read_bytes()))
    monkeypatch.setattr(sys, "stdin", content)
    assert read("-") == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no text"),
        (" \n\u200b ", "no text"),
        ("quesiton.txt", "no such file"),
        (".", "is a folder"),
        ("image", "is no text"),
        ("empty.html", "no text"),
        ("large", "is larger"),
        ("deep.html", "cannot be read safely"),
        ("http://", "no address"),
    ],
)
def test_what_has_no_text_is_answered(monkeypatch, text, message):
    monkeypatch.setattr(source, "MAX_BYTES", 100_000)
    Path("image").write_bytes(b"\x89PNG\0\0\0")
    Path("empty.html").write_text("<html><body><script>1</script></body></html>")
    Path("large").write_bytes(b"a" * 100_001)
    Path("deep.html").write_text("<div>" * 15_000)
    with pytest.raises(UserError, match=message):
        read(text)


def test_a_long_text_is_not_taken_for_a_path():
    assert read("word " * 2000)


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/page")
        elif self.path == "/circle":
            self.send_response(302)
            self.send_header("Location", "/circle")
        elif self.path == "/missing":
            self.send_response(404)
        else:
            kind = "image/png" if self.path == "/image" else "text/html; charset=utf-8"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(PAGE.encode())
            return
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["/page", "/moved"])
def test_a_page_of_the_web_is_fetched(site, path):
    assert read(site + path, allow_private=True) == [FIRST, SECOND]


def test_private_addresses_are_refused_unless_allowed(site):
    with pytest.raises(UserError, match="loopback address"):
        read(site + "/page")


@pytest.mark.parametrize(
    ("path", "message"),
    [("/missing", "404"), ("/image", "it is image/png"), ("/circle", "redirects more than 5")],
)
def test_a_page_that_is_not_available_is_answered(site, path, message):
    with pytest.raises(UserError, match=message):
        read(site + path, allow_private=True)
