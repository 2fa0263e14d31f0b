"""Web archives made for a test, and the bundled site."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

ROOT = Path(__file__).parents[2]
HOST = "http://docs.phytotron.test"


@pytest.fixture
def write_archive() -> Callable[[Path, Mapping[str, bytes | str]], Path]:
    """Write `{path: HTML}` as a web archive, one gzip member per record."""

    def write(path: Path, pages: Mapping[str, bytes | str]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            writer = WARCWriter(file, gzip=True)
            for name, html in pages.items():
                body = html.encode() if isinstance(html, str) else html
                kind = "text/plain" if name.endswith(".txt") else "text/html; charset=utf-8"
                headers = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
                record = writer.create_warc_record(
                    f"{HOST}{name}", "response", payload=BytesIO(body), http_headers=headers
                )
                writer.write_record(record)
        return path

    return write


@pytest.fixture(scope="session")
def site_config() -> dict:
    """The config of the bundled site."""
    return yaml.safe_load((ROOT / "conf/site/router.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def clean_config() -> dict:
    """The config `clean: router`."""
    return yaml.safe_load((ROOT / "conf/clean/router.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def bundled_pages() -> Callable[[int], Iterator[tuple[str, bytes]]]:
    """Every n-th page of the bundled site as (address, bytes)."""

    def pages(every: int) -> Iterator[tuple[str, bytes]]:
        with tarfile.open(ROOT / "data/site/router.tar.xz") as tar:
            html = (member for member in tar if member.name.endswith(".html"))
            for i, member in enumerate(html):
                if i % every == 0:
                    file = tar.extractfile(member)
                    assert file is not None
                    yield f"{HOST}/{member.name}", file.read()

    return pages
