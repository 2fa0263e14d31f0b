"""TF-IDF with logistic regression: the baseline for networks."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline


class TfidfLogisticRegression(ClassifierMixin, BaseEstimator):
    """Hashed word n-grams, sublinear TF-IDF, multinomial logistic regression.

    A word is a run of letters, digits and underscores, or a single other character: in technical
    text punctuation is informative. Hashing needs no vocabulary, so the saved model is small.

    Args:
        ngrams: longest n-gram, in words.
        features: columns that the n-grams share by hashing.
        inverse_regularization: called C in scikit-learn.
        balance: a class of n samples is weighted by n ** -balance; 0 leaves all samples alike, 1
            gives all classes the same weight.
        iterations: passes of the solver over the data (SAG, Schmidt et al., 2013). It is stopped
            there: the validation scores no longer change long before the loss does.
        seed: of the order in which the solver draws samples.

    Attributes:
        pipeline_: the fitted steps.
        classes_: the class ids that occur in training, shape (classes,).
        n_iter_: passes that the solver took.
    """

    def __init__(
        self,
        *,
        ngrams: int,
        features: int,
        inverse_regularization: float,
        balance: float,
        iterations: int,
        seed: int,
    ) -> None:
        self.ngrams = ngrams
        self.features = features
        self.inverse_regularization = inverse_regularization
        self.balance = balance
        self.iterations = iterations
        self.seed = seed

    def fit(self, texts: Sequence[str], labels: NDArray[np.int64]) -> TfidfLogisticRegression:
        counter = HashingVectorizer(
            token_pattern=r"(?u)\w+|[^\w\s]",
            ngram_range=(1, self.ngrams),
            n_features=self.features,
            alternate_sign=False,
            norm=None,
            dtype=np.float32,
        )
        regression = LogisticRegression(
            C=self.inverse_regularization,
            solver="sag",
            max_iter=self.iterations,
            random_state=self.seed,
        )
        self.pipeline_ = Pipeline(
            [
                ("count", counter),
                ("weigh", TfidfTransformer(sublinear_tf=True)),
                ("classify", regression),
            ]
        )
        counts = np.bincount(labels)
        weights = (counts.mean() / np.maximum(counts, 1)) ** self.balance
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.pipeline_.fit(texts, labels, classify__sample_weight=weights[labels])
        self.classes_ = regression.classes_
        self.n_iter_ = int(regression.n_iter_[0])
        return self

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Probabilities, shape (texts, classes), in the order of `classes_`."""
        return self.pipeline_.predict_proba(texts)

    def predict(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The most probable class id of each text, shape (texts,)."""
        return self.classes_[self.predict_proba(texts).argmax(axis=1)]
