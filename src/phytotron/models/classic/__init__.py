"""Classic learning without gradients in torch: estimators in the sense of scikit-learn."""
