"""The config group `trainer`."""

import pytest

from phytotron.errors import UserError
from phytotron.training.trainer_config import check

NODE = {"accelerator": "cpu", "devices": 1, "precision": "32-true", "max_epochs": 1, "threads": 1}


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("precision", "bf16", "32-true, bf16-mixed, 16-mixed, bf16-true"),
        ("accelerator", "tpu", "auto, cpu, gpu, mps"),
        ("strategy", "dpp", "auto, ddp, fsdp"),
        ("compile", True, "null, default, reduce-overhead, max-autotune"),
        ("channels_last", "yes", "False, True"),
        ("gradient_clip_val", -1, "null, numbers above 0"),
        ("gradient_clip_algorithm", "vlaue", "norm, value"),
        ("devices", 0, "whole numbers from 1"),
        ("num_nodes", 1.5, "whole numbers from 1"),
        ("max_epochs", "3", "whole numbers from 1"),
        ("threads", True, "whole numbers from 1"),
        ("accumulate_grad_batches", 0.5, "whole numbers from 1"),
    ],
)
def test_a_wrong_value_is_answered_with_the_allowed_ones(key, value, allowed):
    with pytest.raises(UserError) as error:
        check(NODE | {key: value})
    assert f"trainer.{key}: " in str(error.value)
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
    with pytest.raises(UserError, match="did you mean 'max_epochs'"):
        check(NODE | {"max_epoch": 3})
    with pytest.raises(UserError, match="did you mean 'bf16-mixed'"):
        check(NODE | {"precision": "bf16-mixd"})
