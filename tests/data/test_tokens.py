"""Rows of token ids and padded batches of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phytotron.data.tokens import PAD, UNKNOWN, TokenRows

rows = st.lists(st.lists(st.integers(2, 60_000), min_size=1, max_size=20), min_size=1, max_size=20)


@given(rows, st.integers(1, 25), st.data())
def test_a_padded_batch_holds_the_rows_cut_and_filled(rows, max_tokens, data):
    tokens = TokenRows.from_lists(rows, max_tokens)
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=30))
    batch = tokens.padded(np.array(chosen))
    cut = [rows[row][:max_tokens] for row in chosen]
    assert batch.shape == (len(chosen), max(map(len, cut)))
    for got, expected in zip(batch, cut, strict=True):
        assert got[: len(expected)].tolist() == expected
        assert (got[len(expected) :] == PAD).all()


def test_ids_above_the_signed_16_bits_survive():
    tokens = TokenRows(np.array([40_000, 65_535], np.uint16), np.array([0, 2]), 10)
    assert tokens.padded(np.array([0])).tolist() == [[40_000, 65_535]]


def test_a_text_without_tokens_becomes_one_unknown_token():
    tokens = TokenRows.from_lists([[], [5, 6]], 10)
    assert tokens.padded(np.array([0, 1])).tolist() == [[UNKNOWN, PAD], [5, 6]]
