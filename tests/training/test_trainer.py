"""A Lightning trainer from the config."""

import pytest
import torch

from phytotron.errors import UserError
from phytotron.training.trainer import build_trainer

NODE = {"accelerator": "cpu", "devices": 1, "precision": "32-true", "max_epochs": 1, "threads": 1}


def test_the_config_s_values_arrive(tmp_path):
    node = NODE | {"precision": "bf16-mixed", "max_epochs": 7, "gradient_clip_val": 0.5}
    trainer = build_trainer(node | {"accumulate_grad_batches": 3}, [], tmp_path)
    assert trainer.precision == "bf16-mixed"
    assert trainer.max_epochs == 7
    assert trainer.gradient_clip_val == 0.5
    assert trainer.accumulate_grad_batches == 3
    assert trainer.default_root_dir == str(tmp_path)
    assert trainer.loggers == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_devices_that_are_not_there_are_the_user_s_mistake(tmp_path):
    with pytest.raises(UserError, match="trainer"):
        build_trainer(NODE | {"accelerator": "gpu"}, [], tmp_path)
