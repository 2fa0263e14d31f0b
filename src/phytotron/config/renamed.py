"""Keys, groups, choices and experiments that were renamed: the old name is answered with the new.

An entry stays for one release.
"""

from __future__ import annotations

# Dotted key to dotted key; a group has all of its keys renamed.
RENAMED: dict[str, str] = {
    "resume": "checkpoint",
    "model.first_beta": "model.beta_start",
    "model.last_beta": "model.beta_end",
    "model.noise": "model.latent_dim",
}

# A choice of a group, or an experiment (`experiment/...`), to its new name.
RENAMED_CHOICES: dict[str, str] = {
    "clean/docs": "router",
    "data/docs": "paragraphs",
    "data/docs_texts": "paragraph_texts",
    "site/docs": "router",
}

# Folders of `conf/experiment/`.
RENAMED_FAMILIES: dict[str, str] = {"docs": "router"}


def renamed(key: str) -> str | None:
    """The new name of a dotted key, or None when it was never another."""
    # From the whole key to its first part: the longest entry decides.
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
