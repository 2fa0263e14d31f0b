"""The report's files from its inputs: the page, the Markdown for a pull request, the model card."""

from __future__ import annotations

import re
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from phytotron.report import facts, figures, verdict, words
from phytotron.report.differences import compare_configs
from phytotron.report.inputs import EvaluatedModel, Inputs
from phytotron.report.matrix import split_label
from phytotron.report.svg import finite, mark, mark_shapes, tag

SECTIONS = (
    ("contenders", "Contenders"),
    ("learning", "Learning curves"),
    ("classes", "Classes"),
    ("confusions", "Confusions"),
    ("reliability", "Calibration"),
    ("differences", "Config differences"),
    ("mistakes", "Confident mistakes"),
    ("data", "Data"),
    ("reproduce", "Reproduce"),
)
WEAK_F1 = 0.4  # the model card names the classes below


def render(inputs: Inputs) -> dict[str, str]:
    """The text of each file of the report, by its name."""
    templates = environment()
    context = _context(inputs)
    page = templates.get_template("index.html.j2").render(context, **_charts(inputs))
    brief = templates.get_template("report.md.j2").render(context)
    card = templates.get_template("model-card.md.j2").render(context, **_card(inputs))
    return {"index.html": page, "report.md": brief, "model-card.md": card}


def environment() -> Environment:
    """The templates, with the filters and functions that all of them use."""
    made = Environment(
        loader=PackageLoader("phytotron.report"),
        autoescape=select_autoescape(["html.j2", "css"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    names = ("score", "signed", "p_value", "count", "short", "size")
    made.filters |= {name: getattr(words, name) for name in names}
    made.filters |= {
        "readable": words.readable,
        "shortened": words.shortened,
        "listed": words.listed,
        "code": code,
        "breakable": breakable,
        "md": markdown,
    }
    made.globals |= {
        "span": words.span,
        "signed": words.signed,
        "split_label": split_label,
        "legend_mark": legend_mark,
        "shapes": mark_shapes(),
    }
    return made


def _context(inputs: Inputs) -> dict[str, Any]:
    return {
        "inputs": inputs,
        "sections": SECTIONS,
        "headline": verdict.headline(inputs),
        "others": verdict.others(inputs),
        "registry": verdict.registry(inputs),
        "roles": lambda contender: ", ".join(verdict.roles(inputs, contender)),
        "splits": facts.splits(inputs.manifest),
        "groups": figures.classes_by_group(inputs),
        "commands": commands(inputs),
        "leak": facts.leak_verdict(inputs.manifest),
    }


def _charts(inputs: Inputs) -> dict[str, Any]:
    charted = inputs.charted
    top = best_values(inputs)
    unread, unread_number = facts.unread(inputs)
    differing, common = compare_configs([each.config for each in charted])
    return {
        "bold": lambda text, value, key: (
            tag("strong", text) if key in top and value == top[key] else text
        ),
        "scores": figures.score_strips(inputs),
        "differences": figures.difference_strips(inputs),
        "score_curves": figures.score_curves(inputs),
        "loss_curves": [
            (each, figures.loss_curves(each)) for each in charted if figures.has_curve(each)
        ],
        "best_validation": best_validation,
        "class_strips": figures.class_strips(inputs),
        "support": {row.label: row.support for row in inputs.winner.classes},
        "best_f1": lambda label: max(finite(each.f1.get(label) for each in charted), default=None),
        "confusions": [
            (each, figures.confusion(each, inputs.labels), figures.top_confusions(each, 8))
            for each in charted
        ],
        "reliabilities": [(each, figures.reliability(each)) for each in charted],
        "differing": differing,
        "common": common,
        "data_tables": [
            ("pages", "Pages", "From the crawl to documents", facts.pages(inputs)),
            ("paragraphs", "Paragraphs", "From documents to samples", facts.paragraphs(inputs)),
        ],
        "rules": facts.rules(inputs.cleaning),
        "unread": unread,
        "unread_number": unread_number,
    }


def _card(inputs: Inputs) -> dict[str, Any]:
    model = next(
        each for each in inputs.contenders if each.experiment == inputs.registration["experiment"]
    )
    return {
        "model": model,
        "weak": [row.label for row in model.classes if row.f1 is not None and row.f1 < WEAK_F1],
        "confusions": figures.top_confusions(model, 5),
        "config": yaml.safe_dump(model.config, sort_keys=False, allow_unicode=True).rstrip(),
    }


def commands(inputs: Inputs) -> list[tuple[str, str]]:
    """The commands that make and use the model, each with what it does."""
    model = inputs.registration["model"]
    return [
        ("make repro", "sets everything up and runs the pipeline"),
        ("dvc repro report", "runs again what has changed since"),
        ("dvc metrics diff", "compares the metrics with those of the last commit"),
        (f"phytotron lineage {model}@champion", "prints what the champion was made from"),
        (f'phytotron predict --model {model}@champion "..."', "asks the champion"),
    ]


def best_values(inputs: Inputs) -> dict[str, float]:
    """The best value that any of several contenders has for each metric of the table."""
    if len(inputs.contenders) < 2:
        return {}
    choices = {"macro_f1": max, "accuracy": max, "log_loss": min, "calibration_error": min}
    found = {}
    for key, choose in choices.items():
        known = finite(each.metrics.get(key) for each in inputs.contenders)
        if known:
            found[key] = choose(known)
    return found


def best_validation(contender: EvaluatedModel) -> float | None:
    """The highest macro-F1 on the validation split of all epochs."""
    return max(finite(row.get("val_macro_f1") for row in contender.history), default=None)


def legend_mark(slot: int) -> Markup:
    return tag("svg", mark(slot, 0, 0), viewBox="-8 -8 16 16", aria_hidden="true")


def code(text: str) -> Markup:
    """Escaped text whose parts in backticks are `<code>`."""
    marked = re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(words.readable(text))))
    return Markup(re.sub(r" (%|= )", "\N{NO-BREAK SPACE}\\1", marked))


def breakable(text: str) -> Markup:
    """Escaped text whose long names may be broken after dots and slashes."""
    return Markup(re.sub(r"(?<=\w)([./])(?=\w)", r"\1<wbr>", str(escape(words.readable(text)))))


def markdown(text: str) -> str:
    """Foreign text on one line of Markdown, where it can neither end a cell nor start HTML."""
    parts = " ".join(words.readable(text).split()).split("`")
    if len(parts) % 2 == 0:  # a backtick without a partner is no code
        parts = ["\\`".join(_escaped(part) for part in parts)]
    else:  # what stands between backticks is shown as it is
        parts[::2] = [_escaped(part) for part in parts[::2]]
    return "`".join(parts)


def _escaped(text: str) -> str:
    escaped = re.sub(r"([\\|*_\[\]])", r"\\\1", text)
    return escaped.replace("<", "&lt;").replace(">", "&gt;")
