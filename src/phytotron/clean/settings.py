"""How pages become documents: the keys of `clean` and of `site`, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from phytotron.clean.duplicates import Similarity
from phytotron.clean.extract import check_selector
from phytotron.clean.normalise import FORMS, Form
from phytotron.errors import UserError, did_you_mean


@dataclass(frozen=True)
class CleanConfig:
    """The keys of `clean`; `conf/clean/router.yaml` says what each means.

    Raises:
        UserError: a value that is not possible; the message names the key.
    """

    language: str | None = None
    unicode_form: Form = "NFKC"
    min_chars: int = 30
    max_chars: int = 1000
    paragraph_similarity: float = 0.8
    page_similarity: float = 0.5
    shingle_words: int = 3
    permutations: int = 125
    bands: int = 25
    page_timeout: float = 30.0
    max_failed_share: float = 0.01
    rule_timeout: float = 1.0
    max_rule_timeouts: int = 0
    workers: int = 0
    rules: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> CleanConfig:
        """Read the mapping `clean`; an unknown key is a `UserError`."""
        known = [item.name for item in fields(cls)]
        for key in config:
            if key not in known:
                hint = did_you_mean(str(key), known)
                raise UserError(
                    "unknown key", where=f"clean.{key}", allowed=", ".join(known), hint=hint
                )
        return cls(**config)

    def __post_init__(self) -> None:
        for key, allowed in _ALLOWED.items():
            value = getattr(self, key)
            kind = int if isinstance(getattr(CleanConfig, key), int) else (int, float)
            low, high, text = allowed
            if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
                raise UserError(f"{value!r} is not possible", where=f"clean.{key}", allowed=text)
        if self.unicode_form not in FORMS:
            raise UserError(
                f"no form {self.unicode_form!r}",
                where="clean.unicode_form",
                allowed=", ".join(FORMS),
            )
        if not isinstance(self.language, str | None):
            raise UserError("must be a text or null", where="clean.language")
        if self.max_chars < self.min_chars:
            raise UserError("is below clean.min_chars", where="clean.max_chars")
        if self.permutations % self.bands:
            raise UserError(
                f"{self.bands} bands cannot share {self.permutations} permutations evenly",
                where="clean.bands",
                allowed="a divisor of clean.permutations",
            )

    def similarity(self, threshold: float) -> Similarity:
        """The parameters of a near-duplicate search."""
        return Similarity(threshold, self.shingle_words, self.permutations, self.bands)


_COUNT = (1, 10**6, "a whole number from 1 up")
_SHARE = (0.0, 1.0, "a number from 0 to 1")
_SECONDS = (0.001, 86400.0, "a number of seconds above 0")
_FROM_ZERO = (0, 10**9, "a whole number from 0 up")
_ALLOWED: dict[str, tuple[float, float, str]] = {
    "min_chars": _COUNT,
    "max_chars": _COUNT,
    "shingle_words": _COUNT,
    "permutations": _COUNT,
    "bands": _COUNT,
    "paragraph_similarity": _SHARE,
    "page_similarity": _SHARE,
    "max_failed_share": _SHARE,
    "page_timeout": _SECONDS,
    "rule_timeout": _SECONDS,
    "max_rule_timeouts": _FROM_ZERO,
    "workers": _FROM_ZERO,
}


@dataclass(frozen=True)
class Content:
    """Where the content of some pages is.

    Attributes:
        match: is searched in the URL's path.
        select: CSS selector; the first element that it matches holds the content.
        drop: CSS selectors of elements within it that are no content.
    """

    match: re.Pattern[str]
    select: str
    drop: tuple[str, ...]


class ContentRules:
    """The ordered list `site.content`: the first entry whose `match` fits a page is the page's.

    Raises:
        UserError: an entry lacks a key or has an unknown one, or an expression or a selector is
            invalid; the message names the entry.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self.rules = [_content(entry, f"site.content[{i}]") for i, entry in enumerate(entries)]

    def of(self, url: str) -> Content | None:
        """The entry for a page, or None."""
        path = urlsplit(url).path
        return next((rule for rule in self.rules if rule.match.search(path)), None)


def _content(entry: Mapping[str, Any], where: str) -> Content:
    known = ("match", "select", "drop")
    for key in entry:
        if key not in known:
            hint = did_you_mean(str(key), known)
            raise UserError(
                f"unknown key '{key}'", where=where, allowed=", ".join(known), hint=hint
            )
    for key in ("match", "select"):
        if not isinstance(entry.get(key), str):
            raise UserError(f"'{key}' must be a text", where=where)
    try:
        match = re.compile(entry["match"])
    except re.error as error:
        raise UserError(f"'{entry['match']}': {error}", where=where) from error
    drop = tuple(entry.get("drop") or ())
    for selector in (entry["select"], *drop):
        check_selector(selector, where)
    return Content(match, entry["select"], drop)
