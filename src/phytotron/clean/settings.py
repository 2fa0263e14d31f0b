"""How pages become documents: the keys of `clean` and of `site.content`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from phytotron.clean.duplicates import Similarity
from phytotron.clean.normalise import Form


@dataclass(frozen=True)
class CleanConfig:
    """The keys of `clean`; `conf/clean/router.yaml` says what each means.

    Which values they may have says `phytotron.config.schema`.
    """

    language: str | None
    unicode_form: Form
    min_chars: int
    max_chars: int
    paragraph_similarity: float
    page_similarity: float
    shingle_words: int
    permutations: int
    bands: int
    page_timeout: float
    max_failed_share: float
    rule_timeout: float
    max_rule_timeouts: int
    workers: int
    rules: Sequence[Mapping[str, Any]]

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> CleanConfig:
        """The settings from the group `clean` of a file, or of a model that was registered.

        Raises:
            UserError: a key is unknown or missing, or a value is not allowed.
        """
        from phytotron.config.schema import check_group  # here: workers import this module too

        check_group("clean", dict(config), lambda key: None)
        return cls(**config)

    def similarity(self, threshold: float) -> Similarity:
        """The parameters of a near-duplicate search."""
        return Similarity(threshold, self.shingle_words, self.permutations, self.bands)


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

    Args:
        entries: the list from a checked config.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self.rules = [
            Content(re.compile(entry["match"]), entry["select"], tuple(entry.get("drop") or ()))
            for entry in entries
        ]

    def of(self, url: str) -> Content | None:
        """The entry for a page, or None."""
        path = urlsplit(url).path
        return next((rule for rule in self.rules if rule.match.search(path)), None)
