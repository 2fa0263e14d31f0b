"""A Lightning `Trainer` from the config group `trainer`."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from phytotron.errors import UserError
from phytotron.training.checkpointing import PlainCheckpointIO
from phytotron.training.trainer_config import check


def build_trainer(
    node: Mapping[str, Any], callbacks: Sequence[Callback], scratch: Path
) -> pl.Trainer:
    """The trainer that a config asks for: quiet, without loggers or progress bars.

    Checkpoints are the affair of `checkpointing`.

    Args:
        node: the group `trainer`; `threads` is not for the trainer, see `make_deterministic`.
        callbacks: what happens besides the optimisation.
        scratch: where callbacks keep files while training.

    Raises:
        UserError: an unknown key, a value that is not allowed, or devices that are not there.
    """
    check(node)
    _quieten()
    arguments = {key: value for key, value in node.items() if key != "threads"}
    try:
        return pl.Trainer(
            **arguments,
            callbacks=list(callbacks),
            plugins=[PlainCheckpointIO()],
            default_root_dir=scratch,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,  # the data module shares out the batches itself
        )
    except (MisconfigurationException, ValueError) as error:
        raise UserError(" ".join(str(error).split()), where="trainer") from error


def _quieten() -> None:
    """Drop Lightning's banner and tips; its warnings about real mistakes stay."""
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*number of training batches.*smaller than the")
    warnings.filterwarnings("ignore", message=".*treespec, LeafSpec.*deprecated")
