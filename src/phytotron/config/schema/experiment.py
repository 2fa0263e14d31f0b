"""The groups of an experiment, and `params.yaml`, which names experiments."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    model_validator,
)

from phytotron.config.catalogue import catalogue, nearest_id
from phytotron.config.mistakes import shown
from phytotron.config.schema.values import (
    CHECKS,
    SPLITS,
    AboveZero,
    FromOne,
    FromZero,
    Keys,
    Number,
    Patterns,
    Precision,
    Text,
    Texts,
    mistake,
)
from phytotron.errors import did_you_mean


def _override(text: str) -> str:
    if "=" not in text and not text.startswith("~"):
        raise mistake("", f"is {shown(text)}", "overrides such as trainer.max_epochs=2")
    return text


Overrides = Annotated[
    list[Annotated[Text, AfterValidator(_override)]], Field(description="a list of overrides")
]


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
            raise mistake(
                "precision",
                f"'16-mixed' with strategy=fsdp: {why}",
                "32-true, bf16-mixed, bf16-true",
            )
        if self.strategy == "fsdp" and self.compile:
            what = "a network whose weights are sharded is not compiled as a whole"
            raise mistake("compile", what, "null with strategy=fsdp")
        # On a CPU torch would compile without it, and say nothing.
        if self.compile == "reduce-overhead" and self.accelerator == "cpu":
            what = "'reduce-overhead' records CUDA graphs"
            raise mistake("compile", what, "null, default, max-autotune")
        if self.accelerator == "mps" and self.strategy in ("ddp", "fsdp"):
            raise mistake("strategy", f"'{self.strategy}' does not work on mps", "auto")
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
            raise mistake("source", f"'{self.mode}' needs weights", "a folder of a model")
        if self.mode == "finetune" and not self.take:
            allowed = "patterns, such as [embedding.*]"
            raise mistake("take", "'finetune' takes no weights", allowed)
        return self


Seeds = Annotated[
    FromOne | Annotated[list[int], Field(min_length=1)],
    Field(description="a whole number from 1: how many, or a list of seeds"),
]


Origin = Literal["book", "paper", "catalogue", "ours"]


class Preset(Keys):
    """Overrides under which an experiment has another target; what it leaves out is the card's."""

    overrides: Overrides
    target: Number
    origin: Origin | None = None
    source: Text | None = None
    seeds: Seeds | None = None
    # null where the preset is the system of the catalogue's row, and the file a smaller one.
    reduced: Text | None = None
    stand_in: Text | None = None
    tried: Text | None = None
    notes: Text | None = None


class Card(Keys):
    """What an experiment is, and by which number it is measured.

    One that is verified has a target, and says what it is; the pipeline compares experiments with
    each other, and needs no target for that.
    """

    # What is compared: each experiment must say it.
    metric: Text
    goal: Literal["max", "min"]
    # What is verified: an experiment with a target must say it, and where the target is from. It
    # is fixed before the first run: a result counts only for the target that it was compared with.
    target: Number | None = None
    origin: Origin | None = None
    source: Text | None = None  # book with page or listing, paper with table, or the reason
    catalogue: Texts | None = None
    reference: Text | None = None
    # How far the result is that of the system in the catalogue.
    reduced: Text | None = None  # what is smaller or shorter than there
    stand_in: Text | None = None  # what the data stands in for
    tried: Text | None = None  # what was tried where the target is missed
    # How it is verified and tested; what is left out has the usual value.
    seeds: Seeds | None = None
    choices: Literal["none", "validation", "test"] | None = None
    baselines: Annotated[list[Text], Field(description="a list of baselines")] | None = None
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
            raise mistake(
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
                raise mistake(key, what, "ids such as C14", nearest_id(item))
        for check in self.skip or ():
            if check not in CHECKS:
                hint = did_you_mean(check, CHECKS)
                raise mistake(f"skip.{check}", "no such check", ", ".join(CHECKS), hint)
        if self.target is not None:
            # The catalogue says itself what its target is from; all others are looked up somewhere.
            own_source = () if self.origin == "catalogue" else ("source",)
            for key in ("catalogue", "reference", "origin", *own_source, "choices"):
                if getattr(self, key) is None:
                    what = "is missing, beside a target"
                    raise mistake(key, what, "a card that says what its target is from")
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
                raise mistake(f"experiments[{number}]", f"'{name}' is listed twice")
        return self
