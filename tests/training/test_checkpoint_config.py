"""Where a training starts: `checkpoint.mode` and what belongs to it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.optim.optimizer import register_optimizer_step_post_hook

from phytotron.config.experiments import load_yaml
from phytotron.config.schema import check_group
from phytotron.errors import UserError
from phytotron.training import checkpoint_config
from phytotron.training.fit import fit, identity

SHORT = ("trainer.max_epochs=1", "callbacks.best_weights=null")


@pytest.fixture
def source(compose, train):
    """A trained model's folder."""
    return train(compose("router/textcnn", *SHORT, "seed=5"), "source")


def weights(folder):
    return load_file(folder / "model.safetensors")


def frozen_run(compose, train, source, *overrides):
    """What a training starts with: its weights after an epoch at learning rate 0."""
    still = ("optimizer.lr=0", "optimizer.weight_decay=0", f"checkpoint.source={source}")
    return weights(train(compose("router/textcnn", *SHORT, *still, *overrides), "still"))


def test_a_warmstart_begins_with_all_weights_of_the_source(compose, train, source):
    begun = frozen_run(compose, train, source, "checkpoint.mode=warmstart")
    assert all(torch.equal(begun[name], value) for name, value in weights(source).items())


def test_finetuning_takes_what_the_patterns_name(compose, train, source):
    taken = frozen_run(
        compose,
        train,
        source,
        "checkpoint.mode=finetune",
        "checkpoint.take=[embedding.*,convolutions.0.*]",
    )
    new = weights(train(compose("router/textcnn", *SHORT, "optimizer.lr=0"), "new"))
    for name, value in weights(source).items():
        named = name.startswith(("embedding.", "convolutions.0."))
        assert torch.equal(taken[name], value if named else new[name]), name


def test_what_is_frozen_stays_while_the_rest_learns(compose, train, source):
    config = compose(
        "router/textcnn",
        *SHORT,
        "checkpoint.mode=warmstart",
        f"checkpoint.source={source}",
        "checkpoint.freeze=[embedding.*]",
    )
    learned, given = weights(train(config)), weights(source)
    same = {name for name in given if torch.equal(learned[name], given[name])}
    assert same == {"embedding.weight"}


def test_a_checkpoint_is_a_source_too(compose, data, tmp_path, source):
    config = compose("router/textcnn", *SHORT, "checkpoint.every_n_steps=1")
    stopped = register_optimizer_step_post_hook(_abort)
    with pytest.raises(SystemExit):
        fit(config, tmp_path / "model", tmp_path / "scratch")
    stopped.remove()
    state = next((tmp_path / "scratch").glob("*/checkpoints/*/state.ckpt"))
    assert (
        checkpoint_config._read(checkpoint_config.weights_file(str(state.parent))).keys()
        == weights(source).keys()
    )


def _abort(optimizer, *_):
    if optimizer.state[optimizer.param_groups[0]["params"][0]]["step"] == 3:
        raise KeyboardInterrupt


def test_how_often_it_is_saved_is_no_part_of_the_identity(compose):
    plain = identity(compose("router/textcnn"))
    for override in ("checkpoint.mode=fresh", "checkpoint.keep=5", "checkpoint.every_n_steps=7"):
        assert identity(compose("router/textcnn", override)) == plain
    assert identity(compose("router/textcnn", "checkpoint.freeze=[output.*]")) != plain


def test_other_weights_of_the_source_are_another_training(compose, data, source, train):
    config = compose("router/textcnn", "checkpoint.mode=warmstart", f"checkpoint.source={source}")
    before = identity(config)
    train(compose("router/textcnn", *SHORT, "seed=6"), "source")
    assert identity(config) != before


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (
            {"mod": "fresh"},
            "unknown key 'checkpoint.mod'\n  allowed: mode, source.*mean 'checkpoint.mode'",
        ),
        ({"mode": "warmstrat", "source": "x"}, "'warmstrat'\n.*did you mean 'warmstart'"),
        ({"mode": "warmstart"}, "checkpoint.source: 'warmstart' needs weights"),
        ({"mode": "warmstart", "source": "nowhere"}, "checkpoint.source: nowhere does not exist"),
        ({"mode": "warmstart", "source": "."}, "has no model.safetensors or state.ckpt"),
        ({"mode": "finetune", "source": "x"}, "checkpoint.take: 'finetune' takes no weights"),
        ({"keep": 0}, "'checkpoint.keep' is 0\n  allowed: a whole number from 1"),
        ({"every_n_steps": "often"}, "'checkpoint.every_n_steps' is 'often'"),
        ({"every_n_seconds": -1}, "'checkpoint.every_n_seconds' is -1"),
        ({"freeze": "embedding"}, "'checkpoint.freeze' is 'embedding'\n  allowed: a list"),
    ],
)
def test_a_mistake_is_answered_before_anything_is_loaded(node, message, tmp_path, monkeypatch):
    shipped = load_yaml(Path("conf/checkpoint/default.yaml").resolve())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"(?s){message}"):
        begin(shipped | node)


def begin(node):
    """What happens to a group's node before a training begins."""
    check_group("checkpoint", node, lambda key: None)
    checkpoint_config.identity(node)


def test_a_pattern_that_fits_no_weight_shows_the_weights(compose, train, source):
    with pytest.raises(
        UserError, match=r"(?s)checkpoint.freeze: 'embeding.weight' fits.*did you mean"
    ):
        train(compose("router/textcnn", *SHORT, "checkpoint.freeze=[embeding.weight]"))


def test_weights_that_do_not_fit_are_named_with_both_shapes(compose, train, source):
    wider = ("model.channels=96", "checkpoint.mode=warmstart", f"checkpoint.source={source}")
    with pytest.raises(UserError, match=r"'embedding.weight' has the shape \(216, 64\), here"):
        train(compose("router/textcnn", *SHORT, *wider))
