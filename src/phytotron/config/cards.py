"""Cards: what an experiment is, and by which number it is measured.

A wrong key or value is an error at its line, when the experiment is composed and not after hours
of training.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phytotron.config.yaml_positions import set_at


def check_card(path: Path, card: Mapping[str, Any] | None) -> None:
    """Check the card of an experiment's file, without composing the experiment.

    Args:
        path: the experiment's file, under `conf/experiment/`.
        card: its content.

    Raises:
        UserError: a key is unknown or missing, or a value is of the wrong kind; names file, line
            and key, what is allowed, and the nearest match.
    """
    from phytotron.config.schema import check_group  # here: pydantic is slow to import

    # A file without a card is answered like a card without its keys.
    check_group("card", dict(card or {}), lambda key: set_at([(path, "")], key) or str(path))
