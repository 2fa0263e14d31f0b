"""MLflow with its settings, and our tags: every module imports `mlflow` from here.

MLflow reads its settings from the environment when it is imported, so they must be set before.
What the user has set stays, with two exceptions: nothing is unpickled, and no usage is reported.
"""

from __future__ import annotations

import os

# Whatever the user has set.
os.environ |= {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
# Unless the user has set them.
for _name, _value in {
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # An exception says what is wrong; MLflow's SQL layer would log its traceback as well.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    # A server that is away is noticed after 1 + 2 + 4 seconds instead of 4 minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}.items():
    os.environ.setdefault(_name, _value)

import mlflow  # noqa: E402
import mlflow.pyfunc  # noqa: E402

__all__ = ["ENDED", "HEARTBEAT", "TAG", "TRAINING", "mlflow"]

# All tags that Phytotron sets begin with this.
TAG = "phytotron."
TRAINING = f"{TAG}training"  # the training's identity: a hash of its config and data
HEARTBEAT = f"{TAG}heartbeat"  # when the sender last saw the training alive
ENDED = f"{TAG}ended"  # why the training ended
