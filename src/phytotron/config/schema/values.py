"""Kinds of values, each with the words that say what is allowed."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
)
from pydantic_core import PydanticCustomError

from phytotron.config.mistakes import shown

# The conformance checks (tests/conformance), each with what it asks of an experiment.
CHECKS = {
    "gradient": "every trainable parameter receives a gradient",
    "overfit": "learns one batch by heart",
    "repeat": "the same seed gives the same result twice",
    "reload": "saved and loaded, it gives the same output",
    "resume": "interrupted and resumed, it ends as if never interrupted",
    "export": "exports where it says that it can",
    "tiny": "its tiny variant runs from end to end",
}
SPLITS = ("train", "val", "test")
MAX_VOCABULARY = 65536  # token ids are stored as uint16


class Keys(BaseModel):
    """A mapping with just these keys, each of just this type: no text is read as a number."""

    # defer_build: a command that checks one group does not pay for all of them.
    model_config = ConfigDict(
        extra="forbid", strict=True, defer_build=True, allow_inf_nan=False, protected_namespaces=()
    )


def mistake(key: str, what: str, allowed: str = "", hint: str | None = None) -> Exception:
    """What a validator raises: a mistake at `key`, seen from where the validator is."""
    context = {"key": key, "what": what, "allowed": allowed, "hint": hint or ""}
    return PydanticCustomError("mistake", "{what}", context)


FromZero = Annotated[int, Field(ge=0, description="a whole number from 0")]
FromOne = Annotated[int, Field(ge=1, description="a whole number from 1")]
Number = Annotated[float, Field(description="a number, such as 0.9")]
AboveZero = Annotated[float, Field(gt=0, description="a number above 0")]
NotNegative = Annotated[float, Field(ge=0, description="a number from 0")]
Share = Annotated[float, Field(ge=0, le=1, description="a number from 0 to 1")]
Text = Annotated[str, Field(pattern=r"\S", description="a text")]
Texts = Annotated[list[Text], Field(description="a list of texts")]
Patterns = Annotated[list[Text], Field(description="a list of patterns, such as [embedding.*]")]
Precision = Literal["32-true", "bf16-mixed", "16-mixed", "bf16-true"]


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


def _override(text: str) -> str:
    if "=" not in text and not text.startswith("~"):
        raise mistake("", f"is {shown(text)}", "overrides such as trainer.max_epochs=2")
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
Overrides = Annotated[
    list[Annotated[Text, AfterValidator(_override)]], Field(description="a list of overrides")
]
