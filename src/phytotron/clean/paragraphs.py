"""From the bytes of a page to clean paragraphs, with counts of all changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rensa import RMinHash

from phytotron.clean.archive import RawPage
from phytotron.clean.extract import NoContentError, extract
from phytotron.clean.normalise import normalise, split_long
from phytotron.clean.rules import Rules
from phytotron.clean.settings import CleanConfig, ContentRules
from phytotron.html.complexity import ComplexityError
from phytotron.html.encoding import decode
from phytotron.html.nesting import check_nesting


@dataclass
class CleanPage:
    """The result of cleaning a page.

    Attributes:
        url: its address.
        title: its title, normalised.
        paragraphs: its texts in page order, each of `min_chars` to `max_chars` characters.
        failure: why it could not be read, or None.
        foreign: whether it declares another language than `clean.language`.
        counts: the number of paragraphs that were extracted, dropped, cut, ...
        changed: for each rule, the number of paragraphs that it changed.
        timeouts: for each rule, the number of paragraphs on which it ran out of time.
        signature: the MinHash of all its paragraphs, for finding near-duplicate pages.
    """

    url: str
    title: str = ""
    paragraphs: list[str] = field(default_factory=list)
    failure: str | None = None
    foreign: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    timeouts: Counter[str] = field(default_factory=Counter)
    signature: RMinHash | None = None


class Cleaner:
    """Decodes a page, extracts and normalises its paragraphs, and applies the rules to them.

    Args:
        config: the keys of `clean`.
        contents: the list `site.content`.
    """

    def __init__(self, config: CleanConfig, contents: Sequence[Mapping[str, Any]]) -> None:
        self.config = config
        self._contents = ContentRules(contents)
        self._similar = config.similarity(config.page_similarity)
        self._rules = Rules(config.rules, config.rule_timeout)

    def clean(self, page: RawPage) -> CleanPage:
        """The paragraphs of a page.

        A page without text is a failure, never an empty result: most often the site's layout has
        changed, and the content selector no longer matches.
        """
        result = CleanPage(page.url)
        content = self._contents.of(page.url)
        if content is None:
            result.failure = "no entry of site.content matches"
            return result
        try:
            html = decode(page.body, page.content_type)
            check_nesting(html)
            title, language, texts = extract(html, content.select, content.drop)
        except (NoContentError, ComplexityError) as error:
            result.failure = str(error)
            return result
        if self._is_foreign(language):
            result.foreign = True
            return result
        if not texts:
            result.failure = "no text in the content element"
            return result
        result.title = normalise(title, self.config.unicode_form)
        result.counts["extracted"] = len(texts)
        self._rules.reset()
        for text in texts:
            result.paragraphs += self._pieces(text, result.counts)
        result.signature = self._similar.signature("\n".join(result.paragraphs))
        result.changed, result.timeouts = self._rules.changed, self._rules.timeouts
        return result

    def _is_foreign(self, language: str) -> bool:
        """Whether a page declares another language: "en" stands for "en-US" and "EN" too."""
        wanted = (self.config.language or "").lower()
        return bool(wanted and language) and language.lower().split("-")[0] != wanted

    def _pieces(self, text: str, counts: Counter[str]) -> list[str]:
        config = self.config
        text = normalise(text, config.unicode_form)
        if len(text) >= config.min_chars:
            text = " ".join(self._rules.apply(text).split())
        if len(text) < config.min_chars:
            counts["too short"] += 1
            return []
        if len(text) <= config.max_chars:
            return [text]
        pieces = split_long(text, config.max_chars)
        pieces = [piece for piece in pieces if len(piece) >= config.min_chars]
        counts["cut"] += 1
        counts["pieces"] += len(pieces)
        return pieces
