"""Finding a key's line, value and comment in a YAML file."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from phytotron.config.yaml_positions import line_of, places

TEXT = """\
# A heading with a: colon
defaults:
  - override /model: cnn
a: 1          # first
b:            # a mapping
  c: "x # y"  # quoted mark
  d: [1, 2]   # a list
e:
  - 1
"""


def test_lines_values_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(TEXT)
    assert [(p.key, p.line, p.value, p.comment) for p in places(path)] == [
        ("a", 4, "1", "first"),
        ("b", 5, "", "a mapping"),
        ("b.c", 6, '"x # y"', "quoted mark"),
        ("b.d", 7, "[1, 2]", "a list"),
        ("e", 8, "", ""),
    ]


def test_a_key_that_is_not_there_is_put_on_line_one(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(TEXT)
    assert line_of(path, "b.z") == 1


names = st.text("abcxyz", min_size=1, max_size=4)
trees = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=8) | st.none() | st.floats(allow_nan=False),
    lambda inner: st.dictionaries(names, inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=15,
)


@given(st.dictionaries(names, trees, min_size=1, max_size=5), st.booleans())
def test_every_key_of_any_mapping_is_found_on_its_line(
    tmp_path_factory, content: dict, flow: bool
) -> None:
    path = tmp_path_factory.mktemp("yaml") / "x.yaml"
    text = yaml.safe_dump(content, default_flow_style=flow, width=20)
    path.write_text(text)
    lines = text.splitlines()
    found = {place.key: place.line for place in places(path)}
    assert set(found) == set(paths(content))
    assert all(key.rpartition(".")[2] in lines[line - 1] for key, line in found.items())


def paths(content: dict, prefix: str = "") -> list[str]:
    found = []
    for key, value in content.items():
        found.append(prefix + key)
        if isinstance(value, dict):
            found += paths(value, f"{prefix}{key}.")
    return found
