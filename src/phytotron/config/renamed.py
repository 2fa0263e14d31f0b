"""Config keys that have a new name, so that the error about an old key can give it."""

from __future__ import annotations

RENAMED: dict[str, str] = {
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
