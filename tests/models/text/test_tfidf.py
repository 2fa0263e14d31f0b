"""The baseline."""

import numpy as np
from sklearn.base import clone

from phytotron.models.text.tfidf import TfidfLogisticRegression

ARGUMENTS = {
    "ngrams": 2,
    "features": 4096,
    "inverse_regularization": 10.0,
    "balance": 0.0,
    "iterations": 50,
    "seed": 0,
}
TEXTS = ["create index on t ( a ) ;", "def index ( self ) : pass"] * 20
LABELS = np.array([2, 5] * 20)


def test_it_learns_and_keeps_the_class_ids():
    estimator = TfidfLogisticRegression(**ARGUMENTS).fit(TEXTS, LABELS)
    assert estimator.classes_.tolist() == [2, 5]
    assert (estimator.predict(TEXTS) == LABELS).all()
    probabilities = estimator.predict_proba(TEXTS)
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_punctuation_counts():
    texts, labels = ["a ; b", "a : b"] * 20, np.array([0, 1] * 20)
    assert (TfidfLogisticRegression(**ARGUMENTS).fit(texts, labels).predict(texts) == labels).all()


def test_balance_favours_the_rare_class():
    """Texts that say nothing are given to classes by their weight in training."""
    texts, labels = ["x"] * 100, np.array([0] * 90 + [1] * 10)
    shares = [
        TfidfLogisticRegression(**(ARGUMENTS | {"balance": balance}))
        .fit(texts, labels)
        .predict_proba(["x"])[0, 1]
        for balance in (0.0, 0.5, 1.0)
    ]
    # odds 10 : 90, then each class weighted by n ** -balance
    expected = [10**power / (10**power + 90**power) for power in (1.0, 0.5, 0.0)]
    assert np.allclose(shares, expected, atol=0.02)


def test_it_is_an_estimator_in_the_sense_of_scikit_learn():
    estimator = TfidfLogisticRegression(**ARGUMENTS)
    assert clone(estimator).get_params() == ARGUMENTS
    assert estimator.fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1.0
