"""The colours and marks of all figures, and how figures become pages' SVG.

A figure is drawn with a theme. `PRINT` has colours for white paper. `PAGE` has stand-ins, which
`inline_svg` replaces by the CSS variables of a page, so that its figures follow light and dark.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.figure import Figure

BLUE, ORANGE = "#0072B2", "#D55E00"
COLOURS = [BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
GREY = "#666666"
SLOTS = 9  # series that a page can tell apart
SLOT_MARKERS = [*MARKERS, "p", "h"]


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for.

    Attributes:
        ink, muted: of text, and of less important text.
        rule: of grid lines.
        paper: of the background.
        right, wrong: of correct and of wrong predictions.
        series: of lines and marks, by slot.
    """

    ink: str
    muted: str
    rule: str
    paper: str
    right: str
    wrong: str
    series: tuple[str, ...]

    @property
    def style(self) -> dict[Any, Any]:
        """Settings of matplotlib for a figure in this theme."""
        return {
            "font.family": "DejaVu Sans",  # comes with matplotlib: every machine draws the same
            "font.size": 9,
            "text.color": self.ink,
            "axes.labelcolor": self.ink,
            "axes.titlecolor": self.ink,
            "xtick.color": self.muted,
            "ytick.color": self.muted,
            "xtick.labelcolor": self.ink,
            "ytick.labelcolor": self.ink,
            "axes.edgecolor": self.muted,
            "axes.facecolor": "none",
            "grid.color": self.rule,
            "grid.linewidth": 0.6,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 10,
            "axes.titlelocation": "left",
            "legend.frameon": False,
            "svg.hashsalt": "phytotron",
        }


PRINT = Theme("#000000", GREY, "#dddddd", "#ffffff", BLUE, ORANGE, (*COLOURS, GREY, GREY))

# Colours that nothing else has, each for one CSS variable.
_VARIABLES = {
    f"#01fe{number:02x}": f"var(--{name})"
    for number, name in enumerate(
        ["ink", "muted", "rule", "paper", "right", "wrong", *(f"slot-{n}" for n in range(SLOTS))]
    )
}
_STAND_INS = tuple(_VARIABLES)
PAGE = Theme(*_STAND_INS[:6], series=_STAND_INS[6:])


def inline_svg(
    figure: Figure, name: str, *, title: str, description: str, tips: Mapping[str, str] = {}
) -> Markup:
    """A figure in the theme `PAGE` as an SVG element for the inside of an HTML page.

    Labels are SVG text, there are neither styles nor scripts, and equal figures give equal bytes.

    Args:
        figure: nothing in it may be clipped to the axes (`clip_on=False`).
        name: unique in the page; its ids begin with it.
        title, description: for those who cannot see it.
        tips: texts that appear above an artist, by the artist's `gid`.
    """
    text = _svg(figure)
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    used = set(re.findall(r'href="#([^"]+)"', text))
    text = re.sub(r' id="([^"]+)"', lambda match: _id(match[1], name, used, tips), text)
    text = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', text)
    # What stands for a tip is a child of its element.
    text = re.sub(
        r'(<g) data-tip="([^"]+)">', lambda match: f"{match[1]}>{_title(tips[match[2]])}", text
    )
    head = _title(title) + f"<desc>{escape(description)}</desc>"
    width, height = (72 * inches for inches in figure.get_size_inches())
    attributes = f'class="chart" role="img" viewBox="0 0 {width:g} {height:g}"'
    style = f'style="max-width:{width / 50:.1f}rem"'
    return Markup(f"<svg {attributes} {style}>{head}{text}</svg>")


def file_svg(figure: Figure, title: str) -> str:
    """A figure as the content of an SVG file, with a title and a transparent background."""
    width, height = (72 * inches for inches in figure.get_size_inches())  # in points
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    size = (
        f'width="{width * 4 / 3:g}" height="{height * 4 / 3:g}" viewBox="0 0 {width:g} {height:g}"'
    )
    text = re.sub(r' id="(?!m[0-9a-f]{10}")[^"]*"', "", _svg(figure))  # but those of marks
    return f'<svg {head} role="img" {size}>{_title(title)}{text}</svg>\n'


def _svg(figure: Figure) -> str:
    """The content of matplotlib's SVG element, with less in it."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    settings = {"svg.fonttype": "none", "svg.hashsalt": "phytotron"}
    with rc_context(settings):
        # The layout alone, and once: `savefig` would draw everything twice for it.
        if engine := figure.get_layout_engine():
            engine.execute(figure)
            figure.set_layout_engine("none")
        figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("</defs>") + len("</defs>") : text.rindex("</svg>")]
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"-?\d+\.\d{2,}", lambda match: f"{float(match[0]):.1f}", text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: sans-serif", text)
    text = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", text)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><").strip()
    # The grounds of figure and axes, which are not filled, and what is empty then.
    text = re.sub(r'<path d="[^"]*" style="fill: none"/>', "", text)
    return text.replace("<g/>", "")


def _id(found: str, name: str, used: set[str], tips: Mapping[str, str]) -> str:
    if found in tips:
        return f' data-tip="{found}"'
    return f' id="{name}-{found}"' if found in used else ""


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>"
