"""Stage `scrape`: the site to data/raw/pages.warc.gz and data/raw/crawl.json."""

from __future__ import annotations

from pathlib import Path

from phytotron.config.stage import plain, stage_config
from phytotron.files import write_json
from phytotron.progress import progress
from phytotron.scrape.crawl import crawl
from phytotron.scrape.settings import CrawlConfig
from phytotron.stages import run

OUT = Path("data/raw")
STATE = Path("build/scratch/scrape")  # what an interrupted crawl has fetched; outs DVC would delete


def main() -> None:
    """Crawl the site of the pipeline's config."""
    listed = plain(stage_config("scrape").site)
    site = CrawlConfig.from_mapping(listed)
    summary = crawl(
        site,
        OUT,
        state=STATE / site.fingerprint,
        watch=lambda pages: progress(pages, None, "scrape: pages"),
    )
    measured = {
        "seconds": summary.seconds,
        "pages_per_second": summary.pages / summary.seconds,
        "requests": summary.requests,
        "unchanged": summary.unchanged,
        "retries": summary.retries,
    }
    write_json(Path("build/timing/scrape.json"), measured)
    print(summary.text())


if __name__ == "__main__":
    run(main)
