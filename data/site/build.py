"""Build the bundled site: four sets of documentation in one archive, with reproducible bytes.

    python data/site/build.py [--debs DIR] [--out data/site/router.tar.xz]

The pages come from four Debian packages, pinned by version and SHA-256. They are fetched with
`apt-get download`, or read from the folder `--debs` (Debian's snapshot archive has the versions
that the mirror no longer has). Packages are only read: nothing in them is installed or run, and no
file but the archive is written.

data/site/NOTICE lists the contents of the archive. A start page, robots.txt and sitemaps are added,
so that a crawler finds every page.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import lzma
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote
from xml.sax.saxutils import escape

from phytotron.errors import UserError
from phytotron.files import replacing, sha256, write_text

SITE = "http://docs.phytotron.test"


@dataclass(frozen=True)
class Package:
    """A Debian package, and which of its pages are taken.

    Attributes:
        product: folder of its pages in the archive.
        title: the product's name on the start page.
        start: its first page, inside the product's folder.
        name: the package's name.
        version: its version, with epoch.
        sha256: of the package file.
        folder: the folder inside the package whose HTML pages are taken.
        leave_out: regular expression on the path below `folder`: pages that are not taken.
    """

    product: str
    title: str
    start: str
    name: str
    version: str
    sha256: str
    folder: str
    leave_out: str | None = None

    @property
    def file_name(self) -> str:
        """The name of the file as `apt-get download` writes it."""
        return f"{self.name}_{self.version.replace(':', '%3a')}_all.deb"


PACKAGES = (
    Package(
        product="httpd",
        title="Apache HTTP Server 2.4",
        start="index.html",
        name="apache2-doc",
        version="2.4.71-1~deb12u1",
        sha256="a7b3d1131c1c63dbf9999b28e75f9a133d30f70492b419936bd51759ac77a01f",
        folder="usr/share/doc/apache2-doc/manual/en",
    ),
    Package(
        product="libreoffice",
        title="LibreOffice 7.4 Help",
        start="en-US/text/shared/05/new_help.html",
        name="libreoffice-help-en-us",
        version="4:7.4.7-1+deb12u14",
        sha256="8faa840285734d6cfe1ed25537b48f07e74bd6412e3917bf8e5f8a653f7b3712",
        folder="usr/share/libreoffice/help",
        leave_out=r"en-US/noscript\.html",  # asks to switch JavaScript on
    ),
    Package(
        product="postgresql",
        title="PostgreSQL 15",
        start="index.html",
        name="postgresql-doc-15",
        version="15.20-0+deb12u1",
        sha256="4c44bf2c599f208b3f46454a6cf7a72e25ec46ff74d37b59dd31ad76b00eebb7",
        folder="usr/share/doc/postgresql-doc-15/html",
    ),
    Package(
        product="python",
        title="Python 3.11",
        start="index.html",
        name="python3.11-doc",
        version="3.11.2-6+deb12u9",
        sha256="5b3594189d6ef9a6963ce0347fd307a1cc67620ad697e144db366070e2e146be",
        folder="usr/share/doc/python3.11/html",
        # alphabetical indexes, one long table of contents, and a search that needs JavaScript
        leave_out=r"(genindex.*|contents|search)\.html",
    ),
)


def build(
    out: Path, debs: Path | None = None, packages: tuple[Package, ...] = PACKAGES
) -> dict[str, int]:
    """Write the archive and, beside it, `SHA256SUMS`; return the number of pages per product.

    Args:
        out: the archive, whose name ends in `.tar.xz`.
        debs: folder of the package files; None: download them.
        packages: the packages.

    Raises:
        UserError: a package cannot be fetched, is not the pinned one, or has no pages.
    """
    with tempfile.TemporaryDirectory() as scratch:
        files = {
            package: _verified(package, debs or Path(scratch), download=debs is None)
            for package in packages
        }
        members: dict[str, bytes] = {}
        for package, file in files.items():
            members.update(_pages(package, file))
        date = max(_build_date(file) for file in files.values())
    counts = {
        package.product: sum(name.startswith(f"{package.product}/") for name in members)
        for package in packages
    }
    members.update(_directions(packages, sorted(members), date))
    tar = _tar(members, date)
    with replacing(out) as temporary:
        temporary.write_bytes(lzma.compress(tar, preset=9))
    write_text(
        out.with_name("SHA256SUMS"),
        f"{sha256(out)}  {out.name}\n"
        "# The same unpacked, because another version of xz may pack it differently:\n"
        f"# {hashlib.sha256(tar).hexdigest()}  {out.with_suffix('').name}\n",
    )
    return counts


def _verified(package: Package, folder: Path, download: bool) -> Path:
    file = folder / package.file_name
    if download:
        _download(package, folder)
    if not file.is_file():
        raise UserError(f"{file.name} is missing", where=str(folder))
    if (actual := sha256(file)) != package.sha256:
        raise UserError(
            f"is not the package that the site was built from\n"
            f"  expected SHA-256 {package.sha256}\n"
            f"  found            {actual}",
            where=str(file),
            hint="fetch it again, or pin the new version and its hash in build.py",
        )
    return file


def _download(package: Package, folder: Path) -> None:
    if shutil.which("apt-get") is None:
        raise UserError(
            "apt-get is not installed",
            hint=f"put {package.file_name} into a folder and name it with --debs",
        )
    request = f"{package.name}={package.version}"
    command = ["apt-get", "--quiet", "download", request]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(
            f"apt-get could not download {request}: {done.stderr.strip()}",
            hint="a version that the mirror no longer has is in Debian's snapshot archive;"
            " fetch it there and name its folder with --debs",
        )


def _pages(package: Package, file: Path) -> dict[str, bytes]:
    """The HTML pages of a package by member name; symbolic links are left out."""
    pages = {}
    with _ar_member(file, "data.tar") as data, tarfile.open(fileobj=data) as tar:
        for entry in tar:
            path = PurePosixPath(entry.name)
            if not entry.isreg() or path.suffix != ".html":
                continue
            if not path.is_relative_to(package.folder):
                continue
            inner = str(path.relative_to(package.folder))
            if package.leave_out and re.fullmatch(package.leave_out, inner):
                continue
            content = tar.extractfile(entry)
            assert content is not None  # a regular file has content
            pages[f"{package.product}/{inner}"] = content.read()
    if f"{package.product}/{package.start}" not in pages:
        raise UserError(f"holds no page {package.folder}/{package.start}", where=str(file))
    return pages


def _build_date(file: Path) -> int:
    """The date on which a package was built, in seconds since 1970."""
    return next(date for name, date, _ in _ar_members(file) if name == "debian-binary")


def _ar_member(file: Path, prefix: str) -> BinaryIO:
    return next(
        io.BytesIO(content) for name, _, content in _ar_members(file) if name.startswith(prefix)
    )


def _ar_members(file: Path) -> Iterator[tuple[str, int, bytes]]:
    """Name, date and content of the members of an ar archive, which is what a .deb file is."""
    with file.open("rb") as stream:
        if stream.read(8) != b"!<arch>\n":
            raise UserError("is not a Debian package", where=str(file))
        while header := stream.read(60):
            size = int(header[48:58])
            yield header[:16].decode("ascii").rstrip(" /"), int(header[16:28]), stream.read(size)
            stream.seek(size % 2, io.SEEK_CUR)


def _directions(
    packages: tuple[Package, ...], names: list[str], date: int
) -> Iterator[tuple[str, bytes]]:
    """The start page, robots.txt and one sitemap for each product."""
    day = datetime.fromtimestamp(date, UTC).date().isoformat()
    sitemaps = [f"{package.product}/sitemap.xml" for package in packages]
    yield "sitemap.xml", _sitemap("sitemapindex", "sitemap", sitemaps, day)
    for package, sitemap in zip(packages, sitemaps, strict=True):
        pages = [name for name in names if name.startswith(f"{package.product}/")]
        yield sitemap, _sitemap("urlset", "url", pages, day)
    yield "robots.txt", f"User-agent: *\nDisallow:\n\nSitemap: {SITE}/sitemap.xml\n".encode()
    items = "".join(
        f'<li><a href="{package.product}/{package.start}">{escape(package.title)}</a></li>\n'
        for package in packages
    )
    yield (
        "index.html",
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            "<title>Documentation</title>\n</head>\n<body>\n<h1>Documentation</h1>\n"
            f"<ul>\n{items}</ul>\n</body>\n</html>\n"
        ).encode(),
    )


def _sitemap(root: str, item: str, names: list[str], day: str) -> bytes:
    lines = "".join(
        f"<{item}><loc>{SITE}/{quote(name)}</loc><lastmod>{day}</lastmod></{item}>\n"
        for name in names
    )
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{namespace}">\n{lines}</{root}>\n'
    ).encode()


def _tar(members: dict[str, bytes], date: int) -> bytes:
    """A tar archive whose bytes depend only on its members and the date."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(members):
            entry = tarfile.TarInfo(name)
            entry.size = len(members[name])
            entry.mtime = date
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(members[name]))
    return buffer.getvalue()


def main() -> None:
    """Build the archive from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--debs", type=Path, help="folder with the four package files")
    parser.add_argument("--out", type=Path, default=Path("data/site/router.tar.xz"))
    options = parser.parse_args()
    counts = build(options.out, options.debs)
    for product, count in counts.items():
        print(f"{product:12} {count:5} pages")
    print(f"{'together':12} {sum(counts.values()):5} pages, {options.out.stat().st_size:,} bytes")
    print(options.out.with_name("SHA256SUMS").read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
