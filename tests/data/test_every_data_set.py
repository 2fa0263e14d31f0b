"""The tiny variant of every data set in `conf/data/` runs anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from phytotron.config.instantiate import instantiate

CONF = Path(__file__).parents[2] / "conf"


def composed(name: str) -> dict:
    """The data node of an experiment that chooses a data set, tiny if it can be."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", [f"data={name}"])
    if "tiny" in config.data:
        config.data.tiny = True
    return OmegaConf.to_container(config, resolve=True)["data"]


NAMES = sorted(path.stem for path in (CONF / "data").glob("*.yaml"))


@pytest.fixture(params=NAMES)
def tiny(request, tmp_path, monkeypatch):
    """`tiny()`: the tiny variant, where nothing can be fetched."""
    monkeypatch.setenv("PHYTOTRON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "")
    node = composed(request.param)
    if "tiny" not in node:
        pytest.skip("it is read from data/processed/")

    def build() -> pl.LightningDataModule:
        data = instantiate(node)
        if not isinstance(data, pl.LightningDataModule):
            pytest.skip("it is no arrays, but an environment")
        return data

    yield build
    assert not (tmp_path / "cache").exists()


def tensors(data) -> list[torch.Tensor]:
    splits = (data.train, data.validation, data.test)
    return [tensor for split in splits if split is not None for tensor in split]


def test_the_tiny_variant_is_small_and_the_same_each_time(tiny):
    data, again = tiny(), tiny()
    assert data.dimensions.keys() == again.dimensions.keys()
    assert all(map(torch.equal, tensors(data), tensors(again)))
    assert sum(tensor.element_size() * tensor.nelement() for tensor in tensors(data)) < 10e6


def test_its_batches_are_like_its_splits(tiny):
    data = tiny()
    for split, loader in (
        (data.train, data.train_dataloader()),
        (data.validation, data.val_dataloader()),
        (data.test, data.test_dataloader()),
    ):
        assert (len(loader) == 0) == (split is None)
        for batch in loader:
            assert type(batch) is type(split)
            assert [part.dtype for part in batch] == [part.dtype for part in split]
            assert [part.shape[1:] for part in batch] == [part.shape[1:] for part in split]
