"""A training without a network, which does what its standard input says.

Run by test_sender.py as a script: python trainer.py KEY SETTINGS, where SETTINGS is the config's
group `tracking` as JSON, or null. Each line is a command, answered with a line:

    log FIRST LAST   journal these steps
    end              finish
    fail REASON      raise an exception
    stop             raise KeyboardInterrupt
"""

from __future__ import annotations

import json
import sys

from phytotron.tracking.watch import current_journal, watched


def main(key: str, settings: str) -> None:
    with watched("docs/x", key, {"seed": 0, "model": {"layers": [1, 2]}}, json.loads(settings)):
        journal = current_journal()
        print("started" if journal else "not the first", flush=True)
        for line in sys.stdin:
            command, *words = line.split(maxsplit=2)
            if command == "log":
                for step in range(int(words[0]), int(words[1]) + 1):
                    values = {"loss": 1 / (1 + step), "odd@name": float("nan"), "epoch": step // 10}
                    journal.metrics(step, values)
            elif command == "fail":
                raise RuntimeError(" ".join(words))
            elif command == "stop":
                raise KeyboardInterrupt
            else:
                break
            print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
