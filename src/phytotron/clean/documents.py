"""From a web archive to labelled documents without duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from phytotron.clean.archive import RawPage, read_pages
from phytotron.clean.duplicates import exact_duplicates, groups, near_duplicates
from phytotron.clean.labels import LabelRules
from phytotron.clean.paragraphs import Cleaner, CleanPage
from phytotron.clean.settings import CleanConfig
from phytotron.errors import UserError
from phytotron.html.pages import HTML_TYPES
from phytotron.progress import progress
from phytotron.workers import map_untrusted

_SHOWN = 10  # failed pages that an error lists


def documents(
    archive: Path | str, cleaner: Cleaner, labels: LabelRules
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The labelled documents of an archive, and an account of all changes and losses.

    The result depends on the archive and the configs alone, not on the number of processes.

    Args:
        archive: a `.warc.gz` file.
        cleaner: turns a page into paragraphs.
        labels: gives a page its label.

    Returns:
        The rows of documents.parquet, sorted by address (docs/pipeline.md has the columns), and
        the content of cleaning.json.

    Raises:
        UserError: the archive is damaged, a label rule matches nothing, too many pages fail, or a
            rule runs out of time more often than allowed.
    """
    config = cleaner.config
    dropped: Counter[str] = Counter()
    pages = sorted(_cleaned(archive, cleaner, labels, dropped), key=lambda page: page.url)
    _check_timeouts(pages, config.max_rule_timeouts)
    failed = {page.url: page.failure for page in pages if page.failure}
    _check_failures(failed, len(pages), config.max_failed_share)
    dropped["other_language"] = sum(page.foreign for page in pages)
    pages = [page for page in pages if not page.failure and not page.foreign]

    label = [labels.label(page.url) or "" for page in pages]
    group = groups(
        ["\n".join(page.paragraphs) for page in pages],
        [page.signature for page in pages if page.signature],
        config.similarity(config.page_similarity),
    )
    duplicates = _drop_duplicates(pages, label, config)
    rows: list[dict[str, Any]] = [
        {
            "url": page.url,
            "title": page.title,
            "label": label[i],
            "group": group[i],
            "paragraphs": page.paragraphs,
        }
        for i, page in enumerate(pages)
        if page.paragraphs
    ]
    dropped["no_paragraph_left"] = len(pages) - len(rows)

    counts = sum((page.counts for page in pages), Counter[str]())
    account = {
        "pages": {
            "kept": len(rows),
            "dropped": dict(dropped),
            "failed": failed,
            "near_duplicates": len(rows) - len({row["group"] for row in rows}),
        },
        "paragraphs": {
            "extracted": counts["extracted"],
            "cut": counts["cut"],
            "pieces": counts["pieces"],
            "dropped": {"too_short": counts["too short"], **duplicates},
            "kept": sum(len(row["paragraphs"]) for row in rows),
        },
        "rules": _rules(pages, config.rules),
        "labels": _labels(rows),
    }
    return rows, account


def _cleaned(
    archive: Path | str, cleaner: Cleaner, labels: LabelRules, dropped: Counter[str]
) -> Iterator[CleanPage]:
    """The labelled HTML pages, cleaned; the others are counted in `dropped`."""
    urls: set[str] = set()

    def labelled() -> Iterator[RawPage]:
        for page in read_pages(archive):
            if page.content_type.partition(";")[0].strip().lower() not in HTML_TYPES:
                dropped["not_html"] += 1
            elif page.url in urls:
                dropped["address_seen_before"] += 1
            else:
                urls.add(page.url)
                if labels.label(page.url) is not None:
                    yield page
                else:
                    dropped["no_label"] += 1

    # The HTML parser is C code, which a page can make spin or run out of memory.
    cleaned = map_untrusted(
        cleaner.clean,
        labelled(),
        count=cleaner.config.workers or None,
        time_limit=cleaner.config.page_timeout,
        lost=lambda page: CleanPage(page.url, failure="its process died or ran out of time"),
    )
    yield from progress(cleaned, None, "clean: pages")
    labels.check_coverage(sorted(urls))


def _check_timeouts(pages: Sequence[CleanPage], allowed: int) -> None:
    timeouts = sum((page.timeouts for page in pages), Counter[str]())
    if timeouts.total() > allowed:
        name, count = timeouts.most_common(1)[0]
        page = next(page for page in pages if page.timeouts[name])
        raise UserError(
            f"the rule '{name}' ran out of time on {count} texts, first on {page.url}",
            where="clean.rules",
            allowed=f"{allowed} texts (clean.max_rule_timeouts)",
            hint="avoid nested repetition such as (a+)+, or raise clean.rule_timeout",
        )


def _check_failures(failed: Mapping[str, str | None], pages: int, allowed: float) -> None:
    if len(failed) > allowed * pages:
        shown = [f"{url}: {why}" for url, why in list(failed.items())[:_SHOWN]]
        more = [f"... and {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else []
        raise UserError(
            f"{len(failed)} of {pages} labelled pages have no text:\n  "
            + "\n  ".join(shown + more),
            where="site.content",
            allowed=f"a share of {allowed:g} (clean.max_failed_share)",
        )


def _drop_duplicates(
    pages: Sequence[CleanPage], label: Sequence[str], config: CleanConfig
) -> dict[str, int]:
    """Remove duplicates from `pages`; return the number of paragraphs removed, by reason."""

    def numbered() -> tuple[list[str], list[str]]:
        texts = [text for page in pages for text in page.paragraphs]
        return texts, [label[i] for i, page in enumerate(pages) for _ in page.paragraphs]

    def drop(positions: set[int]) -> None:
        position = count()
        for page in pages:
            page.paragraphs = [text for text in page.paragraphs if next(position) not in positions]

    repeated, ambiguous = exact_duplicates(*numbered())
    drop(repeated | ambiguous)
    near = near_duplicates(*numbered(), config.similarity(config.paragraph_similarity))
    drop(near)
    return {
        "exact_duplicates": len(repeated),
        "several_labels": len(ambiguous),
        "near_duplicates": len(near),
    }


def _rules(pages: Sequence[CleanPage], rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    changed = sum((page.changed for page in pages), Counter[str]())
    timeouts = sum((page.timeouts for page in pages), Counter[str]())
    return {
        rule["name"]: {
            "why": rule["why"],
            "changed": changed[rule["name"]],
            "timeouts": timeouts[rule["name"]],
        }
        for rule in rules
    }


def _labels(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    account: dict[str, dict[str, int]] = {}
    for row in rows:
        entry = account.setdefault(row["label"], {"pages": 0, "paragraphs": 0})
        entry["pages"] += 1
        entry["paragraphs"] += len(row["paragraphs"])
    return account
