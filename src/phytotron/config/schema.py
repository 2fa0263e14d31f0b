"""The one schema: which keys a config has, and which values they may have.

Each class is a group of `conf/`, or a mapping inside one; `conf/` says what the keys mean and what
they are by default. `check_group` turns what pydantic finds into the same sentence for the same
mistake, with the place at which it was made.

Import this module late: pydantic takes longer to import than `phytotron list` takes to answer.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from phytotron.config.catalogue import catalogue, nearest_id
from phytotron.config.mistakes import missing_key, shown, unknown_key, wrong_value
from phytotron.errors import UserError, did_you_mean

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


def _mistake(key: str, what: str, allowed: str = "", hint: str | None = None) -> Exception:
    """What a validator raises: a mistake at `key`, seen from where the validator is."""
    context = {"key": key, "what": what, "allowed": allowed, "hint": hint or ""}
    return PydanticCustomError("mistake", "{what}", context)


# --- kinds of values, each with the words that say what is allowed ------------------------------

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
        raise _mistake("", f"{shown(text)}: {error}", "a regular expression") from error
    return text


def _selector(text: str) -> str:
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        LexborHTMLParser("").css(text)
    except SelectolaxError as error:
        raise _mistake("", f"{shown(text)} is no CSS selector", "such as div.body") from error
    return text


def _override(text: str) -> str:
    if "=" not in text and not text.startswith("~"):
        raise _mistake("", f"is {shown(text)}", "overrides such as trainer.max_epochs=2")
    return text


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        right = False
    if not right:
        allowed = "an address such as https://example.org/docs/"
        raise _mistake("", f"{shown(text)} cannot be crawled", allowed)
    return text


Expression = Annotated[str, AfterValidator(_expression), Field(description="a regular expression")]
Selector = Annotated[Text, AfterValidator(_selector), Field(description="a CSS selector")]
Overrides = Annotated[
    list[Annotated[Text, AfterValidator(_override)]], Field(description="a list of overrides")
]


# --- an experiment ------------------------------------------------------------------------------


class Trainer(Keys):
    """How long, on what and how exactly to train."""

    # Where to train.
    accelerator: Literal["auto", "cpu", "gpu", "mps"]
    devices: FromOne
    num_nodes: FromOne | None
    strategy: Literal["auto", "ddp", "fsdp"]
    # How exactly, and how fast.
    precision: Precision
    compile: Literal["default", "reduce-overhead", "max-autotune"] | None
    channels_last: bool
    # How long. Lightning takes -1 for "without end", which no card could be verified with.
    max_epochs: FromOne
    check_val_every_n_epoch: FromOne
    # How the weights are updated. Lightning reads a limit of 0 as "do not clip": null says so here.
    gradient_clip_val: AboveZero | None
    gradient_clip_algorithm: Literal["norm", "value"]
    accumulate_grad_batches: FromOne
    log_every_n_steps: FromOne
    threads: FromOne

    @model_validator(mode="after")
    def _works_together(self) -> Trainer:
        """Refuse values that are right by themselves and cannot work together."""
        if self.strategy == "fsdp" and self.precision == "16-mixed":
            why = "the gradient scaler does not know that gradients are sharded"
            raise _mistake(
                "precision",
                f"'16-mixed' with strategy=fsdp: {why}",
                "32-true, bf16-mixed, bf16-true",
            )
        if self.strategy == "fsdp" and self.compile:
            what = "a network whose weights are sharded is not compiled as a whole"
            raise _mistake("compile", what, "null with strategy=fsdp")
        # On a CPU torch would compile without it, and say nothing.
        if self.compile == "reduce-overhead" and self.accelerator == "cpu":
            what = "'reduce-overhead' records CUDA graphs"
            raise _mistake("compile", what, "null, default, max-autotune")
        if self.accelerator == "mps" and self.strategy in ("ddp", "fsdp"):
            raise _mistake("strategy", f"'{self.strategy}' does not work on mps", "auto")
        return self


class Checkpoint(Keys):
    """How a training survives being killed, and where it starts."""

    # Whether the source exists is a question for the moment when training begins.
    mode: Literal["continue", "fresh", "warmstart", "finetune"]
    source: Text | None
    take: Patterns
    freeze: Patterns
    # When to write a checkpoint, and how many to keep.
    every_n_steps: FromOne | None
    every_n_seconds: AboveZero
    keep: FromOne

    @model_validator(mode="after")
    def _has_weights(self) -> Checkpoint:
        if self.mode in ("warmstart", "finetune") and not self.source:
            raise _mistake("source", f"'{self.mode}' needs weights", "a folder of a model")
        if self.mode == "finetune" and not self.take:
            allowed = "patterns, such as [embedding.*]"
            raise _mistake("take", "'finetune' takes no weights", allowed)
        return self


Seeds = Annotated[
    FromOne | Annotated[list[int], Field(min_length=1)],
    Field(description="a whole number from 1: how many, or a list of seeds"),
]


class Preset(Keys):
    """Overrides under which an experiment has another target."""

    overrides: Overrides
    target: Number
    seeds: Seeds | None = None
    notes: Text | None = None


class Card(Keys):
    """What an experiment is, and by which number it is measured.

    One that is verified has a target, and says what it is; the pipeline compares experiments with
    each other, and needs no target for that.
    """

    # What is compared: each experiment must say it.
    metric: Text
    goal: Literal["max", "min"]
    # What is verified, and what it is from: an experiment with a target must say it.
    target: Number | None = None
    catalogue: Texts | None = None
    reference: Text | None = None
    source: Text | None = None
    # How it is verified and tested; what is left out has the usual value.
    seeds: Seeds | None = None
    tiny: Overrides | None = None
    presets: Annotated[dict[str, Preset], Field(description="presets by name")] | None = None
    skip: Annotated[dict[str, Text], Field(description="the reasons, by check")] | None = None
    exports: bool | None = None
    notes: Text | None = None

    @model_validator(mode="after")
    def _says_enough(self) -> Card:
        # A metric without a split reads like a test metric and may be one of training.
        split, slash, name = self.metric.partition("/")
        if split not in SPLITS or not slash or not name:
            last = re.split(r"[/_]", self.metric)[-1]
            raise _mistake(
                "metric",
                f"'{self.metric}' does not say on which split it is measured",
                ", ".join(f"{split}/..." for split in SPLITS),
                f"did you mean 'test/{last}'?",
            )
        # The catalogue is a file, so its ids cannot be a Literal.
        for number, item in enumerate(self.catalogue or ()):
            if item not in catalogue():
                what = f"'{item}' is not in the catalogue"
                key = f"catalogue[{number}]"
                raise _mistake(key, what, "ids such as C14", nearest_id(item))
        for check in self.skip or ():
            if check not in CHECKS:
                hint = did_you_mean(check, CHECKS)
                raise _mistake(f"skip.{check}", "no such check", ", ".join(CHECKS), hint)
        if self.target is not None:
            for key in ("catalogue", "reference"):
                if getattr(self, key) is None:
                    what = "is missing, beside a target"
                    raise _mistake(key, what, "a card with catalogue and reference")
        return self


class Node(BaseModel):
    """What a class or function of any module builds; its keys are the arguments."""

    # Which arguments there are, the group's file says; see `check_experiment_file`.
    model_config = ConfigDict(extra="allow", strict=True, defer_build=True)

    target: Annotated[Text, Field(alias="_target_")]


class Callbacks(RootModel[dict[str, Node | None]]):
    """Callbacks by name; null leaves one out."""


class Figures(RootModel[Texts]):
    """The names of figures; that they exist is checked where they are replaced."""


class Seed(RootModel[FromZero]):
    """The root of all randomness."""


# --- the pipeline -------------------------------------------------------------------------------


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
            raise _mistake("host", "a bundled site needs a host name", "such as docs.example.test")
        hosts = [host.lower() for host in self.allowed_hosts]
        for number, url in enumerate(self.start_urls):
            if hosts and not _hosts(url) & set(hosts):
                what = f"the host of {url} is not in allowed_hosts"
                raise _mistake(f"start_urls[{number}]", what, ", ".join(hosts))
        return self


class Site(Crawl):
    """What to crawl, and how pages get their labels."""

    content: Annotated[list[Content], Field(description="a list of match, select and drop")]
    labels: Annotated[list[Label], Field(description="a list of match and label")]
    min_pages_per_label: FromZero
    min_paragraphs_per_label: FromZero


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
            raise _mistake("max_chars", f"is {self.max_chars}", allowed)
        # MinHash values are divided into bands of equal size; a rest would be left unused.
        if self.permutations % self.bands:
            what = f"{self.bands} bands cannot share {self.permutations} permutations evenly"
            raise _mistake("bands", what, "a divisor of clean.permutations")
        names = [rule.name for rule in self.rules]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise _mistake(f"rules[{number}].name", f"two rules are called '{name}'")
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
            raise _mistake("fractions", what, "numbers that add up to 1")
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


class ParamsFile(Keys):
    """`params.yaml`."""

    site: Annotated[str, Field(description="the name of a file in conf/site/")]
    experiments: Annotated[
        list[str],
        Field(
            min_length=1,
            description="a list of at least one experiment, such as [router/tfidf]; "
            "see: phytotron list",
        ),
    ]
    overrides: Annotated[
        list[str],
        Field(description='a list of texts, such as ["trainer.max_epochs=1"], or []'),
    ]
    seed: FromZero

    @model_validator(mode="after")
    def _lists_each_once(self) -> ParamsFile:
        for number, name in enumerate(self.experiments):
            if name in self.experiments[:number]:
                raise _mistake(f"experiments[{number}]", f"'{name}' is listed twice")
        return self


# The groups of a composed config that have a schema. A group that is not used is null.
GROUPS: dict[str, type[BaseModel]] = {
    "callbacks": Callbacks,
    "card": Card,
    "checkpoint": Checkpoint,
    "clean": Clean,
    "compare": Compare,
    "evaluate": Evaluate,
    "figures": Figures,
    "preprocess": Preprocess,
    "register": Register,
    "report": Report,
    "seed": Seed,
    "site": Site,
    "tracking": Tracking,
    "trainer": Trainer,
}
# What is built from the `_target_` of a node.
NODES = ("data", "model", "task", "initializer", "regularizer", "optimizer", "scheduler")


# --- what pydantic finds, as an error for a person -----------------------------------------------


def check_groups(
    content: Mapping[str, Any], where: Callable[[str], str | None], has_card: bool
) -> None:
    """Check all groups of a composed config that have a schema.

    Args:
        content: plain dicts and lists.
        where: gives the place of a dotted key, see `Composed.where`.
        has_card: whether there must be a card; any other group may be left unused.

    Raises:
        UserError: a key is unknown or missing, or a value is not allowed.
    """
    for group in (*GROUPS, *NODES):
        value = content.get(group)
        check_group(group, {} if has_card and group == "card" and not value else value, where)


def check_group(group: str, value: Any, where: Callable[[str], str | None]) -> None:
    """Check one group of a config.

    Args:
        group: one of `GROUPS` or `NODES`.
        value: its content, as plain dicts and lists; null is a group that is not used.
        where: gives the place of a dotted key, see `Composed.where`.

    Raises:
        UserError: a key is unknown or missing, or a value is not allowed.
    """
    if value is not None:
        check(GROUPS.get(group, Node), value, where, group)


def check(
    model: type[BaseModel], value: Any, where: Callable[[str], str | None], prefix: str = ""
) -> None:
    """Check a value against a class of this module.

    Args:
        model: the class.
        value: plain dicts and lists.
        where: gives the place of a dotted key.
        prefix: the dotted key of the value.

    Raises:
        UserError: says what is wrong first.
    """
    try:
        model.model_validate(value)
    except ValidationError as error:
        raise _as_user_error(error, model, value, where, prefix) from None


def _as_user_error(
    error: ValidationError,
    model: type[BaseModel],
    value: Any,
    where: Callable[[str], str | None],
    prefix: str,
) -> UserError:
    """The first of pydantic's findings; an unknown key before the one that is missing for it."""
    # `include_input=False`: the input is looked up below, as a person wrote it.
    found = error.errors(include_url=False, include_input=False)
    first = next((item for item in found if item["type"] == "extra_forbidden"), found[0])
    parts, field = _follow(model, first["loc"])
    key = _dotted(prefix, parts)
    match first["type"]:
        case "extra_forbidden" | "invalid_key":
            # The keys beside the unknown one are what could have been meant.
            holder, _ = _follow(model, first["loc"][:-1])
            full = _dotted(prefix, [*holder, first["loc"][-1]])
            known = [_dotted(prefix, [*holder, name]) for name in _keys(model, holder)]
            return unknown_key(full, known, where(full))
        case "missing":
            return missing_key(key, allowed(field), where(key))
        case "mistake":
            context = first["ctx"]
            key = f"{key}.{context['key']}" if context["key"] and key else key or context["key"]
            place, what = where(key), context["what"]
            if what.startswith("is "):  # the sentence of other mistakes
                what = f"'{key}' {what}"
            else:
                place = f"{place}: {key}" if place else key
            return UserError(
                what,
                where=place,
                allowed=context["allowed"] or None,
                hint=context["hint"] or None,
            )
    # Whatever else pydantic found, the value is not one of those that the field allows.
    wrong = _at(value, parts)
    hint = did_you_mean(wrong, _choices(field)) if isinstance(wrong, str) else None
    return wrong_value(key, wrong, allowed(field), where(key), hint)


def _dotted(prefix: str, parts: Iterable[Any]) -> str:
    """`site` and ("labels", 3, "match") as `site.labels[3].match`."""
    key = prefix
    for part in parts:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    return key


def _at(value: Any, parts: Iterable[Any]) -> Any:
    for part in parts:
        value = value[part]
    return value


# An annotation, with the description of a field that pydantic has taken apart.
_Field = tuple[Any, str | None]


def _follow(model: Any, location: Sequence[Any]) -> tuple[list[Any], _Field]:
    """The part of a location that is keys of the config, and the field there.

    Pydantic's locations also name the branch of a union and the kind of a mistake; neither is a
    key.
    """
    field: _Field = (model, None)
    parts: list[Any] = []
    for part in location:
        below = _below(field[0], part)
        if below is None:  # the name of a union's branch, not a key
            continue
        parts.append(part)
        field = below
    return parts, field


def _below(annotation: Any, part: Any) -> _Field | None:
    """The field that is at a key of an annotation, or None."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _below(arguments[0], part)
    if origin in (Union, types.UnionType):
        return next((found for arm in arguments if (found := _below(arm, part))), None)
    if origin is list:
        return (arguments[0], None) if isinstance(part, int) else None
    # Pydantic marks a mistake in a key, and not in its value, by a further part "[key]".
    if origin is dict:
        return (arguments[1], None) if part != "[key]" else None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        if issubclass(annotation, RootModel):
            return _below(fields["root"].annotation, part)
        for name, info in fields.items():
            if part in (name, info.alias):
                return _described(info)
    return None


def _described(info: FieldInfo) -> _Field:
    return info.annotation, info.description


def _keys(model: Any, parts: Sequence[Any]) -> list[str]:
    """The keys of the mapping at a location."""
    annotation = _follow(model, parts)[1][0]
    arms = [annotation, *get_args(annotation)]
    models = [arm for arm in arms if isinstance(arm, type) and issubclass(arm, BaseModel)]
    return [name for arm in models for name in arm.model_fields]


def allowed(field: _Field) -> str:
    """What a field may be, in words: `null, or a whole number from 1`."""
    annotation, description = field
    # A field that may be null is described by its other half, so null is added below.
    if description and type(None) not in get_args(annotation):
        return description
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        said = [item.description for item in arguments[1:] if isinstance(item, FieldInfo)]
        return next(filter(None, said), None) or allowed((arguments[0], None))
    if origin in (Union, types.UnionType):
        arms = [allowed((arm, None)) for arm in arguments if arm is not type(None)]
        text = description or " or ".join(arms)
        if type(None) not in arguments:
            return text
        # "null, norm, value" is a list of words; "null, or a whole number from 1" is a sentence.
        choices = all(get_origin(arm) is Literal for arm in arguments if arm is not type(None))
        return f"null, {text}" if choices else f"null, or {text}"
    if origin is Literal:
        return ", ".join(shown(item).strip("'") for item in arguments)
    if origin is list:
        return f"a list of {allowed((arguments[0], None))}"
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return allowed(_described(annotation.model_fields["root"]))
    if isinstance(annotation, type) and issubclass(annotation, Node):
        return "a node with a _target_"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a mapping with the keys {', '.join(annotation.model_fields)}"
    names = {bool: "true or false", str: "a text", int: "a whole number", float: "a number"}
    return names.get(annotation, "a mapping")


def _choices(field: _Field) -> list[str]:
    """The texts that a field may be, where it is one of a few."""
    annotation = field[0]
    if get_origin(annotation) is Literal:
        return [item for item in get_args(annotation) if isinstance(item, str)]
    return [text for arm in get_args(annotation) for text in _choices((arm, None))]
