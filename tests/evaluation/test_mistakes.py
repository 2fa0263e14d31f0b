from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phytotron.evaluation.classifier import confident_mistakes
from phytotron.evaluation.predictions import ClassPredictions


def predictions_of(samples: list[tuple[str, bool, float]]) -> ClassPredictions:
    """Of (page, right, confidence); the actual class is always 0."""
    probabilities = np.array(
        [[c, 1 - c] if right else [1 - c, c] for _, right, c in samples], np.float32
    )
    return ClassPredictions(
        labels=["zero", "one"],
        groups=[url for url, _, _ in samples],
        texts=[f"text {row}" for row in range(len(samples))],
        actual=np.zeros(len(samples), np.int64),
        probabilities=probabilities,
    )


def test_the_most_confident_first_and_one_from_each_page():
    found = confident_mistakes(
        predictions_of(
            [
                ("a", False, 0.6),
                ("a", False, 0.9),
                ("b", True, 0.99),
                ("c", False, 0.95),
                ("a", False, 0.8),
                ("d", False, 0.7),
            ]
        ),
        number=2,
    )
    assert found == [
        {
            "text": "text 3",
            "url": "c",
            "actual": "zero",
            "predicted": "one",
            "confidence": 0.95,
        },
        {"text": "text 1", "url": "a", "actual": "zero", "predicted": "one", "confidence": 0.9},
    ]


def test_no_mistakes_and_none_wanted():
    right, wrong = predictions_of([("a", True, 0.8)]), predictions_of([("a", False, 0.8)])
    assert confident_mistakes(right, 5) == []
    assert confident_mistakes(wrong, 0) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.booleans(), st.sampled_from([0.6, 0.7, 0.9])),
        min_size=1,
    ),
    st.integers(0, 8),
)
def test_properties(samples, number):
    found = confident_mistakes(predictions_of(samples), number)
    pages_with_mistakes = {url for url, right, _ in samples if not right}
    assert len(found) == min(number, len(pages_with_mistakes))
    assert len({mistake["url"] for mistake in found}) == len(found)
    confidences = [mistake["confidence"] for mistake in found]
    assert confidences == sorted(confidences, reverse=True)
    for mistake in found:
        url, right, _ = samples[int(mistake["text"].removeprefix("text "))]
        assert not right
        assert mistake["url"] == url
