"""The stage `clean` as `dvc repro` runs it: its files, and what it says when something is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pandas
import pytest
import yaml
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from phytotron.errors import UserError
from phytotron.files import read_json, sha256
from phytotron.stages.clean import clean as clean_stage

ROOT = Path(__file__).parents[2]
SITE = {
    "name": "colours",
    "content": [{"match": "^/", "select": "main", "drop": ["h1"]}],
    "labels": [{"match": "^/red/", "label": "red"}, {"match": "^/blue/", "label": "blue"}],
    "min_pages_per_label": 3,
    "min_paragraphs_per_label": 9,
}
ARCHIVE = Path("data/raw/pages.warc.gz")
OUTS = [Path("data/interim/documents.parquet"), Path("data/interim/cleaning.json")]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project with a small crawl: four pages of three paragraphs for each label."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "dvc.yaml", "dvc.yaml")
    configure()
    ARCHIVE.parent.mkdir(parents=True)
    with ARCHIVE.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for label in ("blue", "red"):
            for i in range(4):
                texts = [f"<p>Paragraph {j} of the {label} page {i} says so." for j in range(3)]
                body = f"<title>{i}</title><main><h1>{label}</h1>{''.join(texts)}</main>"
                headers = StatusAndHeaders(
                    "200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1"
                )
                record = writer.create_warc_record(
                    f"http://pages.test/{label}/{i}",
                    "response",
                    payload=BytesIO(body.encode()),
                    http_headers=headers,
                )
                writer.write_record(record)
    return tmp_path


def configure(site: dict | None = None, **clean) -> None:
    """Write what `compose` would."""
    config = yaml.safe_load((ROOT / "conf/clean/router.yaml").read_text(encoding="utf-8"))
    Path("build/config").mkdir(parents=True, exist_ok=True)
    Path("build/config/pipeline.yaml").write_text(
        yaml.safe_dump({"clean": config | {"workers": 1} | clean, "site": SITE | (site or {})})
    )


def stage() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "phytotron.stages.clean"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def test_documents_and_account_are_the_same_bytes_every_time(project):
    first = stage()
    assert first.returncode == 0, first.stderr
    assert "8 documents, 24 paragraphs, 2 labels" in first.stdout
    hashes = [sha256(path) for path in OUTS]
    frame = pandas.read_parquet(OUTS[0])
    assert list(frame.columns) == ["url", "title", "label", "group", "paragraphs"]
    assert frame["url"].is_monotonic_increasing
    assert frame["group"].dtype == "int64"
    assert frame["paragraphs"].map(len).sum() == 24
    account = read_json(OUTS[1])
    assert account["labels"] == {label: {"pages": 4, "paragraphs": 12} for label in ("blue", "red")}
    assert len(account["rules"]) > 5

    configure(workers=3)
    clean_stage()
    assert [sha256(path) for path in OUTS] == hashes


def test_a_damaged_archive_leaves_the_old_documents(project):
    clean_stage()
    hashes = [sha256(path) for path in OUTS]
    ARCHIVE.write_bytes(ARCHIVE.read_bytes()[:-7])
    message = refused(stage())
    assert "data/raw/pages.warc.gz: the record at byte " in message
    assert "dvc repro" in message
    assert [sha256(path) for path in OUTS] == hashes


@pytest.mark.parametrize(
    ("site", "clean", "message"),
    [
        ({"min_pages_per_label": 5}, {}, "too few pages of a label: blue has 4, red has 4"),
        ({"min_paragraphs_per_label": 50}, {}, "too few paragraphs of a label"),
        ({"content": [{"match": "^/", "select": "#no"}]}, {}, "8 of 8 labelled pages have no text"),
        ({"labels": [*SITE["labels"], {"match": "^/rde/", "label": "x"}]}, {}, "'^/rde/' matches"),
        ({}, {"min_chrs": 5}, "did you mean 'clean.min_chars'"),
        (
            {},
            {"rules": [{"name": "r", "pattern": "("}]},
            "'clean.rules[0].replacement' is missing",
        ),
    ],
)
def test_mistakes_are_answered_before_anything_is_written(project, site, clean, message):
    configure(site, **clean)
    with pytest.raises(UserError, match=re.escape(message)):
        clean_stage()
    assert not any(path.exists() for path in OUTS)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_a_mistake_of_the_user(project):
    Path("data/interim").mkdir()
    Path("data/interim").chmod(0o500)
    assert "permission denied" in refused(stage())
