"""Several steps at once, or one at a time: the same model, byte for byte."""

from __future__ import annotations

import pytest
import torch

from phytotron.files import sha256
from phytotron.training import steps_per_execution
from phytotron.training.steps_per_execution import StepsPerExecution

EMA = "callbacks.ema={_target_:phytotron.training.ema.EMA,decay:0.9}"


GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


@pytest.mark.parametrize("accelerator", ["cpu", pytest.param("gpu", marks=GPU)])
@pytest.mark.parametrize(
    "overrides",
    [
        ("trainer.gradient_clip_val=null",),
        ("trainer.gradient_clip_val=0.1",),
        (EMA,),
        ("trainer.precision=bf16-mixed", EMA),
    ],
    ids=["schedule", "clipping", "average", "bf16 and average"],
)
def test_the_same_model(compose, train, monkeypatch, overrides, accelerator):
    config = compose(
        "router/textcnn",
        "data.batch_size=8",
        "trainer.max_epochs=2",
        "trainer.log_every_n_steps=4",
        f"trainer.accelerator={accelerator}",
        *overrides,
    )
    digests, together = [], []
    take = StepsPerExecution.take

    def counted(steps, loop, fetcher):
        before = loop.trainer.global_step
        take(steps, loop, fetcher)
        together.append(loop.trainer.global_step - before)

    monkeypatch.setattr(StepsPerExecution, "take", counted)
    for limit in (0, float("inf")):  # a shorter step is small
        monkeypatch.setattr(steps_per_execution, "SMALL_STEP_SECONDS", limit)
        together.clear()
        folder = train(config, f"model-{limit}")
        digests.append({path.name: sha256(path) for path in folder.iterdir()})
        assert max(together, default=0) == (4 if limit else 0)
    assert digests[0] == digests[1]
