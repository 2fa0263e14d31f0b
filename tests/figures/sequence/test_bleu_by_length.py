import pytest

from phytotron.figures.sequence import bleu_by_length


def test_bleu_of_both_decodings_by_length(trained, translation):
    (axes,) = bleu_by_length.draw(trained(task=translation.task, data=translation.data)).axes
    beam, greedy = axes.containers
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["1–2\n(2)", "3–4\n(1)", "5–5\n(1)", "6–6\n(1)", "7–7\n(1)"]
    # Found as they are, sentences of four words and more have all their n-grams.
    assert [bar.get_height() for bar in beam] == pytest.approx([0, 100, 100, 100, 100], abs=1e-4)
    assert all(bar.get_height() < 1 for bar in greedy)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["beam", "greedy"]
    assert [bar.get_x() < greedy[i].get_x() for i, bar in enumerate(beam)] == [True] * 5
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "words of the source (sentences)", "BLEU-4 (%)",
    )  # fmt: skip
