"""A process that has imported all that training needs, and forks a child for each training.

Importing takes seconds and training on tiny data a fraction of one: so hundreds of trainings can
be killed and started again. It reads one JSON object a line, `{"config", "out", "scratch",
"log", "fault", "environment"}`, forks that training, and answers with a line `{"pid"}` at once and
a line `{"pid", "status"}` when the child has ended; a negative status is a signal.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import signal
import sys
import threading
import time
from typing import Any

import psutil
import pytorch_lightning
import torch
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook

from phytotron.errors import Interrupted, UserError
from phytotron.training.fit import fit

assert pytorch_lightning


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def plan(fault: dict[str, Any], scratch: str) -> None:
    """Arrange for the fault that a training shall meet."""
    count = fault.get("count", 1)
    seen = 0

    def every(action) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            action()

    match fault.get("kind"):
        case "step":  # right after an optimizer step
            register_optimizer_step_post_hook(lambda *_: every(die))
        case "validation":  # while a validation looks at its batch

            def in_validation(module: torch.nn.Module, inputs: Any) -> None:
                if not module.training and isinstance(module, torch.nn.Embedding):
                    every(die)

            register_module_forward_pre_hook(in_validation)
        case "file":  # before an operation on a file of the training
            events = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir")

            def before_file(event: str, arguments: tuple) -> None:
                if event in events and str(arguments[0]).startswith(scratch):
                    every(die)

            sys.addaudithook(before_file)
        case "signals":  # as a person presses Ctrl-C

            def press() -> None:
                for _ in range(fault["times"]):
                    os.kill(os.getpid(), signal.Signals[fault["signal"]])

            register_optimizer_step_post_hook(lambda *_: every(press))
        case "clock":  # each look at the wall clock is hours off, in either direction
            jumps = itertools.cycle([7200.0, -86400.0, 3600.0])
            true_time = time.time
            time.time = lambda: true_time() + next(jumps)
        case "disk":  # no file may become larger
            resource.setrlimit(resource.RLIMIT_FSIZE, (fault["bytes"], resource.RLIM_INFINITY))
        case "memory":  # the process may not take more than so much on top of what it has
            limit = psutil.Process().memory_info().vms + fault["bytes"]
            resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def train(job: dict[str, Any]) -> int:
    """Train in this process; the exit status as a stage would give it."""
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(job["environment"])
    plan(job["fault"], job["scratch"])
    try:
        own_folder = job["fault"].get("kind") == "own folder"  # as on a node that shares none
        scratch = job["scratch"] + "-own" * own_folder
        fit(job["config"], job["out"], scratch)
    except UserError as error:
        print(f"error: {error}", flush=True)
        return 2
    except Interrupted as interrupted:
        print(interrupted, flush=True)
        return interrupted.status
    return 0


def answer(content: dict[str, Any]) -> None:
    os.write(1, (json.dumps(content) + "\n").encode())


def wait_for(pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    answer({"pid": pid, "status": os.waitstatus_to_exitcode(status)})


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                status = train(job)
            except BaseException:
                import traceback

                traceback.print_exc()
                status = 1
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        answer({"pid": pid})
        threading.Thread(target=wait_for, args=(pid,)).start()


if __name__ == "__main__":
    main()
