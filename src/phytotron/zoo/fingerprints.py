"""The stage `fingerprints` of zoo/dvc.yaml: one small file for each experiment.

Files whose experiment has not changed keep their content, and DVC verifies only the others again.
"""

from __future__ import annotations

from pathlib import Path

from phytotron.config.fingerprint import fingerprint
from phytotron.config.presets import zoo_ids
from phytotron.files import replacing_folder, write_json
from phytotron.stages import run

OUT = Path("build/zoo/fingerprints")


def main() -> None:
    """Write `build/zoo/fingerprints/<experiment>.json` for every experiment of the zoo."""
    with replacing_folder(OUT) as folder:
        for experiment in zoo_ids():
            write_json(folder / f"{experiment}.json", {"fingerprint": fingerprint(experiment)})
    print(f"fingerprints: {OUT}")


if __name__ == "__main__":
    run(main)
