"""Ask a registered model which label a text has."""

from __future__ import annotations

from typing import NamedTuple

from phytotron.clean.settings import CleanConfig
from phytotron.config.stage import plain
from phytotron.errors import UserError
from phytotron.predict.source import paragraphs
from phytotron.registry.versions import CHAMPION, load_version, resolve
from phytotron.tracking.store import answered, open_store, pipeline_config


class Prediction(NamedTuple):
    """A label and its probability."""

    label: str
    probability: float


def predict(
    source: str, model: str | None = None, top: int = 3, *, allow_private: bool = False
) -> list[Prediction]:
    """The most probable labels of a text, the best first.

    The probabilities of a document are the mean of those of its paragraphs.

    Args:
        source: `-` for standard input, an http(s) address, a file, or the text itself.
        model: `NAME@ALIAS`, `NAME/VERSION` or `NAME`; the pipeline's champion when it is None.
        top: how many labels.
        allow_private: whether an address may be on a private network or this machine.

    Raises:
        UserError: no text, no such model or alias, or the store cannot be used.
    """
    if top < 1:
        raise UserError(f"--top is {top}", allowed="1 or more")
    config = plain(pipeline_config())
    clean = CleanConfig.from_config(config["clean"])
    texts = paragraphs(source, clean, allow_private=allow_private)
    store = open_store(config["tracking"])
    with answered(store.uri):
        version = resolve(store, model or f"{config['register']['model']}@{CHAMPION}")
        router = load_version(version)
    probabilities = router.predict_proba(texts).mean(axis=0, dtype=float)
    ranked = sorted(zip(-probabilities, router.labels, strict=True))
    return [Prediction(label, float(-negative)) for negative, label in ranked[:top]]
