from __future__ import annotations

import pytest
import yaml

from phytotron.config.stage import PIPELINE_CONFIG
from phytotron.errors import UserError
from phytotron.files import write_json
from phytotron.registry import audit
from phytotron.registry.promotion import promote, render, rollback
from phytotron.registry.versions import CHAMPION, aliases

MODEL = "router"


def champion(project) -> str | None:
    return aliases(project.store, MODEL).get(CHAMPION)


def test_a_better_version_passes_the_gate_and_leaves_a_record(three):
    promote(MODEL, "2")
    move = promote(MODEL, "3", why="better")
    assert champion(three) == "3"
    assert (move.before, move.after, move.action, move.forced) == ("2", "3", "promote", False)
    assert move.why.startswith("better; macro-F1 ")
    assert move.numbers["macro_f1"] > move.numbers["champion_macro_f1"]
    assert "@" in move.who
    assert audit.trail(three.store, MODEL)[-1] == move
    assert "champion is version 3, was version 2" in render(move)


@pytest.mark.parametrize(
    ("first", "then", "reason"),
    [("3", "2", "it must be more than 0"), (None, "1", "below the least that is allowed, 0.3")],
)
def test_a_version_that_does_not_pass_changes_nothing(three, first, then, reason):
    if first:
        promote(MODEL, first)
    before = audit.trail(three.store, MODEL)
    with pytest.raises(UserError, match=reason):
        promote(MODEL, then)
    assert champion(three) == first
    assert audit.trail(three.store, MODEL) == before


def test_the_gate_is_passed_by_only_with_a_reason(three):
    with pytest.raises(UserError, match="--why"):
        promote(MODEL, "1", force=True)
    move = promote(MODEL, "1", force=True, why="the demo needs it")
    assert move.forced
    assert move.why == "the demo needs it"
    assert champion(three) == "1"


def test_rollback_goes_back_step_by_step(three):
    for version in ("1", "2", "3"):
        promote(MODEL, version, force=True, why="a test")
    assert rollback(MODEL).after == "2"
    assert rollback(MODEL).after == "1"
    with pytest.raises(UserError, match="no earlier champion"):
        rollback(MODEL)
    promote(MODEL, "3", force=True, why="a test")
    assert rollback(MODEL).after == "1"
    assert champion(three) == "1"


def test_rollback_passes_over_a_version_that_was_deleted(three):
    for version in ("1", "2", "3"):
        promote(MODEL, version, force=True, why="a test")
    three.store.client.delete_model_version(MODEL, "2")
    assert rollback(MODEL).after == "1"


def test_a_move_by_hand_is_noted_and_can_be_rolled_back(three):
    promote(MODEL, "2")
    three.store.client.set_registered_model_alias(MODEL, CHAMPION, "3")
    assert rollback(MODEL).after == "2"
    assert [move.action for move in audit.trail(three.store, MODEL)] == [
        "promote",
        "by hand",
        "rollback",
    ]


@pytest.mark.parametrize("alias_was_set", [False, True])
def test_an_interrupted_move_is_completed_by_the_next(three, monkeypatch, alias_was_set):
    promote(MODEL, "2")

    def killed(*arguments):
        if alias_was_set:
            three.store.client.set_registered_model_alias(MODEL, CHAMPION, "3")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(audit, "point", killed)
        with pytest.raises(KeyboardInterrupt):
            promote(MODEL, "3")
    assert not audit.trail(three.store, MODEL)[-1].done
    with pytest.raises(UserError, match="champion already"):
        promote(MODEL, "3")
    assert champion(three) == "3"
    assert [move.after for move in audit.trail(three.store, MODEL)] == ["2", "3"]
    assert audit.trail(three.store, MODEL)[-1].done


def test_a_champion_of_another_test_set_is_measured_anew(project):
    """By its own predictions on this test split, not by the number that it once had."""
    project.register(project.evaluated("router/weak", test_set="b" * 64))
    project.register(project.evaluated("router/strong"))
    write_json("results/comparison.json", {"selected": "router/strong"})
    promote(MODEL, "1")
    move = promote(MODEL, "2")
    assert "measured anew on this test set" in move.why
    assert move.numbers["champion_macro_f1"] == pytest.approx(
        project.evaluated("router/weak").metrics["macro_f1"], abs=1e-6
    )
    assert 0 < move.numbers["p_value"] <= 1


@pytest.mark.parametrize("choice", ["keep", "promote"])
def test_other_labels_cannot_be_compared_and_the_config_decides(project, choice):
    project.register(project.relabelled(project.evaluated("router/strong")))
    project.register(project.evaluated("router/weak"))
    write_json("results/comparison.json", {"selected": "router/weak"})
    config = yaml.safe_load(PIPELINE_CONFIG.read_text())
    config["register"]["on_incomparable"] = choice
    PIPELINE_CONFIG.write_text(yaml.safe_dump(config))
    promote(MODEL, "1")
    if choice == "promote":
        assert "knows other labels" in promote(MODEL, "2").why
    else:
        with pytest.raises(UserError, match=r"other labels .*on_incomparable is keep"):
            promote(MODEL, "2")


@pytest.mark.parametrize(
    ("model", "version", "message"),
    [
        ("ruoter", "1", "did you mean 'router'"),
        (MODEL, "9", "allowed: 1, 2, 3"),
        (MODEL, "x", "allowed: 1, 2, 3"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(three, model, version, message):
    with pytest.raises(UserError, match=message):
        promote(model, version)
