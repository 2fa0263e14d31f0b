"""The running average of the weights."""

from __future__ import annotations

import pytest
import torch
from pytorch_lightning.callbacks import Callback
from safetensors.torch import load_file

from phytotron.errors import UserError
from phytotron.training.ema import EMA

DECAY = 0.8
EMA_NODE = f"callbacks.ema={{_target_:phytotron.training.ema.EMA,decay:{DECAY}}}"


class Watching(Callback):
    """Computes the average step by step, from the task's weights after each step."""

    last: Watching

    def __init__(self):
        Watching.last = self
        self.average, self.validated, self.expected = {}, [], []

    def on_train_batch_end(self, trainer, pl_module, *_):
        for name, value in pl_module.network.state_dict().items():
            old = self.average.get(name, value)
            self.average[name] = DECAY * old + (1 - DECAY) * value

    def on_validation_end(self, trainer, pl_module):
        state = pl_module.network.state_dict()
        self.validated.append({name: value.clone() for name, value in state.items()})
        self.expected.append(dict(self.average))


@pytest.mark.parametrize("best", ["null", "keep"])
def test_the_average_is_what_is_validated_and_saved(compose, train, best):
    keep = [] if best == "keep" else ["callbacks.best_weights=null"]
    config = compose("router/textcnn", EMA_NODE, "trainer.max_epochs=2", *keep)
    config["callbacks"] = {"watching": {"_target_": f"{__name__}.Watching"}} | config["callbacks"]
    saved = load_file(train(config) / "model.safetensors")
    watching = Watching.last
    assert len(watching.validated) == 2
    for seen, expected in zip(watching.validated, watching.expected, strict=True):
        for name, value in expected.items():
            torch.testing.assert_close(seen[name], value)
    if best == "null":
        for name, value in watching.expected[-1].items():
            torch.testing.assert_close(saved[name], value)
    else:
        assert any(
            all(torch.equal(saved[name], value) for name, value in seen.items())
            for seen in watching.validated
        )


@pytest.mark.parametrize("decay", [1, -0.1, 2])
def test_a_decay_that_averages_nothing_is_refused(decay):
    with pytest.raises(UserError, match=r"callbacks\.ema\.decay"):
        EMA(decay)
