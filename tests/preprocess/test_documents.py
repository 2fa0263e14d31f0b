import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.errors import UserError
from phytotron.preprocess.documents import cut_ranges, read_pages, read_paragraphs


def test_pages_and_ranges_give_back_every_paragraph_in_order(corpus):
    path = corpus.fill().write()
    pages = read_pages(path)
    ranges = cut_ranges(pages.counts, 20)
    texts = [
        text for one in ranges for text in read_paragraphs(path, one.start, one.stop).to_pylist()
    ]
    assert texts == [text for row in corpus.rows for text in row["paragraphs"]]
    assert [pages.names[label] for label in pages.labels] == [row["label"] for row in corpus.rows]
    assert pages.urls == [row["url"] for row in corpus.rows]
    assert len(ranges) > 3


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(1, 100))
def test_ranges_cover_all_pages_once(counts, paragraphs):
    counts = np.array(counts)
    ranges = cut_ranges(counts, paragraphs)
    assert [page for one in ranges for page in range(one.start, one.stop)] == list(
        range(len(counts))
    )
    for number, one in enumerate(ranges):
        assert one.number == number
        assert one.first_paragraph == counts[: one.start].sum()
        assert one.paragraphs == counts[one.start : one.stop].sum()


def test_large_strings_are_read_too(corpus, tmp_path):
    path = corpus.fill().write()
    table = pq.read_table(path)
    large = table.cast(
        pa.schema(
            {
                "url": pa.large_string(),
                "title": pa.large_string(),
                "label": pa.large_string(),
                "group": pa.int64(),
                "paragraphs": pa.large_list(pa.large_string()),
            }
        )
    )
    other = tmp_path / "large.parquet"
    pq.write_table(large, other)
    assert read_pages(other).urls == read_pages(path).urls
    assert read_paragraphs(other, 3, 9).to_pylist() == read_paragraphs(path, 3, 9).to_pylist()


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        read_pages(tmp_path / "documents.parquet")


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.9])
def test_cut_off_file(corpus, keep):
    path = corpus.fill().write()
    content = path.read_bytes()
    path.write_bytes(content[: keep if keep > 1 else int(keep * len(content))])
    with pytest.raises(UserError, match="cannot be read"):
        read_pages(path)


def test_damaged_pages_of_a_file(corpus):
    path = corpus.fill().write()
    content = bytearray(path.read_bytes())
    content[40:400] = bytes(360)
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read"):
        read_pages(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [row | {"paragraphs": []} for row in rows], "has no paragraph"),
        (lambda rows: [row | {"paragraphs": ["text", None]} for row in rows], "null"),
        (lambda rows: [*rows[:-1], rows[-1] | {"label": None}], "'label' has empty rows"),
        (lambda rows: [{"url": row["url"]} for row in rows], "label, group, paragraphs"),
        (lambda rows: [row | {"group": "one"} for row in rows], "cannot be read"),
    ],
)
def test_broken_contract(corpus, change, message):
    corpus.fill()
    corpus.rows = change(corpus.rows)
    with pytest.raises(UserError, match=message):
        read_pages(corpus.write())


def test_no_documents(corpus):
    path = corpus.fill().write()
    pq.write_table(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(UserError, match="no documents"):
        read_pages(path)
