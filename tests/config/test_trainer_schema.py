"""The schema of the config group `trainer`."""

from pathlib import Path

import pytest
import yaml

from phytotron.config.schema import check_group
from phytotron.errors import UserError

ROOT = Path(__file__).parents[2]
NODE = yaml.safe_load((ROOT / "conf/trainer/default.yaml").read_text())


def check(node):
    check_group("trainer", node, lambda key: None)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("precision", "bf16", "32-true, bf16-mixed, 16-mixed, bf16-true"),
        ("accelerator", "tpu", "auto, cpu, gpu, mps"),
        ("strategy", "dpp", "auto, ddp, fsdp"),
        ("compile", True, "null, default, reduce-overhead, max-autotune"),
        ("channels_last", "yes", "true or false"),
        ("gradient_clip_val", -1, "null, or a number above 0"),
        ("gradient_clip_algorithm", "vlaue", "norm, value"),
        ("devices", 0, "a whole number from 1"),
        ("num_nodes", 1.5, "null, or a whole number from 1"),
        ("max_epochs", "3", "a whole number from 1"),
        ("threads", True, "a whole number from 1"),
        ("accumulate_grad_batches", 0.5, "a whole number from 1"),
    ],
)
def test_a_wrong_value_is_answered_with_the_allowed_ones(key, value, allowed):
    with pytest.raises(UserError) as error:
        check(NODE | {key: value})
    assert f"'trainer.{key}' is " in str(error.value)
    assert f"allowed: {allowed}" in str(error.value)


@pytest.mark.parametrize(
    ("together", "why"),
    [
        ({"strategy": "fsdp", "precision": "16-mixed"}, "gradients are sharded"),
        ({"strategy": "fsdp", "compile": "default"}, "not compiled"),
        ({"compile": "reduce-overhead"}, "records CUDA graphs"),
        ({"accelerator": "mps", "strategy": "ddp"}, "does not work on mps"),
    ],
)
def test_what_cannot_work_together_is_refused(together, why):
    for key, value in together.items():
        if key != "accelerator":
            check(NODE | {"accelerator": "gpu", key: value})
    with pytest.raises(UserError, match=why):
        check(NODE | together)


def test_a_near_miss_gets_a_suggestion():
    with pytest.raises(UserError, match=r"did you mean 'trainer\.max_epochs'"):
        check(NODE | {"max_epoch": 3})
    with pytest.raises(UserError, match="did you mean 'bf16-mixed'"):
        check(NODE | {"precision": "bf16-mixd"})
