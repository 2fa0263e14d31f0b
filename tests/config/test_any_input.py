"""No override and no content of a file leads to a traceback: it composes, or it is answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from phytotron.config.compose import compose_experiment, compose_one
from phytotron.config.experiments import read_params
from phytotron.errors import UserError

# The project of this folder's conftest is made once; each example writes what it changes.
LAX = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
KEYS = st.sampled_from(
    [
        *("model", "model.width", "model.dropout", "trainer", "trainer.max_epochs", "card", "seed"),
        *(
            "trainer.precision",
            "card.metric",
            "experiment",
            "site",
            "hydra",
            "hydra.run",
            "figures",
        ),
        *(
            "resume.keep",
            "model.activation",
            "task.metrics",
            "a.b.c",
            "a@b",
            "defaults",
            "_target_",
        ),
    ]
) | st.text(max_size=12)
VALUES = st.sampled_from(
    [
        *("null", "true", "1", "-1", "1.5", "1e400", "nan", "cnn", "''", "[]", "{}", "[1,[2]]"),
        *("{a: 1}", "{width: {b: 2}}", "${seed}", "${nothing}", "${oc.env:NOBODY}", "???", "a,b"),
        *("{_target_: 3}", "{name: [1]}", "router/cnn", "docs/cnn", "99999999999999999999999"),
        *("range(1,3)", "choice(a,b)", "'${", "[" * 400, "interval(0,1)"),
    ]
) | st.text(max_size=12)
OVERRIDES = st.builds(
    lambda sign, key, sets, value: f"{sign}{key}{sets}{value if sets else ''}",
    st.sampled_from(["", "+", "++", "~"]),
    KEYS,
    st.sampled_from(["=", "="]) | st.just(""),
    VALUES,
)


def answered(compose) -> None:
    """Call it; whatever goes wrong has a text for the user."""
    try:
        compose()
    except UserError as error:
        text = str(error)
    else:
        return
    assert text.strip()
    assert "Traceback" not in text


@LAX
@given(st.lists(OVERRIDES, max_size=3))
@example(["callbacks=null"])
@example(["trainer=null"])
@example(["~trainer"])
@example(["+model={width: {a: 1}}"])
@example(["model=\x00"])
@example(["seed={}"])
def test_any_override_is_answered(project: Path, overrides: list[str]) -> None:
    answered(lambda: compose_experiment("router/cnn", overrides))
    answered(lambda: compose_one(read_params(), "pipeline", overrides))


CONTENTS = st.sampled_from(
    [
        *("", "null", "3", "- a", "a: [", "\t", "a: 1\na: 2", "[1]: 2", "? {a: 1}\n: 2", "&a [*a]"),
        *(
            "defaults: 3",
            "defaults: {a: b}",
            "defaults: [a, {b: c, d: e}]",
            "defaults: [_self_, _self_]",
        ),
        *("defaults:\n  - override /model: 3", "defaults:\n  - /nothing", "defaults: [null]"),
        *("model: 3", "model: {width: [1]}", "model: ${model}", "seed: ${oc.env:NOBODY}", "1: 2"),
        *(
            "card: 3",
            "card: [1]",
            "card: {metric: 3}",
            "card: {1: 2}",
            "trainer: {max_epochs: .inf}",
        ),
        *(
            "x: !!python/object:os.system {}",
            "x: !thing 3",
            "figures: 3",
            "figures: {a: 1}",
            "\x00",
        ),
        *(
            "model:\n  _target_: 3\n  any: [1]",
            "trainer: ???",
            "seed: ${",
            "card: ${card}",
            "a: 2001-01-01",
        ),
    ]
) | st.text(max_size=20)
FILES = st.sampled_from(
    ["experiment/router/cnn", "model/cnn", "trainer/cpu", "config", "pipeline", "site/router"]
)


@LAX
@given(FILES, CONTENTS, st.booleans())
@example("experiment/router/cnn", "model:\n  width: {deeper: 3}", True)
def test_any_content_of_a_file_is_answered(
    project: Path, name: str, content: str, keep: bool
) -> None:
    path = project / f"conf/{name}.yaml"
    before = path.read_bytes()
    path.write_bytes((before if keep else b"") + content.encode("utf-8", "surrogatepass"))
    try:
        answered(lambda: compose_experiment("router/cnn"))
        answered(lambda: compose_one(read_params(), "pipeline"))
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("content", ["", "3", "- a", "site: [", "seed: 2001-01-01", "1: 2", "\x00"])
def test_any_content_of_params_is_answered(project: Path, content: str) -> None:
    (project / "params.yaml").write_text(content)
    with pytest.raises(UserError):
        read_params()


def test_a_file_that_is_no_text_is_answered(project: Path) -> None:
    (project / "conf/model/cnn.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(UserError):
        compose_experiment("router/cnn")
