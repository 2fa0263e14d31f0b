"""A damaged archive is an error that says where, never a shorter crawl."""

from __future__ import annotations

import gzip

import pytest

from phytotron.clean.archive import read_pages
from phytotron.errors import UserError

PAGES = {f"/page{i}.html": f"<p>text of page {i} {'x' * 500}" for i in range(5)}


@pytest.fixture
def archive(tmp_path, write_archive):
    return write_archive(tmp_path / "pages.warc.gz", PAGES)


def offsets(path) -> list[int]:
    data = path.read_bytes()
    starts = [0]
    while (start := data.find(b"\x1f\x8b\x08", starts[-1] + 1)) >= 0:
        starts.append(start)
    return starts


def test_pages_come_in_the_order_of_the_file(archive):
    pages = list(read_pages(archive))
    assert [page.url.removeprefix("http://docs.phytotron.test") for page in pages] == list(PAGES)
    assert [page.body.decode() for page in pages] == list(PAGES.values())
    assert pages[0].content_type == "text/html; charset=utf-8"


def test_a_file_that_is_one_gzip_member_is_read_too(archive):
    whole = b"".join(gzip.decompress(archive.read_bytes()[a:]) for a in [0])
    archive.write_bytes(gzip.compress(whole))
    assert len(list(read_pages(archive))) == 5


@pytest.mark.parametrize("cut", [1, 9, 100])
def test_a_truncated_archive_names_file_and_offset(archive, cut):
    last = offsets(archive)[-1]
    archive.write_bytes(archive.read_bytes()[:-cut])
    with pytest.raises(UserError, match=rf"pages\.warc\.gz: the record at byte {last} is damaged"):
        list(read_pages(archive))


def test_a_flipped_bit_names_file_and_offset(archive):
    data, starts = bytearray(archive.read_bytes()), offsets(archive)
    last = starts[3] - 9  # before the trailer; the byte ends in padding, which nothing reads
    for position in range(starts[2] + 10, starts[3], 7):  # after the member's header
        if position == last:
            continue
        damaged = bytearray(data)
        damaged[position] ^= 4
        archive.write_bytes(damaged)
        with pytest.raises(UserError, match=rf"the record at byte {starts[2]} is damaged"):
            list(read_pages(archive))


def test_other_bytes_and_a_missing_file_are_user_errors(tmp_path):
    path = tmp_path / "pages.warc.gz"
    with pytest.raises(UserError, match="does not exist"):
        list(read_pages(path))
    path.write_bytes(b"no archive at all")
    with pytest.raises(UserError, match="record at byte 0 is damaged"):
        list(read_pages(path))
    path.write_bytes(gzip.compress(b"no record at all\r\n" * 10))
    with pytest.raises(UserError, match="record at byte 0 is damaged"):
        list(read_pages(path))
