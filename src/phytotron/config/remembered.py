"""Answers that are kept under the hash of all that they were worked out from.

Such an answer can never be out of date: whatever changes the question changes the name under which
the answer is looked for. A file that is missing or damaged only costs the time to work it out.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path("build/cache")


def remembered(question: Any, work_out: Callable[[], Any]) -> Any:
    """The answer to a question, from the disk if it has been asked before.

    Args:
        question: a value of JSON that says all that the answer depends on, the code that works it
            out included; the version of Python is added here.
        work_out: gives the answer, a value of JSON.
    """
    name = digest([platform.python_version(), question])
    path = FOLDER / name[:2] / f"{name[2:]}.json"
    with suppress(OSError, ValueError):
        return json.loads(path.read_text(encoding="utf-8"))
    answer = work_out()
    temporary = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # a folder that cannot be written only costs time
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not flushed to the disk: what a power cut leaves is no JSON, and is worked out again.
        temporary.write_text(json.dumps(answer), encoding="utf-8")
        temporary.replace(path)
    return answer


def digest(value: Any) -> str:
    """The hash of a value of JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@cache
def own_code(file: str) -> str:
    """The hash of a module's file (`__file__`), for questions that its code answers."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
