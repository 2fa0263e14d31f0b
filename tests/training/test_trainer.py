"""A Lightning trainer from the config."""

import pytest
import torch

from phytotron.errors import UserError
from phytotron.training.sharded import ShardedStrategy
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


def told_by_torchrun(monkeypatch, **environment):
    told = {"TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name, value in (told | environment).items():
        monkeypatch.setenv(name, value)


def test_torchrun_says_how_many_processes_there_are(tmp_path, monkeypatch):
    """Whatever the config says: else each process would train another model."""
    told_by_torchrun(
        monkeypatch,
        RANK="5",
        LOCAL_RANK="1",
        GROUP_RANK="2",
        WORLD_SIZE="6",
        LOCAL_WORLD_SIZE="2",
    )
    trainer = build_trainer(NODE, [], tmp_path)
    assert (trainer.world_size, trainer.num_nodes, trainer.num_devices) == (6, 3, 2)
    assert (trainer.global_rank, trainer.local_rank, trainer.node_rank) == (5, 1, 2)
    assert not trainer.is_global_zero


def test_slurm_says_how_many_processes_there_are(tmp_path, monkeypatch):
    told = {"SLURM_NTASKS": "4", "SLURM_NNODES": "2", "SLURM_JOB_NAME": "train"}
    told |= {"SLURM_PROCID": "3", "SLURM_LOCALID": "1", "SLURM_NODEID": "1"}
    told |= {"SLURM_NTASKS_PER_NODE": "2", "SLURM_NODELIST": "a[1-2]", "SLURM_JOB_ID": "7"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    trainer = build_trainer(NODE, [], tmp_path)
    assert (trainer.world_size, trainer.num_nodes, trainer.num_devices) == (4, 2, 2)
    assert (trainer.global_rank, trainer.is_global_zero) == (3, False)


def test_more_nodes_than_training_was_started_on_are_refused(tmp_path):
    assert build_trainer(NODE | {"num_nodes": 1}, [], tmp_path).num_nodes == 1
    with pytest.raises(UserError, match=r"trainer\.num_nodes: 2, but training was started on 1"):
        build_trainer(NODE | {"num_nodes": 2}, [], tmp_path)


def test_nodes_of_different_size_are_refused(tmp_path, monkeypatch):
    told_by_torchrun(
        monkeypatch,
        RANK="0",
        LOCAL_RANK="0",
        GROUP_RANK="0",
        WORLD_SIZE="5",
        LOCAL_WORLD_SIZE="2",
    )
    with pytest.raises(UserError, match=r"--nproc-per-node: 5 processes, 2 of them on this node"):
        build_trainer(NODE, [], tmp_path)


def test_weights_are_sharded_on_a_cpu_too(tmp_path):
    trainer = build_trainer(NODE | {"strategy": "fsdp", "devices": 2}, [], tmp_path)
    assert isinstance(trainer.strategy, ShardedStrategy)
    assert trainer.world_size == 2
