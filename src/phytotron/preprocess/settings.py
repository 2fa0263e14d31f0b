"""The settings of `preprocess`; `conf/preprocess/paragraphs.yaml` explains each one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TokenizerSettings:
    vocab_size: int
    min_frequency: int
    lowercase: bool


@dataclass(frozen=True)
class LeakSettings:
    threshold: float
    shingle_words: int
    max_removed: float


@dataclass(frozen=True)
class Settings:
    """Everything that the processed folder depends on besides the documents (and `workers`).

    Which values they may have says `phytotron.config.schema`.
    """

    seed: int
    fractions: Mapping[str, float]
    shard_paragraphs: int
    workers: int | None
    tokenizer: TokenizerSettings
    leaks: LeakSettings

    @classmethod
    def from_config(cls, seed: int, config: Mapping[str, Any]) -> Settings:
        """Settings from the group `preprocess`.

        Raises:
            UserError: a key is unknown or missing, or a value is not allowed.
        """
        from phytotron.config.schema import check_group  # here: workers import this module too

        check_group("preprocess", dict(config), lambda key: None)
        nested = {
            "tokenizer": TokenizerSettings(**config["tokenizer"]),
            "leaks": LeakSettings(**config["leaks"]),
        }
        return cls(seed=seed, **{**config, **nested})
