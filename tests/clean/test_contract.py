"""Documents that break their contract are named row by row."""

from __future__ import annotations

import pandas
import pytest

from phytotron.clean.contract import check
from phytotron.errors import UserError


def documents(**columns) -> pandas.DataFrame:
    good = {
        "url": ["http://x/a", "http://x/b"],
        "title": ["A", ""],
        "label": ["one", "two"],
        "group": [0, 1],
        "paragraphs": [["long enough"], ["this too", "and this"]],
    }
    return pandas.DataFrame(good | columns)


def test_good_documents_pass():
    check(documents(), ["one", "two", "three"], min_chars=5, max_chars=20)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"url": ["http://x/b", "http://x/a"]}, "http://x/a: url: not sorted by url"),
        ({"url": ["http://x/a", "http://x/a"]}, "http://x/a: url: field_uniqueness"),
        ({"label": ["one", "four"]}, "http://x/b: label: an unknown label: 'four'"),
        ({"label": ["one", None]}, "http://x/b: label: not_nullable"),
        ({"group": [0, -1]}, "http://x/b: group: a negative group: -1"),
        ({"group": [0.0, 1.0]}, "column group: .*int64.*float64"),
        ({"paragraphs": [["long enough"], []]}, r"http://x/b: paragraphs: not a list .*: \[\]"),
        ({"paragraphs": [["tiny"], ["long enough"]]}, r"http://x/a: paragraphs: .*\['tiny'\]"),
        ({"paragraphs": [["x" * 900], ["long enough"]]}, r"5 to 20 characters: \['xxx.*xxx\.\.\.$"),
        ({"extra": [1, 2]}, "'extra'"),
    ],
)
def test_each_violation_names_row_column_and_value(columns, message):
    with pytest.raises(UserError) as caught:
        check(documents(**columns), ["one", "two"], min_chars=5, max_chars=20)
    lines = str(caught.value).splitlines()
    assert any(pandas.Series([line]).str.contains(message).item() for line in lines), lines
    assert all(len(line) < 250 for line in lines)


def test_many_violations_are_counted_not_listed():
    rows = [f"http://x/{i:03}" for i in range(50)]
    frame = pandas.DataFrame(
        {"url": rows, "title": "", "label": "bad", "group": 0, "paragraphs": [["long enough"]] * 50}
    )
    with pytest.raises(UserError, match=r"\.\.\. and 40 more"):
        check(frame, ["one"], min_chars=5, max_chars=20)
