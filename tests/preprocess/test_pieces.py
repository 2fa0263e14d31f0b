import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from phytotron.preprocess.pieces import map_pieces


@given(st.lists(st.text(st.sampled_from("ab \n\t\u00a0é"), max_size=12), max_size=8))
def test_same_as_piece_by_piece(texts):
    def codes(pieces: list[str]) -> list[list[int]]:
        assert len(set(pieces)) == len(pieces)
        return [[ord(letter) for letter in piece if letter != "b"] for piece in pieces]

    values, offsets = map_pieces(pa.array(texts, pa.string()), codes, np.uint16)
    assert values.dtype == np.uint16
    assert len(offsets) == len(texts) + 1
    for number, text in enumerate(texts):
        expected = [ord(letter) for letter in "".join(text.split()) if letter != "b"]
        assert values[offsets[number] : offsets[number + 1]].tolist() == expected
