"""Config keys and groups that have another name now, answered with it for one release."""

from __future__ import annotations

# Dotted key -> dotted key; "" for a key that is gone without a successor.
RENAMED: dict[str, str] = {
    "register.metric": "compare.metric",
    "register.min_value": "register.threshold",
    "card.precisions": "",  # served `trainer.precision: auto`, which is gone too: name a precision
}
