"""Keys, groups, choices and experiments that were renamed: the old name is answered with the new.

An entry stays for one release.
"""

from __future__ import annotations

# Dotted key to dotted key, "" for a key that is gone; a group stands for all of its keys.
RENAMED: dict[str, str] = {
    "register.metric": "compare.metric",
    "register.min_value": "register.threshold",
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
    "resume": "checkpoint",
    "model.first_beta": "model.beta_start",
    "model.last_beta": "model.beta_end",
    "model.noise": "model.latent_dim",
    "model.latent": "model.latent_dim",
    "model.outputs": "model.num_outputs",
    "model.spread": "model.weight_std",
}

# A choice of a group, or an experiment (`experiment/...`), to its new name.
RENAMED_CHOICES: dict[str, str] = {
    "clean/docs": "router",
    "data/docs": "paragraphs",
    "data/docs_texts": "paragraph_texts",
    "data/style_pictures": "style_images",
    "site/docs": "router",
    "model/scratch_gradient_descent": "gradient_descent",
    "model/scratch_perceptron": "perceptron",
    "model/scratch_xor_by_hand": "xor_by_hand",
    "model/small_cnn": "stacked_cnn",
}

# Folders of `conf/experiment/`.
RENAMED_FAMILIES: dict[str, str] = {"docs": "router"}


def renamed(key: str) -> str | None:
    """The new name of a dotted key, or None when it was never another."""
    group, rest = key, ""
    while group:
        if group in RENAMED:
            return RENAMED[group] + rest
        group, dot, last = group.rpartition(".")
        rest = f"{dot}{last}{rest}"
    return None


def renamed_choice(group: str, choice: str) -> str | None:
    """The new name of a group's choice, such as the site `docs`."""
    if group == "experiment":
        return renamed_experiment(choice)
    return RENAMED_CHOICES.get(f"{group}/{choice}")


def renamed_experiment(experiment: str) -> str | None:
    """The new id of an experiment, such as `router/textcnn` for `docs/textcnn`."""
    family, slash, name = experiment.partition("/")
    if family in RENAMED_FAMILIES and slash:
        return f"{RENAMED_FAMILIES[family]}/{name}"
    return RENAMED_CHOICES.get(f"experiment/{experiment}")
