from __future__ import annotations

from phytotron.evaluation.tables import read_csv, rounded, write_csv


def test_floats_are_rounded_wherever_they_are():
    assert rounded({"a": [0.1234567, {"b": 2.0}], "c": "0.1234567", "d": 3, "e": None}) == {
        "a": [0.123457, {"b": 2.0}],
        "c": "0.1234567",
        "d": 3,
        "e": None,
    }


def test_a_table_reads_back_with_unix_line_ends(tmp_path):
    rows = [{"label": 'a "b", c', "f1": 1 / 3}, {"label": "d", "f1": 0}]
    write_csv(tmp_path / "t.csv", ["label", "f1"], rows)
    assert (tmp_path / "t.csv").read_bytes() == b'label,f1\n"a ""b"", c",0.333333\nd,0\n'
    assert read_csv(tmp_path / "t.csv") == [
        {"label": 'a "b", c', "f1": "0.333333"},
        {"label": "d", "f1": "0"},
    ]
