"""Networks and estimators that classify texts."""
