"""Where the samples came from: what was crawled, dropped and split, and why.

The contract between the stages leaves the keys of `crawl.json` and `cleaning.json` open, so a key
that is missing is a row that is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phytotron.report.inputs import Inputs
from phytotron.report.words import count, listed, readable, size

SPLITS = ("train", "validation", "test")

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Split:
    """One split of the data."""

    name: str
    pages: int
    paragraphs: int
    tokens: int
    labels: Mapping[str, int]  # paragraphs of each class


def splits(manifest: Mapping[str, Any]) -> list[Split]:
    """The splits of `manifest.json`, in the order of their use."""
    found = manifest.get("splits", {})
    return [
        Split(
            name,
            found[name]["pages"],
            found[name]["paragraphs"],
            found[name]["tokens"],
            found[name].get("labels", {}),
        )
        for name in SPLITS
        if name in found
    ]


def pages(inputs: Inputs) -> Rows:
    """From the addresses that the crawler met to the pages that became documents."""
    crawl, cleaned = inputs.crawl, inputs.cleaning.get("pages", {})
    rows = [("fetched", crawl.get("fetched")), ("bytes", crawl.get("bytes"))]
    for kind in ("refused", "failed", "skipped"):
        rows += [(f"{kind}: {why}", number) for why, number in _by_reason(crawl.get(kind, {}))]
    rows.append(("only led to another address", len(crawl.get("redirects", {}))))
    rows.append(("copies of their canonical page", len(crawl.get("duplicates", {}))))
    dropped = Counter(cleaned.get("dropped", {})) + Counter(cleaned.get("failed", {}).values())
    rows += [(f"dropped: {why}", number) for why, number in _by_reason(dropped)]
    rows.append(("kept", cleaned.get("kept")))
    shown = [(what, size(n) if what == "bytes" else count(n)) for what, n in rows if n]
    return [*shown, *(("limit reached", readable(limit)) for limit in crawl.get("limits", []))]


def paragraphs(inputs: Inputs) -> Rows:
    """From the text of the pages to the samples of the splits."""
    cleaned = inputs.cleaning.get("paragraphs", {})
    rows = [("extracted", cleaned.get("extracted"))]
    rows += [(f"dropped: {why}", n) for why, n in _by_reason(cleaned.get("dropped", {}))]
    rows.append(("kept", cleaned.get("kept")))
    for split, kinds in inputs.manifest.get("leaks", {}).get("removed", {}).items():
        for kind, number in kinds.items():
            rows.append((f"removed from {split}: {kind} across splits", number))
    return [(what, count(number)) for what, number in rows if number]


@dataclass(frozen=True)
class Rule:
    """A rule of the cleaning: why it is there and how many paragraphs it changed."""

    name: str
    why: str
    changed: int


def rules(cleaning: Mapping[str, Any]) -> list[Rule]:
    """The rules of `cleaning.json`, those that changed most first."""
    found = [
        Rule(readable(name), readable(rule.get("why", "")), rule["changed"])
        for name, rule in cleaning.get("rules", {}).items()
    ]
    return sorted(found, key=lambda rule: (-rule.changed, rule.name))


def unread(inputs: Inputs, most: int = 200) -> tuple[Rows, int]:
    """The pages that were refused, failed or left out and why, `most` at most; and their number."""
    failed = inputs.cleaning.get("pages", {}).get("failed", {})
    found = {**inputs.crawl.get("reasons", {}), **failed}
    rows = [(readable(url), readable(why)) for url, why in sorted(found.items())]
    return rows[:most], len(rows)


def leak_verdict(manifest: Mapping[str, Any]) -> str | None:
    """What the leak check between the splits found, in one line."""
    leaks = manifest.get("leaks")
    if not leaks:
        return None
    removed = [
        f"{count(sum(kinds.values()))} of {split}" for split, kinds in leaks["removed"].items()
    ]
    return (
        f"{leaks['verdict']}, after paragraphs that have a copy or nearly one in another split "
        f"were removed ({listed(removed)})"
    )


def _by_reason(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Counts in words, the largest first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(readable(why).replace("_", " "), number) for why, number in ordered]
