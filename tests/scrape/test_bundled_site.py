"""The bundled site: the contents of its archive, and that its bytes are reproducible."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from xml.etree import ElementTree

import pytest

from phytotron.errors import UserError
from phytotron.scrape.server import verify

ROOT = Path(__file__).parents[2]
SITE = ROOT / "data/site"
SCRIPT = SITE / "build.py"

# The script is beside the archive that it builds, not in the package.
build_site = SourceFileLoader("build_site", str(SCRIPT)).load_module()
PACKAGES, Package, build = build_site.PACKAGES, build_site.Package, build_site.build
FOLDER = "usr/share/doc/toy/html"
FILES = {
    "index.html": b"<title>Toy</title><a href='guide/a b.html'>guide</a>",
    "guide/a b.html": b"<title>Guide</title>",
    "search.html": b"<script>search()</script>",
    "logo.png": b"\x89PNG",
    "style.css": b"p {}",
}


def ar(members: dict[str, bytes], date: int) -> bytes:
    parts = [b"!<arch>\n"]
    for name, content in members.items():
        head = f"{name:<16}{date:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n"
        parts += [head.encode(), content, b"\n" * (len(content) % 2)]
    return b"".join(parts)


def deb(files: dict[str, bytes], date: int = 1_700_000_001) -> bytes:
    """A Debian package with `files` below FOLDER, a symbolic link to one, and a page elsewhere."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as tar:
        for name, content in {
            **{f"{FOLDER}/{n}": c for n, c in files.items()},
            "etc/x.html": b"x",
        }.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            entry.mtime = 12345
            tar.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo(f"./{FOLDER}/link.html")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return ar(
        {"debian-binary": b"2.0\n", "control.tar": b"odd", "data.tar.xz": buffer.getvalue()}, date
    )


def package(folder: Path, product: str = "toy", content: bytes | None = None) -> Package:
    """A package file in `folder` and its pinned description."""
    content = deb(FILES) if content is None else content
    made = Package(
        product=product,
        title="Toys & games",
        start="index.html",
        name=f"{product}-doc",
        version="2:1.0-1",
        sha256=hashlib.sha256(content).hexdigest(),
        folder=FOLDER,
        leave_out=r"search\.html",
    )
    (folder / made.file_name).write_bytes(content)
    return made


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def test_takes_the_pages_and_nothing_else(tmp_path: Path) -> None:
    counts = build(tmp_path / "site.tar.xz", tmp_path, (package(tmp_path),))
    found = members(tmp_path / "site.tar.xz")
    assert counts == {"toy": 2}
    assert found["toy/guide/a b.html"] == FILES["guide/a b.html"]
    assert sorted(found) == [
        "index.html",
        "robots.txt",
        "sitemap.xml",
        "toy/guide/a b.html",
        "toy/index.html",
        "toy/sitemap.xml",
    ]


def test_start_page_and_sitemaps_lead_to_every_page(tmp_path: Path) -> None:
    build(tmp_path / "site.tar.xz", tmp_path, (package(tmp_path),))
    found = members(tmp_path / "site.tar.xz")

    def locations(name: str) -> list[str]:
        root = ElementTree.fromstring(found[name])
        return [element.text for element in root.iter() if element.tag.endswith("}loc")]

    assert b"Sitemap: http://docs.phytotron.test/sitemap.xml" in found["robots.txt"]
    assert locations("sitemap.xml") == ["http://docs.phytotron.test/toy/sitemap.xml"]
    assert locations("toy/sitemap.xml") == [
        "http://docs.phytotron.test/toy/guide/a%20b.html",
        "http://docs.phytotron.test/toy/index.html",
    ]
    assert b'<a href="toy/index.html">Toys &amp; games</a>' in found["index.html"]
    assert b"<lastmod>2023-11-14</lastmod>" in found["toy/sitemap.xml"]


def test_same_bytes_every_time(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    reversed_files = dict(reversed(FILES.items()))
    for folder, files in zip(folders, (FILES, reversed_files), strict=True):
        folder.mkdir()
        build(folder / "site.tar.xz", folder, (package(folder, content=deb(files)),))
    first, second = (folder / "site.tar.xz" for folder in folders)
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as tar:
        for entry in tar:
            owner = (entry.uid, entry.gid, entry.uname, entry.gname)
            assert (entry.mtime, entry.mode, owner) == (1_700_000_001, 0o644, (0, 0, "", ""))


def test_records_the_hash(tmp_path: Path) -> None:
    archive = tmp_path / "site.tar.xz"
    build(archive, tmp_path, (package(tmp_path),))
    verify(archive)
    if shutil.which("sha256sum"):
        command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def test_another_package_is_refused_with_both_hashes(tmp_path: Path) -> None:
    pinned = package(tmp_path)
    file = tmp_path / pinned.file_name
    file.write_bytes(file.read_bytes() + b"!")
    with pytest.raises(UserError) as raised:
        build(tmp_path / "site.tar.xz", tmp_path, (pinned,))
    actual = hashlib.sha256(file.read_bytes()).hexdigest()
    assert pinned.sha256 in str(raised.value)
    assert actual in str(raised.value)
    assert not (tmp_path / "site.tar.xz").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no package", "is not a Debian package"),
        (deb({"other.html": b""}), f"holds no page {FOLDER}/index.html"),
    ],
)
def test_useless_packages_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build(tmp_path / "site.tar.xz", tmp_path, (package(tmp_path, content=content),))
    assert not (tmp_path / "site.tar.xz").exists()


def test_missing_package_is_named(tmp_path: Path) -> None:
    absent = replace(package(tmp_path), version="3.0")
    with pytest.raises(UserError, match=r"toy-doc_3\.0_all\.deb is missing"):
        build(tmp_path / "site.tar.xz", tmp_path, (absent,))


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for apt-get is a shell script")
def test_downloads_the_pinned_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = package(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "apt-get"
    script.write_text(
        f'#!/bin/sh\n[ "$3" = "toy-doc=2:1.0-1" ] && cp "{tmp_path / pinned.file_name}" .\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    assert build(tmp_path / "site.tar.xz", packages=(pinned,)) == {"toy": 2}

    script.write_text("#!/bin/sh\necho 'E: Version not found' >&2\nexit 100\n")
    with pytest.raises(
        UserError, match=r"could not download toy-doc=2:1\.0-1: E: Version not found"
    ):
        build(tmp_path / "site.tar.xz", packages=(pinned,))

    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(UserError, match="apt-get is not installed"):
        build(tmp_path / "site.tar.xz", packages=(pinned,))


def test_the_committed_archive_is_the_recorded_one() -> None:
    verify(SITE / "router.tar.xz")
    assert (SITE / "router.tar.xz").stat().st_size <= 10_000_000


def test_the_committed_archive_holds_all_pages() -> None:
    with tarfile.open(SITE / "router.tar.xz") as tar:
        names = [entry.name for entry in tar]
    pages = {
        item.product: sum(
            name.startswith(f"{item.product}/") and name.endswith(".html") for name in names
        )
        for item in PACKAGES
    }
    assert pages == {"httpd": 244, "libreoffice": 2560, "postgresql": 1169, "python": 498}
    assert names == sorted(names)
    assert not [name for name in names if not name.endswith((".html", ".xml", "robots.txt"))]
    assert {f"{item.product}/{item.start}" for item in PACKAGES} <= set(names)


def test_the_notice_names_every_package() -> None:
    notice = (SITE / "NOTICE").read_text(encoding="utf-8")
    for item in PACKAGES:
        assert f"{item.name} {item.version}" in notice
        assert f"{item.product}/ " in notice
    for licence in (SITE / "licences").iterdir():
        assert f"licences/{licence.name}" in notice


def test_command_line(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--debs", str(tmp_path)]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "site.tar.xz")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "apache2-doc_2.4.71-1~deb12u1_all.deb is missing" in done.stderr
    assert "Traceback" not in done.stderr
