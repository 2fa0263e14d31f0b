"""The one schema: which keys a config has, and which values they may have.

Each class of `experiment` and `pipeline` is a group of `conf/`, or a mapping inside one; `conf/`
says what the keys mean and what they are by default. `check_group` turns what pydantic finds into
the same sentence for the same mistake, with the place at which it was made.

Import this module late: pydantic takes longer to import than `phytotron list` takes to answer.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    RootModel,
    ValidationError,
)
from pydantic.fields import FieldInfo

from phytotron.config.mistakes import missing_key, shown, unknown_key, wrong_value
from phytotron.config.schema.experiment import Node
from phytotron.errors import UserError, did_you_mean

# The class of a group has its name, as in `Trainer`. Those of the pipeline are imported only when a
# config of the pipeline is checked: classes of pydantic take long to make.
_OF_EXPERIMENT = ("callbacks", "card", "checkpoint", "figures", "seed", "trainer")
_OF_PIPELINE = (
    "clean",
    "compare",
    "evaluate",
    "preprocess",
    "register",
    "report",
    "site",
    "tracking",
)
GROUPS = (*_OF_EXPERIMENT, *_OF_PIPELINE)
# What is built from the `_target_` of a node.
NODES = ("data", "model", "task", "initializer", "regularizer", "optimizer", "scheduler")


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
        check(_model(group), value, where, group)


def _model(group: str) -> type[BaseModel]:
    """The class that a group is checked against."""
    from phytotron.config.schema import experiment

    if group in _OF_PIPELINE:
        from phytotron.config.schema import pipeline

        return getattr(pipeline, group.capitalize())
    return getattr(experiment, group.capitalize()) if group in _OF_EXPERIMENT else Node


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
