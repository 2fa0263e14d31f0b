"""The report's files from its inputs: the page, the Markdown for a pull request, the model card."""

from __future__ import annotations

import re
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from phytotron.evaluation.tables import metric_name
from phytotron.report import facts, figures, verdict, words
from phytotron.report.differences import compare_configs
from phytotron.report.inputs import Inputs, ReportedExperiment

SECTIONS = {
    "experiments": "Experiments",
    "learning": "Learning curves",
    "classes": "Classes",
    "confusions": "Confusions",
    "reliability": "Calibration",
    "values": "Predicted values",
    "differences": "Config differences",
    "mistakes": "Confident mistakes",
    "data": "Data",
    "reproduce": "Reproduce",
}
# Metrics for which lower is better. Of its metric the comparison itself says what is better.
_LOWER = ("log_loss", "calibration_error", "loss", "mse", "mae", "rmse")
_MOST_METRICS = 4  # that the table shows besides
_COUNTS = ("parameters", "size_bytes", "samples")  # of metrics.json, and no metrics
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
        "metric_name": metric_name,
        "code": code,
        "breakable": breakable,
        "md": markdown,
    }
    made.globals |= {
        "span": words.span,
        "interval": interval,
        "signed": words.signed,
        "split_label": figures.split_label,
    }
    return made


def sections(inputs: Inputs) -> list[tuple[str, str]]:
    """Id and heading of each section for which there is something to show."""
    charted = inputs.charted
    empty = {
        "learning": not any(each.history for each in charted),
        "classes": not inputs.labels,
        "confusions": not any(each.confusion for each in charted),
        "reliability": not any(each.calibration for each in charted),
        "values": not any(each.values for each in charted),
        "mistakes": not any(each.classes for each in charted),
        "data": not (inputs.manifest or inputs.crawl or inputs.cleaning),
    }
    return [(id, name) for id, name in SECTIONS.items() if not empty.get(id, False)]


def other_metrics(inputs: Inputs) -> list[str]:
    """The metrics of the table besides the one of the comparison, in the order of the files."""
    keys = dict.fromkeys(key for each in inputs.experiments for key in each.metrics)
    first = ("accuracy", "log_loss", "calibration_error")
    chosen = [key for key in first if key in keys]
    chosen += [key for key in keys if key not in chosen]
    return [
        key
        for key in chosen
        if key not in (*_COUNTS, inputs.metric) and not key.endswith(("_low", "_high"))
    ][:_MOST_METRICS]


def _context(inputs: Inputs) -> dict[str, Any]:
    return {
        "inputs": inputs,
        "metric": metric_name(inputs.metric),
        "other_metrics": other_metrics(inputs),
        "sections": sections(inputs),
        "headline": verdict.headline(inputs),
        "others": verdict.others(inputs),
        "registry": verdict.registry(inputs),
        "roles": lambda each: ", ".join(verdict.roles(inputs, each)),
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
            Markup("<strong>{}</strong>").format(text) if key in top and value == top[key] else text
        ),
        "lower": [metric_name(key) for key in other_metrics(inputs) if key in _LOWER],
        "score_figure": figures.score_intervals(inputs),
        "difference_figure": figures.difference_intervals(inputs),
        "curves": figures.learning_curves(inputs),
        "best_validation": lambda each: best_validation(inputs, each),
        "class_figure": figures.class_scores(inputs) if inputs.labels else None,
        "support": {row.label: row.support for row in inputs.selected.classes},
        "best_f1": lambda label: max(
            figures.finite([each.f1.get(label) for each in charted]), default=None
        ),
        "confusions": [
            (each, figures.confusion(each, inputs.labels), figures.top_confusions(each, 8))
            for each in charted
            if each.confusion
        ],
        "reliabilities": [
            (each, figures.reliability(each)) for each in charted if each.calibration
        ],
        "values": [
            (each, figures.predicted_values(each), figures.residuals(each))
            for each in charted
            if each.values
        ],
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
        each for each in inputs.experiments if each.experiment == inputs.registration["experiment"]
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
    """The best value that any of several experiments has for each metric of the table."""
    if len(inputs.experiments) < 2:
        return {}
    choices = {key: min if key in _LOWER else max for key in other_metrics(inputs)}
    choices[inputs.metric] = max if inputs.goal == "max" else min
    found = {}
    for key, choose in choices.items():
        known = figures.finite([each.metrics.get(key) for each in inputs.experiments])
        if known:
            found[key] = choose(known)
    return found


def best_validation(inputs: Inputs, each: ReportedExperiment) -> float | None:
    """The best value of the metric on the validation split of all epochs."""
    known = figures.finite([row.get(f"val_{inputs.metric}") for row in each.history])
    return (max if inputs.goal == "max" else min)(known, default=None)


def interval(low: Any, high: Any, form: Any = words.score) -> str:
    """An interval; nothing where it is not known."""
    known = all(isinstance(end, int | float) for end in (low, high))
    return words.span(low, high, form) if known else ""


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
