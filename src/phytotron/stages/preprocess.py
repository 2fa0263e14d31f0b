"""Stage `preprocess`: data/interim/documents.parquet to data/processed/."""

from __future__ import annotations

from pathlib import Path

from phytotron.stages import run

DOCUMENTS = Path("data/interim/documents.parquet")
PROCESSED = Path("data/processed")


def main() -> None:
    # Imported here because each worker process imports this module anew and needs none of it.
    from phytotron.config.stage import plain, stage_config
    from phytotron.preprocess.pipeline import preprocess
    from phytotron.preprocess.settings import Settings

    config = stage_config("preprocess")
    settings = Settings.from_config(config.seed, plain(config.preprocess))
    manifest = preprocess(DOCUMENTS, PROCESSED, settings)
    for name, split in manifest["splits"].items():
        print(
            f"{name}: {split['paragraphs']} paragraphs of {split['pages']} pages, "
            f"{split['tokens']} tokens"
        )
    for name, counts in manifest["leaks"]["removed"].items():
        print(
            f"removed from {name}: {counts['copies']} copies and {counts['near_copies']} "
            "near-copies of paragraphs in another split"
        )


if __name__ == "__main__":
    run(main)
