from types import SimpleNamespace

import numpy as np

from phytotron.figures.sequence import lexicon


def test_a_word_has_its_most_probable_translations_first(trained):
    alignment = SimpleNamespace(
        given_=np.array([1, 1, 0, 2]),
        emitted_=np.array([0, 1, 0, 1]),
        probabilities_=np.array([0.25, 0.75, 1.0, 0.5]),
    )
    data = SimpleNamespace(target_words=[".", "chat", "chien"], source_words=["dog", "cat"])
    rows = lexicon.draw(trained(SimpleNamespace(alignment_=alignment), data=data))
    chat, chien = rows  # a full stop is no word
    assert chat["word"] == "chat"
    assert [chat["says 1"], chat["probability 1"]] == ["cat", 0.75]
    assert [chat["says 2"], chat["probability 2"]] == ["dog", 0.25]
    assert [chien["word"], chien["says 1"], chien["says 2"]] == ["chien", "cat", ""]
