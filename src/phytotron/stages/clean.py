"""The stage `clean`: data/raw/pages.warc.gz to data/interim/documents.parquet."""

from __future__ import annotations

from pathlib import Path

from phytotron.config.stage import plain, stage_config
from phytotron.files import replacing, write_json
from phytotron.stages import run

ARCHIVE = Path("data/raw/pages.warc.gz")
DOCUMENTS = Path("data/interim/documents.parquet")
ACCOUNT = Path("data/interim/cleaning.json")
ROW_GROUP = 256  # documents; the processes of `preprocess` read group by group


def clean() -> None:
    """Clean the crawled pages, check the documents against their contract, and write them."""
    # Imported here: the processes that clean pages import this module too, and need none of it.
    import pandas

    from phytotron.clean.contract import check
    from phytotron.clean.documents import documents
    from phytotron.clean.labels import LabelRules
    from phytotron.clean.paragraphs import Cleaner
    from phytotron.clean.settings import CleanConfig

    config = plain(stage_config("clean"))
    settings = CleanConfig.from_config(config["clean"])
    site = config["site"]
    labels = LabelRules(site["labels"], f"conf/site/{site['name']}.yaml")
    cleaner = Cleaner(settings, site["content"])
    rows, account = documents(ARCHIVE, cleaner, labels)

    counts = account["labels"]
    for unit in ("pages", "paragraphs"):
        key = f"min_{unit}_per_label"
        labels.check_counts({name: counts[name][unit] for name in counts}, key, site[key])
    frame = pandas.DataFrame(rows)
    check(frame, labels.names, settings.min_chars, settings.max_chars)
    with replacing(DOCUMENTS) as temporary:
        frame.to_parquet(temporary, index=False, row_group_size=ROW_GROUP)
    write_json(ACCOUNT, account)
    print(
        f"clean: {account['pages']['kept']} documents, {account['paragraphs']['kept']} paragraphs,"
        f" {len(counts)} labels"
    )


if __name__ == "__main__":
    run(clean)
