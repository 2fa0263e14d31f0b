"""The groups of the pipeline, from the site to the report."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from phytotron.config.mistakes import shown
from phytotron.config.schema.values import (
    MAX_VOCABULARY,
    AboveZero,
    FromOne,
    FromZero,
    Keys,
    NotNegative,
    Number,
    Share,
    Text,
    Texts,
    mistake,
)


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise mistake("", f"{shown(text)}: {error}", "a regular expression") from error
    return text


def _selector(text: str) -> str:
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        LexborHTMLParser("").css(text)
    except SelectolaxError as error:
        raise mistake("", f"{shown(text)} is no CSS selector", "such as div.body") from error
    return text


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        right = False
    if not right:
        allowed = "an address such as https://example.org/docs/"
        raise mistake("", f"{shown(text)} cannot be crawled", allowed)
    return text


Expression = Annotated[str, AfterValidator(_expression), Field(description="a regular expression")]
Selector = Annotated[Text, AfterValidator(_selector), Field(description="a CSS selector")]


class Content(Keys):
    """Which element of some pages is their content."""

    match: Expression
    select: Selector
    drop: Annotated[list[Selector], Field(description="a list of CSS selectors")] | None = None


class Label(Keys):
    """Which label the pages at some addresses get."""

    match: Expression
    label: Text | None


def _hosts(url: str) -> set[str]:
    """How a config may write the host of an address: with its port or not, in letters or ASCII."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    with suppress(UnicodeError):
        return {parts.netloc.lower(), name, name.encode("idna").decode()}
    return {parts.netloc.lower(), name}


class Crawl(Keys):
    """What to crawl, how far and how politely."""

    # Where to crawl, and which pages.
    name: Text
    archive: Text | None
    host: Text | None
    start_urls: Annotated[
        list[Annotated[str, AfterValidator(_address)]],
        Field(min_length=1, description="a list of addresses to start from"),
    ]
    allowed_hosts: Texts
    include: Annotated[list[Expression], Field(description="a list of regular expressions")]
    exclude: Annotated[list[Expression], Field(description="a list of regular expressions")]
    use_sitemaps: bool
    # Limits, so that a trap on a site cannot hold the crawler.
    max_pages: FromOne
    max_depth: FromZero
    max_page_bytes: FromOne
    max_total_bytes: FromOne
    max_redirects: FromZero
    # Manners. A request needs some time, so no timeout of 0.
    delay: NotNegative
    concurrency: FromOne
    timeout: AboveZero
    retries: FromZero
    backoff: NotNegative
    user_agent: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z_-][ -~]*$",
            description="a product name of letters, '-' and '_', as in "
            "'phytotron/0.1 (+https://example.org)'",
        ),
    ]
    allow_private: bool

    @model_validator(mode="after")
    def _fits_together(self) -> Crawl:
        if self.archive and not self.host:
            raise mistake("host", "a bundled site needs a host name", "such as docs.example.test")
        hosts = [host.lower() for host in self.allowed_hosts]
        for number, url in enumerate(self.start_urls):
            if hosts and not _hosts(url) & set(hosts):
                what = f"the host of {url} is not in allowed_hosts"
                raise mistake(f"start_urls[{number}]", what, ", ".join(hosts))
        return self


class Site(Crawl):
    """What to crawl, and how pages get their labels."""

    content: Annotated[list[Content], Field(description="a list of match, select and drop")]
    labels: Annotated[list[Label], Field(description="a list of match and label")]
    min_pages_per_label: FromZero
    min_paragraphs_per_label: FromZero

    @model_validator(mode="after")
    def _has_a_label(self) -> Site:
        if all(rule.label is None for rule in self.labels):
            example = "a list of rules such as {match: ^/guide/, label: guide}"
            raise mistake("labels", "no rule gives a label", example)
        return self


class Rule(Keys):
    """A regular expression that is applied to each paragraph."""

    name: Text
    pattern: Text
    replacement: str
    why: Text
    flags: (
        Annotated[
            list[Literal["ASCII", "DOTALL", "IGNORECASE", "MULTILINE", "VERBOSE"]],
            Field(description="a list of ASCII, DOTALL, IGNORECASE, MULTILINE, VERBOSE"),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _compiles(self) -> Rule:
        import regex  # here: only `clean` needs it

        flags = 0
        for name in self.flags or ():
            flags |= regex.RegexFlag[name]
        try:
            regex.compile(self.pattern, flags)
        except regex.error as error:
            what = f"{shown(self.pattern)}: {error}"
            raise mistake("pattern", what, "a pattern of the library regex") from error
        try:
            # A replacement is checked only when the pattern matches. So add an empty alternative,
            # which matches the empty text. The line break ends a comment in a verbose pattern.
            regex.compile(f"|(?:{self.pattern}\n)", flags).sub(self.replacement, "")
        except (regex.error, IndexError) as error:
            what = f"{shown(self.replacement)}: {error}"
            raise mistake("replacement", what, "a text with groups of the pattern") from error
        return self


class Clean(Keys):
    """How pages become documents."""

    language: Text | None
    unicode_form: Literal["NFC", "NFKC"]
    min_chars: FromOne
    max_chars: FromOne
    paragraph_similarity: Share
    page_similarity: Share
    shingle_words: FromOne
    permutations: FromOne
    bands: FromOne
    page_timeout: AboveZero
    max_failed_share: Share
    rule_timeout: AboveZero
    max_rule_timeouts: FromZero
    workers: FromZero
    rules: Annotated[list[Rule], Field(description="a list of rules")]

    @model_validator(mode="after")
    def _fits_together(self) -> Clean:
        if self.max_chars < self.min_chars:
            allowed = f"at least clean.min_chars, {self.min_chars}"
            raise mistake("max_chars", f"is {self.max_chars}", allowed)
        # MinHash values are divided into bands of equal size; a rest would be left unused.
        if self.permutations % self.bands:
            what = f"{self.bands} bands cannot share {self.permutations} permutations evenly"
            raise mistake("bands", what, "a divisor of clean.permutations")
        names = [rule.name for rule in self.rules]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise mistake(f"rules[{number}].name", f"two rules are called '{name}'")
        return self


class Tokenizer(Keys):
    """Byte-pair encoding."""

    vocab_size: Annotated[
        int,
        Field(ge=3, le=MAX_VOCABULARY, description=f"a whole number from 3 to {MAX_VOCABULARY}"),
    ]
    min_frequency: FromOne
    lowercase: bool


class Leaks(Keys):
    """Paragraphs that are also in another split."""

    threshold: Annotated[float, Field(ge=0.3, le=1, description="a number from 0.3 to 1")]
    shingle_words: FromOne
    max_removed: Share


_Fraction = Annotated[float, Field(ge=0.01, le=0.98, description="a number from 0.01 to 0.98")]


class Fractions(Keys):
    """How large the splits are."""

    train: _Fraction
    validation: _Fraction
    test: _Fraction


class Preprocess(Keys):
    """How documents become samples."""

    fractions: Fractions
    tokenizer: Tokenizer
    leaks: Leaks
    shard_paragraphs: FromOne
    workers: FromOne | None

    @model_validator(mode="after")
    def _adds_up(self) -> Preprocess:
        total = sum(self.fractions.model_dump().values())
        if abs(total - 1) > 1e-6:
            what = f"the fractions add up to {total:g}"
            raise mistake("fractions", what, "numbers that add up to 1")
        return self


class Evaluate(Keys):
    """Evaluation on the test split."""

    bootstrap: FromOne
    mistakes: FromZero
    calibration_bins: FromOne


class Compare(Keys):
    """Comparison of the experiments."""

    baseline: Text
    metric: Text | None = None
    goal: Literal["max", "min"] | None = None
    alpha: Annotated[float, Field(gt=0, lt=1, description="a number between 0 and 1")]
    permutations: FromOne


class Register(Keys):
    """The model registry and its gate."""

    model: Text
    threshold: Number
    min_gain: Number
    on_incomparable: Literal["promote", "keep"]


class Report(Keys):
    """The page about a run of the pipeline."""

    title: Text
    mistakes: FromZero


class Sender(Keys):
    """How often the sender of a training's journal acts, in seconds."""

    sample: AboveZero
    heartbeat: AboveZero
    longest_pause: AboveZero
    grace: NotNegative


class Tracking(Keys):
    """Where MLflow keeps runs and models."""

    uri: Text
    artifacts: Text
    experiment: Text
    lease: bool | None
    sender: Sender
