"""Several estimators on the same samples, compared by cross-validation.

scikit-learn's `GridSearchCV` compares parameters of one estimator and keeps only the best one. Here
the estimators differ in kind, each has a name under which its accuracy is reported, and all stay
fitted: the figures show the decision regions of every one. The cross-validation is scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import ParameterGrid, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class Variants(ClassifierMixin, BaseEstimator):
    """Classifiers that differ in kind or in parameters; the best one predicts.

    Args:
        variants: classifiers of scikit-learn, by name.
        grids: values to try, by a variant's name and by parameter: each combination is a further
            variant, with a name such as `rbf C=1 gamma=0.7`.
        standardise: give the inputs mean 0 and standard deviation 1, computed on the
            samples of each fit and never on those of the evaluation.
        folds: parts of the cross-validation. Each has about the same share of every class.
        seed: which samples are in which fold.

    Attributes:
        scores_: accuracy on each fold of each variant, shape (folds,).
        estimators_: each variant, fitted on all samples.
        best_: the name of the variant with the highest mean accuracy; ties go to the first.
        classes_: class ids, shape (classes,).
        history_: one row, with the mean accuracy of the best, `val_accuracy`, and of each in
            `variants`.
    """

    def __init__(
        self,
        *,
        variants: Mapping[str, BaseEstimator],
        grids: Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
        standardise: bool = False,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.variants = variants
        self.grids = grids
        self.standardise = standardise
        self.folds = folds
        self.seed = seed

    def fit(self, inputs: NDArray[np.floating], classes: NDArray[np.int64]) -> Variants:
        """Compare and fit all variants.

        Args:
            inputs: shape (samples, features).
            classes: shape (samples,), at least `folds` of each class.
        """
        folds = StratifiedKFold(self.folds, shuffle=True, random_state=self.seed)
        self.scores_, self.estimators_ = {}, {}
        for name, variant in self._all():
            if self.standardise:
                variant = make_pipeline(StandardScaler(), variant)
            self.scores_[name] = cross_val_score(variant, inputs, classes, cv=folds)
            self.estimators_[name] = variant.fit(inputs, classes)
        means = {name: float(scores.mean()) for name, scores in self.scores_.items()}
        self.best_ = max(means, key=lambda name: means[name])
        self.classes_ = np.unique(classes)
        named = {f"val_accuracy_{name}": means[name] for name in self.variants}
        self.history_ = [{"epoch": 0, "val_accuracy": means[self.best_], **named}]
        return self

    def predict(self, inputs: NDArray[np.floating]) -> NDArray[np.int64]:
        """The predictions of the best variant, shape (samples,)."""
        return self.estimators_[self.best_].predict(inputs)

    def _all(self) -> Iterator[tuple[str, BaseEstimator]]:
        for name, variant in self.variants.items():
            yield name, clone(variant)
        for name, grid in (self.grids or {}).items():
            for values in ParameterGrid(dict(grid)):
                words = [name, *(f"{key}={value:g}" for key, value in values.items())]
                yield " ".join(words), clone(self.variants[name]).set_params(**values)
