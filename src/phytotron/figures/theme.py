"""The colours and marks of all figures, and how figures become pages' SVG.

A figure is drawn with a theme. `PRINT` has colours for white paper. `PAGE` has stand-ins, which
`inline_svg` replaces by the CSS variables of a page, so that its figures follow light and dark.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.transforms import ScaledTranslation

BLUE, ORANGE = "#0072B2", "#D55E00"
COLOURS = [BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
GREY = "#666666"
SLOTS = 9  # series that a page can tell apart
SLOT_MARKERS = [*MARKERS, "p", "h"]
FONT = "DejaVu Sans"  # comes with matplotlib: every machine draws the same
LINE = 0.18  # inches that a line of text takes, with the gap to the next
GAP = 0.1  # inches between an axis and its tick labels


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for.

    Attributes:
        ink, muted: of texts, and of what matters less.
        rule: of grid lines.
        paper: of the ground.
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
            "font.family": FONT,
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
            "axes.titley": 1.0,  # else its place is searched for at each drawing
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


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = 9, weight: str = "normal") -> float:
    """The width of a text in inches; `size` is in points."""
    font = FontProperties(family=FONT, size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def tick_width(axes: Axes) -> float:
    """The width in inches of the widest tick label of the y axis, with the gap beside it."""
    axis = axes.yaxis
    labels = axis.get_major_formatter().format_ticks(axis.get_majorticklocs())
    return GAP + max(map(text_width, labels), default=0.0)


def set_margins(
    figure: Figure,
    *,
    left: float,
    right: float = GAP,
    bottom: float,
    top: float = GAP,
    **gaps: float,
) -> None:
    """Place the axes of a figure by margins in inches.

    The constrained layout finds margins by itself, but measures every text several times: that
    takes most of the time of a page of figures.

    Args:
        figure: without a layout engine.
        left, right, bottom, top: around the axes.
        gaps: `wspace` and `hspace`, as parts of the axes' size.
    """
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        bottom=bottom / height,
        top=1 - top / height,
        **gaps,
    )


def set_labels(
    axes: Axes, x: str = "", y: str = "", *, below: float = GAP, beside: float = GAP
) -> None:
    """Label both axes at a fixed distance; matplotlib would measure all tick labels to find one.

    Args:
        axes: to label.
        x, y: the labels.
        below, beside: inches from the axes to the labels, which are one `LINE` high.
    """
    for label, axis, shift in ((x, axes.xaxis, (0, -below)), (y, axes.yaxis, (-beside, 0))):
        inches = ScaledTranslation(*shift, axes.figure.dpi_scale_trans)
        axis.set_label_text(label)
        axis.set_label_coords(*(0.5 * (n == 0) for n in shift), transform=axes.transAxes + inches)


def legend_columns(names: Sequence[str], width: float) -> int:
    """How many of a legend's names stand side by side in a width in inches."""
    marks = 0.65  # inches of a line with its marker, and of the gaps
    widest = max(map(text_width, names), default=0.0) + marks
    return max(1, min(len(names), int(width // widest)))


def legend_height(names: Sequence[str], columns: int) -> float:
    """Inches that a legend takes."""
    return LINE * math.ceil(len(names) / columns) + GAP


def inline_svg(
    figure: Figure, name: str, *, title: str, description: str, tips: Mapping[str, str] = {}
) -> Markup:
    """A figure in the theme `PAGE` as an SVG element for the inside of an HTML page.

    Its texts are texts in the font of the page, it has neither styles nor scripts, and equal
    figures give equal texts.

    Args:
        figure: nothing in it may be clipped to the axes (`clip_on=False`).
        name: unique in the page; its ids begin with it.
        title, description: for those who cannot see it.
        tips: texts that appear above a mark, by the mark's `url`, which is not a link then.
    """
    text = _svg(figure).replace("font-family: sans-serif", "font-family: inherit")
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    used = set(re.findall(r'href="#([^"]+)"', text))
    text = re.sub(r' id="([^"]+)"', lambda match: _id(match[1], name, used), text)
    text = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', text)
    # A tip is a child of the group that has its mark.
    text = re.sub(
        r'<a xlink:href="([^"]+)" target="_blank">(.*?)</a>',
        lambda match: f"<g>{_title(tips[match[1]])}{match[2]}</g>",
        text,
    )
    head = _title(title) + f"<desc>{escape(description)}</desc>"
    width, height = (72 * inches for inches in figure.get_size_inches())
    attributes = f'class="chart" role="img" viewBox="0 0 {width:g} {height:g}"'
    # Texts as large as the page's notes; on a narrow screen smaller, but still legible.
    style = f'style="max-width:{width / 12:.1f}rem;min-width:{width / 16:.1f}rem"'
    return Markup(f"<svg {attributes} {style}>{head}{text}</svg>")


def file_svg(figure: Figure, title: str) -> str:
    """A figure as the text of an SVG file, with a title and a transparent ground."""
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
        if engine := figure.get_layout_engine():
            engine.execute(figure)
        figure.patch.set_facecolor("none")
        # Not `savefig`, which draws all of a figure that has a layout twice.
        FigureCanvasSVG(figure).print_svg(buffer, metadata=nothing)
    text = buffer.getvalue()
    text = text[text.index("</defs>") + len("</defs>") : text.rindex("</svg>")]
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", lambda tag: _rounded(tag[0]), text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: sans-serif", text)
    text = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", text)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><").strip()
    # The grounds of figure and axes, which are not filled, and what is empty then.
    text = re.sub(r'<path d="[^"]*" style="fill: none"/>', "", text)
    return text.replace("<g/>", "")


def _rounded(tag: str) -> str:
    """A tag whose coordinates have one digit after the point: a tenth of a point is enough."""
    return re.sub(r"(?<!opacity: )-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", tag)


def _id(found: str, name: str, used: set[str]) -> str:
    return f' id="{name}-{found}"' if found in used else ""


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>"
