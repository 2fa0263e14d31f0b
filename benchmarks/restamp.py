"""Gives results the fingerprints of now, where it is proven that their numbers are the same.

    python -m benchmarks.restamp --why "moved, model bytes equal: see ..." 'scratch/*' dense/line

For maintainers, after a change that gives the same bytes by other code. A result keeps the
fingerprint that it was measured with, and the reason (`restamped`). Presets are included.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from phytotron.config.fingerprint import Fingerprints
from phytotron.config.presets import choose, read_card
from phytotron.runs.result_files import result_file
from phytotron.runs.results import last_result, restamp


def main(argv: Sequence[str] | None = None) -> None:
    """Restamp the results of some experiments."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restamp", description=__doc__)
    parser.add_argument("experiments", nargs="+", metavar="EXPERIMENT", help="ids or globs")
    parser.add_argument("--why", required=True, help="how it was proven that the numbers are equal")
    arguments = parser.parse_args(argv)
    fingerprints, today = Fingerprints(), datetime.now(UTC).date().isoformat()
    for experiment in choose(arguments.experiments):
        for preset in (None, *(read_card(experiment).get("presets") or {})):
            before = last_result(experiment, preset)
            if before is None:
                continue
            path = result_file(experiment, preset)
            after = restamp(path, fingerprints.of(experiment, preset), arguments.why, today)
            done = "as it was" if after == before else "restamped"
            print(f"{path.as_posix()}: {done}")


if __name__ == "__main__":
    main()
