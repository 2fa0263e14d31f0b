import numpy as np
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from phytotron.preprocess.pieces import map_pieces


@example(["aaaaaa\u00a0\u00a0aa\u00e9\u00a0"] * 4)  # white space at the end, which Arrow reads past
@given(st.lists(st.text(st.sampled_from("ab \n\t\u00a0é"), max_size=12), max_size=8))
def test_same_as_piece_by_piece(texts):
    def codes(pieces: list[str]) -> list[bytes]:
        assert len(set(pieces)) == len(pieces)
        letters = [[ord(letter) for letter in piece if letter != "b"] for piece in pieces]
        return [np.array(numbers, np.uint16).tobytes() for numbers in letters]

    values, offsets = map_pieces(pa.array(texts, pa.string()), codes, np.uint16)
    assert values.dtype == np.uint16
    assert len(offsets) == len(texts) + 1
    for number, text in enumerate(texts):
        expected = [ord(letter) for letter in "".join(text.split()) if letter != "b"]
        assert values[offsets[number] : offsets[number + 1]].tolist() == expected
