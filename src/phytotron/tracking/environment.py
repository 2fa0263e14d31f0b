"""MLflow, set up: every module takes `mlflow` from here, so that its settings stand first.

What the user has set in the environment stays, but for two things: nothing is unpickled, and
nothing is reported to anyone.
"""

from __future__ import annotations

import os

os.environ |= {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
for _name, _value in {
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Errors are told once, by the exception; MLflow's SQL layer would log each traceback too.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    # A server that is away is noticed after 1 + 2 + 4 seconds instead of 4 minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}.items():
    os.environ.setdefault(_name, _value)

import mlflow  # noqa: E402
import mlflow.pyfunc  # noqa: E402

__all__ = ["mlflow"]
