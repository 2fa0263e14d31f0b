"""Extraction of titles and paragraphs: this pipeline against BeautifulSoup with html.parser.

    python -m benchmarks.extract

Both read the same pages of the bundled site, decoded beforehand, with the same selectors, and must
give the same titles and paragraphs. The rounds are interleaved, so that other load on the machine
meets both alike; the ratio is taken within a round, of the processor's time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from phytotron.clean.extract import Page, extract, extract_reference
from phytotron.clean.settings import Content, ContentRules
from phytotron.html.encoding import decode

GOAL = 5.0
EXTRACTORS: dict[str, Callable[..., Page]] = {
    "phytotron (lexbor)": extract,
    "BeautifulSoup (html.parser)": extract_reference,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--archive", type=Path, default=Path("data/site/router.tar.xz"))
    parser.add_argument("--site", type=Path, default=Path("conf/site/router.yaml"))
    parser.add_argument("--every", type=int, default=10, help="take every n-th page")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    pages = load(options.archive, options.site, options.every)
    size = sum(len(html) for html, _ in pages) / 1e6
    print(f"{len(pages)} pages, {size:.1f} million characters, {options.rounds} rounds")
    seconds: dict[str, list[float]] = {name: [] for name in EXTRACTORS}
    equal = True
    for _ in range(options.rounds):
        results = []
        for name, read in EXTRACTORS.items():
            started = time.process_time()
            results.append([read(html, rule.select, rule.drop) for html, rule in pages])
            seconds[name].append(time.process_time() - started)
        equal = equal and results[0] == results[1]
    for name, times in seconds.items():
        each = [1000 * total / len(pages) for total in times]
        print(
            f"  {name:28} {statistics.median(each):6.2f} ms a page"
            f" (median; {min(each):.2f} to {max(each):.2f})"
        )
    fast, slow = seconds.values()
    ratios = [b / a for a, b in zip(fast, slow, strict=True)]
    print(
        f"  ratio {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}),"
        f" goal {GOAL:g}; results {'equal' if equal else 'DIFFER'}"
    )
    sys.exit(not equal or statistics.median(ratios) < GOAL)


def load(archive: Path, site: Path, every: int) -> list[tuple[str, Content]]:
    """The pages that have a content rule, decoded, with their rule."""
    rules = ContentRules(yaml.safe_load(site.read_text(encoding="utf-8"))["content"])
    pages = []
    with tarfile.open(archive) as tar:
        members = [member for member in tar if member.name.endswith(".html")]
        for member in members[::every]:
            rule = rules.of(f"http://site/{member.name}")
            file = tar.extractfile(member)
            if rule and file:
                pages.append((decode(file.read()), rule))
    return [(html, rule) for html, rule in pages if has_content(html, rule)]


def has_content(html: str, rule: Content) -> bool:
    """Whether the page has its content element: a few pages of the site have none."""
    try:
        extract(html, rule.select)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    main()
