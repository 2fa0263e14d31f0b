"""The zoo's page in the report: gathers what it shows, and puts the figures beside it."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

from phytotron.config.catalogue import citation
from phytotron.files import replacing_folder
from phytotron.report.zoo_page import Exhibit, render
from phytotron.runs.results import FIGURES, Result
from phytotron.zoo.entries import ZooEntry
from phytotron.zoo.measure import HISTORY
from phytotron.zoo.table import device, evidence

# Not in build/report/: that folder is an out of the pipeline, whose content DVC watches.
OUT = Path("build/zoo/report")
_IMAGES = (".png", ".svg", ".gif", ".jpg")


def write_page(found: Iterable[ZooEntry]) -> Path:
    """Write `build/zoo/report/index.html` with its figures; the page's path."""
    with replacing_folder(OUT) as folder:
        exhibits = [_exhibit(system, folder) for system in found]
        (folder / "index.html").write_text(render(exhibits), encoding="utf-8", newline="\n")
    return OUT / "index.html"


def _exhibit(system: ZooEntry, folder: Path) -> Exhibit:
    card, result = system.card, system.result
    sign = "≥" if card["goal"] == "max" else "≤"
    drawn = sorted((FIGURES / system.name).glob("*")) if result else []
    tables = [path for path in drawn if path.suffix == ".csv" and path.name != HISTORY]
    images = [path for path in drawn if path.suffix in _IMAGES]
    for path in images:
        target = folder / "figures" / system.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return Exhibit(
        name=system.name,
        title=system.title + (f" ({system.preset})" if system.preset else ""),
        family=system.family,
        state=system.state,
        target=f"{card['metric']} {sign} {card['target']:g}",
        measured=str(result.metrics[card["metric"]]) if result else "",
        card=_card(system),
        facts=_facts(result) if result else [],
        metrics=[(name, str(value)) for name, value in result.metrics.items()] if result else [],
        history=_history(FIGURES / system.name / HISTORY) if result else [],
        tables=[(_words(path), list(csv.reader(_lines(path)))) for path in tables],
        figures=[(_words(path), f"figures/{system.name}/{path.name}") for path in images],
    )


def _card(system: ZooEntry) -> list[tuple[str, str]]:
    card = system.card
    rows = [
        ("catalogue", ", ".join(card["catalogue"])),
        ("sources", citation(system.sources)),
        ("reference", card["reference"]),
        ("data", system.data),
        *((name.lower(), text) for name, text in evidence(system)),
        ("notes", system.notes),
        *((f"no check '{check}'", reason) for check, reason in (card.get("skip") or {}).items()),
    ]
    return [(name, text) for name, text in rows if text]


def _facts(result: Result) -> list[tuple[str, str]]:
    commit = (result.commit or "none")[:12] + (" with changes" if result.dirty else "")
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    speed = result.samples_per_second  # 0 where nothing is learned from samples
    return [
        ("seeds", ", ".join(map(str, result.seeds))),
        ("seconds a seed", str(result.seconds)),
        *([("samples a second", f"{speed:,.0f}")] if speed else []),
        ("peak memory", f"{result.peak_memory_mb:,.0f} MB"),
        ("parameters", f"{result.parameters:,}"),
        ("verified", f"{result.date}, commit {commit}, {device(result.hardware)}; {versions}"),
    ]


def _history(path: Path) -> list[dict[str, float]]:
    rows = csv.DictReader(_lines(path))
    return [{key: float(value) for key, value in row.items() if value} for row in rows]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _words(path: Path) -> str:
    return path.stem.replace("_", " ")
