"""Kinds of values, each with the words that say what is allowed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)
from pydantic_core import PydanticCustomError

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
