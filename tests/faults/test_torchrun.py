"""Two nodes that a launcher starts: both know of each other, and one of them writes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from phytotron.files import read_json, sha256

KILLED = -9
NOTHING: dict = {}
ROOT = Path(__file__).parents[2]
# The config says nothing of two: torchrun does.
SMALL = ("data.batch_size=4",)


@pytest.mark.slow
def test_two_nodes_train_as_two_devices(training) -> None:
    nodes = training(*SMALL)
    assert nodes.run_nodes(NOTHING, NOTHING) == [0, 0], nodes.log
    devices = training(*SMALL, "trainer.devices=2")
    assert devices.run_two(NOTHING, NOTHING) == [0, 0], devices.log
    for name in ("model.safetensors", "history.csv"):
        assert nodes.digests()[name] == devices.digests()[name]
    assert nodes.log.count("epoch 1 ") == 1


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_a_node_that_dies(training, killed: int) -> None:
    whole, disturbed = training(*SMALL), training(*SMALL)
    assert whole.run_nodes(NOTHING, NOTHING) == [0, 0], whole.log
    fault = {"kind": "step", "count": 17}
    faults = [fault if node == killed else NOTHING for node in (0, 1)]
    assert 0 not in disturbed.run_nodes(*faults)
    assert disturbed.run_nodes(NOTHING, NOTHING) == [0, 0], disturbed.log
    assert "continuing from step" in disturbed.log
    assert disturbed.digests() == whole.digests()


def test_nodes_that_do_not_share_the_folder_are_told(training) -> None:
    killed = training(*SMALL)
    fault = {"kind": "step", "count": 17}
    killed.run_nodes(fault, fault)
    own = {"kind": "own folder"}
    assert 0 not in killed.run_nodes(NOTHING, own)
    assert "process 1 finds the beginning where the first one finds checkpoint-" in killed.log
    assert "all nodes must share this folder" in killed.log


@pytest.mark.slow
def test_torchrun(training, tmp_path) -> None:
    """Two agents of torchrun, which find each other at a free port of this machine."""
    whole = training(*SMALL, "trainer.devices=2")
    assert whole.run_two(NOTHING, NOTHING) == [0, 0], whole.log
    config = whole.config | {"trainer": whole.config["trainer"] | {"devices": 1}}
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    shutil.copytree(whole.data, tmp_path / "data/processed")
    path = tmp_path / "build/config/router/textcnn.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(config))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1"),
        *("--rdzv-backend=c10d", f"--rdzv-endpoint=127.0.0.1:{port}", "--rdzv-id=test"),
        *("--local-addr=127.0.0.1", "-m", "phytotron.stages.train", "router/textcnn"),
    ]
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    agents = [
        subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [agent.communicate(timeout=240)[0] for agent in agents]
    assert [agent.returncode for agent in agents] == [0, 0], outputs
    model = tmp_path / "build/models/router/textcnn"
    for name in ("model.safetensors", "history.csv"):
        assert sha256(model / name) == whole.digests()[name]
    assert sum(output.count("epoch 1 ") for output in outputs) == 1
    assert read_json(tmp_path / "build/timing/train/router/textcnn.json")["seconds"] > 0
