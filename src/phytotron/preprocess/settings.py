"""The settings of `preprocess`, checked; `conf/preprocess/paragraphs.yaml` explains each one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from phytotron.errors import UserError, did_you_mean
from phytotron.preprocess.split import SPLITS
from phytotron.preprocess.tokenizer import MAX_VOCABULARY


@dataclass(frozen=True)
class TokenizerSettings:
    vocab_size: int = 8192
    min_frequency: int = 2
    lowercase: bool = True


@dataclass(frozen=True)
class LeakSettings:
    threshold: float = 0.8
    shingle_words: int = 2
    max_removed: float = 0.05


@dataclass(frozen=True)
class Settings:
    """Everything that the processed folder depends on besides the documents (and `workers`)."""

    seed: int = 0
    fractions: Mapping[str, float] = field(
        default_factory=lambda: {"train": 0.7, "validation": 0.15, "test": 0.15}
    )
    shard_paragraphs: int = 8192
    workers: int | None = None
    tokenizer: TokenizerSettings = TokenizerSettings()
    leaks: LeakSettings = LeakSettings()

    @classmethod
    def from_config(cls, seed: int, config: Mapping[str, Any]) -> Settings:
        """Settings from the config group `preprocess`.

        Raises:
            UserError: a key is unknown, or a value is not allowed.
        """
        tokenizer = _build(TokenizerSettings, config.get("tokenizer", {}), "preprocess.tokenizer")
        leaks = _build(LeakSettings, config.get("leaks", {}), "preprocess.leaks")
        own = {"seed": seed, **config, "tokenizer": tokenizer, "leaks": leaks}
        return _build(cls, own, "preprocess")

    def __post_init__(self) -> None:
        fractions, tokenizer, leaks = self.fractions, self.tokenizer, self.leaks
        if set(fractions) != set(SPLITS):
            raise _refuse("fractions", dict(fractions), f"the keys {', '.join(SPLITS)}")
        for split, fraction in fractions.items():
            _check_number(f"fractions.{split}", fraction, 0.01, 0.98)
        if abs(sum(fractions.values()) - 1) > 1e-6:
            raise _refuse("fractions", dict(fractions), "numbers that add up to 1")
        _check_whole("shard_paragraphs", self.shard_paragraphs, 1)
        if self.workers is not None:
            _check_whole("workers", self.workers, 1)
        _check_whole("tokenizer.vocab_size", tokenizer.vocab_size, 3, MAX_VOCABULARY)
        _check_whole("tokenizer.min_frequency", tokenizer.min_frequency, 1)
        if not isinstance(tokenizer.lowercase, bool):
            raise _refuse("tokenizer.lowercase", tokenizer.lowercase, "true or false")
        _check_number("leaks.threshold", leaks.threshold, 0.3, 1)
        _check_whole("leaks.shingle_words", leaks.shingle_words, 1)
        _check_number("leaks.max_removed", leaks.max_removed, 0, 1)


def _build(kind: Any, values: Mapping[str, Any], where: str) -> Any:
    known = [one.name for one in fields(kind)]
    for key in values:
        if key not in known:
            raise UserError(
                f"unknown key '{key}'",
                where=where,
                allowed=", ".join(known),
                hint=did_you_mean(key, known),
            )
    return kind(**values)


def _check_whole(key: str, value: Any, low: int, high: int | None = None) -> None:
    right = isinstance(value, int) and not isinstance(value, bool) and value >= low
    if not right or (high is not None and value > high):
        end = "" if high is None else f" to {high}"
        raise _refuse(key, value, f"a whole number from {low}{end}")


def _check_number(key: str, value: Any, low: float, high: float) -> None:
    right = isinstance(value, int | float) and not isinstance(value, bool)
    if not right or not low <= value <= high:
        raise _refuse(key, value, f"a number from {low} to {high}")


def _refuse(key: str, value: Any, allowed: str) -> UserError:
    return UserError(f"{value!r} is not allowed", where=f"preprocess.{key}", allowed=allowed)
