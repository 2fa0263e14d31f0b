"""The tags by which Phytotron knows its runs in MLflow."""

from __future__ import annotations

# All tags that Phytotron sets begin with this.
TAG = "phytotron."
TRAINING = f"{TAG}training"  # the training's identity: a hash of its config and data
HEARTBEAT = f"{TAG}heartbeat"  # when the sender last saw the training alive
ENDED = f"{TAG}ended"  # why the training ended
