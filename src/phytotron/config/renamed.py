"""Config keys and groups that have another name now, answered with it for one release."""

from __future__ import annotations

# Dotted key -> dotted key; "" for a key that is gone without a successor.
RENAMED: dict[str, str] = {
    "card.precisions": "",  # served `trainer.precision: auto`, which is gone too: name a precision
    "data.classes": "data.read.classes",
    "data.content": "data.read.content",
    "data.english": "data.read.english",
    "data.features": "data.read.features",
    "data.french": "data.read.french",
    "data.generator_seed": "data.read.generator_seed",
    "data.halves": "data.read.halves",
    "data.max_objects": "data.read.max_objects",
    "data.object_heights": "data.read.object_heights",
    "data.orders": "data.read.orders",
    "data.places": "data.read.places",
    "data.repeats": "data.read.repeats",
    "data.rows": "data.read.rows",
    "data.samples": "data.read",
    "data.side": "data.read.side",
    "data.sources": "data.read.sources",
    "data.spread": "data.read.spread",
    "data.style": "data.read.style",
    "data.test_samples": "data.read.test_samples",  # of scenes
    "data.towns": "data.read.towns",
    "data.training_samples": "data.read.training_samples",  # of scenes
    "data.unit": "data.read.unit",
    "data.values": "data.read.values",
    "data.vocabulary": "data.read.vocabulary",
    "data.weights": "data.read.weights",
}
