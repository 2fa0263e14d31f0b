"""Labels of pages, by rules on their addresses."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from phytotron.errors import UserError


class LabelRules:
    """An ordered list of rules: the first whose pattern occurs in a URL's path gives the label.

    Args:
        rules: mappings with `match`, a regular expression that is searched in the path, and
            `label`, the label's name or None to leave such pages out.
        source: the YAML file that has them in its list `labels`; errors then name the line.

    Attributes:
        names: the labels, sorted.

    The schema (`phytotron.config.schema`) has checked the rules.
    """

    def __init__(
        self, rules: Sequence[Mapping[str, Any]], source: Path | str | None = None
    ) -> None:
        self._source = Path(source) if source else None
        self._rules = [(re.compile(rule["match"]), rule["label"]) for rule in rules]
        self.names = sorted({label for _, label in self._rules if label is not None})

    def label(self, url: str) -> str | None:
        """The label of the page at `url`, or None when it has none."""
        index = self._deciding(url)
        return None if index is None else self._rules[index][1]

    def check_coverage(self, urls: Iterable[str]) -> None:
        """Refuse a rule that decides no page's label: most often a misspelt pattern.

        Args:
            urls: the pages of the crawl.

        Raises:
            UserError: a rule decides no page's label; the error names the most similar paths of the
                crawl, or the earlier rule that matches its pages.
        """
        urls = list(urls)
        used = {self._deciding(url) for url in urls}
        paths = sorted({urlsplit(url).path for url in urls})
        for index, (pattern, _) in enumerate(self._rules):
            if index in used:
                continue
            first = next((path for path in paths if pattern.search(path)), None)
            if first is None:
                raise UserError(
                    f"the label rule '{pattern.pattern}' matches none of {len(paths)} pages",
                    where=self._place(index),
                    hint=_similar(pattern.pattern, paths),
                )
            earlier = self._deciding(first)
            assert earlier is not None
            raise UserError(
                f"the label rule '{pattern.pattern}' is never reached",
                where=self._place(index),
                hint=f"{self._place(earlier)}: '{self._rules[earlier][0].pattern}' comes first"
                f" and takes its pages, such as {first}",
            )

    def check_counts(self, counts: Mapping[str, int], key: str, minimum: int) -> None:
        """Refuse labels with too few examples to learn from.

        Args:
            counts: pages or paragraphs of each label; a label that is absent has none.
            key: the config key of the minimum: `min_pages_per_label` or `min_paragraphs_per_label`.
            minimum: the least number of each label.

        Raises:
            UserError: naming each label that has fewer, and how many.
        """
        unit = key.removeprefix("min_").removesuffix("_per_label")
        scarce = {name: counts.get(name, 0) for name in self.names}
        scarce = {name: count for name, count in scarce.items() if count < minimum}
        if scarce:
            found = ", ".join(f"{name} has {count}" for name, count in scarce.items())
            raise UserError(
                f"too few {unit} of a label: {found}",
                where=f"{self._source}: {key}" if self._source else f"site.{key}",
                allowed=f"at least {minimum} {unit} of each label",
                hint="widen the label's rules, give its pages to another label, or lower the key",
            )

    def _deciding(self, url: str) -> int | None:
        path = urlsplit(url).path
        matching = (index for index, (pattern, _) in enumerate(self._rules) if pattern.search(path))
        return next(matching, None)

    def _place(self, index: int) -> str:
        """`file:line` of a rule, or its key path when the file is not known."""
        if self._source and self._source.is_file():
            root = yaml.compose(self._source.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
            pairs = root.value if isinstance(root, yaml.MappingNode) else []
            for key, value in pairs:
                if key.value == "labels" and index < len(value.value):
                    return f"{self._source}:{value.value[index].start_mark.line + 1}"
        return f"site.labels[{index}]"


def _similar(pattern: str, paths: Sequence[str]) -> str | None:
    """The paths whose beginning is most similar to the plain text of the pattern, as a hint."""
    plain = re.sub(r"\\(.)", r"\1", re.sub(r"\([^()]*\)|\[[^\]]*\]|[\^$*+?{}|]", "", pattern))
    beginnings: dict[str, str] = {}
    for path in paths:
        beginnings.setdefault(path[: len(plain)], path)
    near = difflib.get_close_matches(plain, beginnings, n=3, cutoff=0.6)
    examples = [beginnings[beginning] for beginning in near] or list(paths[:3])
    return f"pages of the crawl: {', '.join(examples)}, ..." if examples else None
