"""The front door: `phytotron COMMAND`.

Each command has two functions here: one that adds its arguments and one that runs it.
`_COMMANDS`, at the end, lists them. This module imports nothing heavy, so that `--help`, `list`,
`show` and `explain` answer at once; a command imports what it needs when it runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from phytotron.errors import answer, did_you_mean


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command; a user's mistake is explained and ends it with exit status 2."""
    arguments = build_parser().parse_args(argv)
    try:
        raise SystemExit(arguments.run(arguments) or 0)
    except BrokenPipeError:
        # The reader of a pipe, such as `head`, has closed it.
        sys.stderr.close()
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except Exception as error:
        answered = answer(error)
        if answered is None or arguments.debug:
            raise
        text, status = answered
        print(text, file=sys.stderr)
        raise SystemExit(status) from None


class Parser(argparse.ArgumentParser):
    """An argument parser that suggests the nearest command."""

    def error(self, message: str) -> NoReturn:
        words = message.split("'")
        if "invalid choice" in message and len(words) > 1:
            hint = did_you_mean(words[1], _COMMANDS)
            message = f"no command '{words[1]}'" + (f"; {hint}" if hint else "")
        self.exit(2, f"error: {message}\n  see: {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="phytotron",
        description="A reproducible pipeline from web pages to a model, and a zoo of experiments.",
        epilog="The pipeline runs with `dvc repro` (or `make repro`). See docs/README.md.",
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for name, (help_text, add_arguments, run) in _COMMANDS.items():
        command = commands.add_parser(name, help=help_text, description=help_text)
        add_arguments(command)
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
        command.set_defaults(run=run)
    return parser


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(version("phytotron"))
        parser.exit()


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print an array of objects")


def _print_json(items: list[dict[str, Any]]) -> None:
    print(json.dumps(items, indent=2, ensure_ascii=False))


# --- list, show, explain -----------------------------------------------------------------------


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pattern",
        nargs="?",
        default="",
        help="part of an id, a glob, or a kind of component such as activations",
    )
    parser.add_argument(
        "--catalogue",
        nargs="*",
        metavar="FAMILY",
        help="list the catalogue instead, with what implements each row; such as C or C14",
    )
    parser.add_argument(
        "--source",
        nargs="+",
        metavar="BOOK",
        help="list what a book describes; such as 001, pattanayak, 001 ch. 5, or Listing 5-6",
    )
    parser.add_argument(
        "--status",
        type=_status,
        metavar="STATUS",
        help="only experiments of a status, such as undecided, missed or not-verified",
    )
    parser.add_argument(
        "--stale", action="store_const", dest="status", const="stale", help="same as --status stale"
    )
    _json(parser)


def _status(text: str) -> str:
    from phytotron.runs.listing import STATUSES

    status = text.replace("-", " ")
    if status not in STATUSES:
        known = [status.replace(" ", "-") for status in STATUSES]
        hint = did_you_mean(text, known)
        raise argparse.ArgumentTypeError(
            f"{text} is none of: {', '.join(known)}" + (f"; {hint}" if hint else "")
        )
    return status


def _list(arguments: argparse.Namespace) -> None:
    from phytotron.config.components import PLURALS, list_components, render_components
    from phytotron.runs.listing import list_experiments, render

    if arguments.catalogue is not None:
        from phytotron.zoo.coverage import list_catalogue
        from phytotron.zoo.coverage import render as render_catalogue

        rows, table = list_catalogue(arguments.catalogue), render_catalogue
    elif arguments.source is not None:
        from phytotron.zoo.sources import list_source
        from phytotron.zoo.sources import render as render_source

        rows, table = list_source(" ".join(arguments.source)), render_source
    elif kind := PLURALS.get(arguments.pattern):
        rows, table = list_components(kind), render_components
    else:
        statuses = [arguments.status] if arguments.status else []
        rows, table = list_experiments(arguments.pattern, statuses), render
    if arguments.json:
        _print_json(rows)
    else:
        print(table(rows))


def _experiment_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("experiment", help="an id from `phytotron list`, such as router/textcnn")
    parser.add_argument(
        "overrides", nargs="*", help="Hydra overrides, such as trainer.max_epochs=2"
    )


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    _experiment_arguments(parser)
    _json(parser)


def _show(arguments: argparse.Namespace) -> None:
    from phytotron.config.experiments import yaml_text
    from phytotron.config.explain import composed_as_in_repro

    composed = composed_as_in_repro(arguments.experiment, arguments.overrides)
    if arguments.json:
        _print_json([{"id": arguments.experiment, "config": composed.content}])
    else:
        print(yaml_text(composed.content), end="")


def _explain_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", help="a key, such as trainer.max_epochs")
    parser.add_argument("overrides", nargs="*", help="Hydra overrides to apply first")
    parser.add_argument(
        "--experiment", "-e", help="an experiment's id; default: the pipeline's config"
    )
    _json(parser)


def _explain(arguments: argparse.Namespace) -> None:
    from dataclasses import asdict

    from phytotron.config.explain import explain

    found = explain(arguments.key, arguments.experiment, arguments.overrides)
    if arguments.json:
        _print_json([{"id": found.key, **asdict(found)}])
        return
    print(f"{found.key} = {json.dumps(found.value, ensure_ascii=False)}")
    for position, setting in enumerate(reversed(found.settings)):
        verb = "set by" if position == 0 else "instead of"
        value = f": {setting.value}" if setting.value else ""
        comment = f"   # {setting.comment}" if setting.comment else ""
        print(f"  {verb:10} {setting.where}{value}{comment}")


# --- train, compare, doctor --------------------------------------------------------------------


def _train(arguments: argparse.Namespace) -> None:
    from phytotron.runs.train import train

    train(arguments.experiment, arguments.overrides)


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "experiments", nargs="*", metavar="EXPERIMENT", help="ids, or globs such as 'scratch/*'"
    )
    parser.add_argument(
        "--seeds",
        type=_from_one,
        help="number of seeds (default: the card's; with fewer nothing is recorded)",
    )
    parser.add_argument("--preset", help="a preset that the card defines, such as full")
    parser.add_argument(
        "--jobs", type=_from_one, default=1, help="experiments verified at the same time"
    )
    parser.add_argument("--part", metavar="K/N", help="verify only the K-th of N parts")
    parser.add_argument(
        "--record-misses", action="store_true", help="exit with 0 when a target is missed"
    )
    parser.add_argument(
        "--stale",
        action="store_true",
        help="only those that are not verified yet, or not with the config and code of now",
    )


def _verify(arguments: argparse.Namespace) -> int:
    from phytotron.zoo.verify import verify

    return verify(
        arguments.experiments,
        seeds=arguments.seeds,
        preset=arguments.preset,
        jobs=arguments.jobs,
        part=arguments.part,
        record_misses=arguments.record_misses,
        stale=arguments.stale,
    )


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="a verified experiment, a result file, or a folder of build/runs/",
    )
    _json(parser)


def _compare(arguments: argparse.Namespace) -> None:
    from phytotron.runs.compare import compare, render

    rows = compare(arguments.runs)
    if arguments.json:
        _print_json(rows)
    else:
        print(render(rows, arguments.runs))


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--export",
        metavar="FOLDER",
        help="also write the results as model-index and .eval_results to a new folder",
    )


def _report(arguments: argparse.Namespace) -> None:
    from pathlib import Path

    from phytotron.zoo.report import report

    for path in report(Path(arguments.export) if arguments.export else None):
        print(path.as_posix())


def _from_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return int(text)


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--full", action="store_true", help="repeat slow checks that have passed before"
    )
    _json(parser)


def _doctor(arguments: argparse.Namespace) -> int:
    from phytotron.doctor import examine, render

    findings = examine(full=arguments.full)
    if arguments.json:
        _print_json(
            [{"id": item.name, "problem": item.problem, "repair": item.repair} for item in findings]
        )
    else:
        print(render(findings))
    return 1 if findings else 0


# --- fetch, scrape, predict --------------------------------------------------------------------


def _fetch_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "datasets", nargs="*", default=[], metavar="DATASET", help="ids, such as mnist"
    )
    what.add_argument("--all", action="store_true", help="every data set that conf/data/ names")
    what.add_argument("--list", action="store_true", help="list the data sets and fetch nothing")
    _json(parser)


def _fetch(arguments: argparse.Namespace) -> None:
    from phytotron.data.fetching import data_sets, fetch_data_sets, list_data_sets, render

    if arguments.list:
        rows = list_data_sets()
        if arguments.json:
            _print_json(rows)
        else:
            print(render(rows))
        return
    fetched = fetch_data_sets(data_sets() if arguments.all else arguments.datasets)
    if arguments.json:
        _print_json([{"id": name, "file": str(path)} for name, path in fetched])
    else:
        for name, path in fetched:
            print(f"{name}: {path}")


def _scrape_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("urls", nargs="+", metavar="URL", help="where to start")
    parser.add_argument("--out", required=True, help="folder for the web archive")
    parser.add_argument(
        "--max-pages", type=int, default=1000, help="stop after this number of pages"
    )
    parser.add_argument(
        "--delay", type=float, default=1.0, help="seconds between requests to one host"
    )
    parser.add_argument(
        "--allow-private", action="store_true", help="allow loopback and private addresses"
    )


def _scrape(arguments: argparse.Namespace) -> None:
    from pathlib import Path

    from phytotron.scrape.command import scrape

    scrape(
        arguments.urls,
        Path(arguments.out),
        max_pages=arguments.max_pages,
        delay=arguments.delay,
        allow_private=arguments.allow_private,
    )


def _predict_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        help="a text, a table row (JSON or CSV), a file, a URL, or - for standard input",
    )
    parser.add_argument("--model", help="NAME@ALIAS (default: the pipeline's champion)")
    parser.add_argument("--top", type=int, default=3, help="number of labels to print")
    parser.add_argument(
        "--allow-private", action="store_true", help="allow a URL at a private address"
    )
    _json(parser)


def _predict(arguments: argparse.Namespace) -> None:
    from phytotron.predict.predict import predict

    answers = predict(
        arguments.source,
        model=arguments.model,
        top=arguments.top,
        allow_private=arguments.allow_private,
    )
    keys = ("id", answers[0]._fields[1])  # a label with its probability, or a name with its value
    if arguments.json:
        _print_json([dict(zip(keys, answer, strict=True)) for answer in answers])
    else:
        digits = ".3f" if keys[1] == "probability" else ".6g"
        for name, number in answers:
            print(f"{number:6{digits}}  {name}")


# --- the registry ------------------------------------------------------------------------------


def _promote_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="the registered model's name")
    parser.add_argument("version", help="the version that is to become champion")
    parser.add_argument("--force", action="store_true", help="skip the gate; needs --why")
    parser.add_argument("--why", help="the reason, for the audit record")


def _promote(arguments: argparse.Namespace) -> None:
    from phytotron.registry.promotion import promote, render

    print(render(promote(arguments.model, arguments.version, arguments.force, arguments.why)))


def _rollback_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="the registered model's name")


def _rollback(arguments: argparse.Namespace) -> None:
    from phytotron.registry.promotion import render, rollback

    print(render(rollback(arguments.model)))


def _lineage_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="NAME@ALIAS, such as router@champion")
    _json(parser)


def _lineage(arguments: argparse.Namespace) -> None:
    from phytotron.registry.lineage import lineage, render

    found = lineage(arguments.model)
    if arguments.json:
        _print_json([{"id": arguments.model, **found}])
    else:
        print(render(found))


_COMMANDS: dict[str, tuple[str, Any, Any]] = {
    "list": ("list experiments by family with metric, target and result", _list_arguments, _list),
    "show": ("print the composed config of an experiment", _show_arguments, _show),
    "explain": ("show where a config value was set", _explain_arguments, _explain),
    "train": (
        "train and evaluate one experiment outside of the pipeline",
        _experiment_arguments,
        _train,
    ),
    "verify": (
        "train experiments with several seeds and record whether they reach their targets",
        _verify_arguments,
        _verify,
    ),
    "compare": (
        "show how runs differ in config and metrics, and whether significantly",
        _compare_arguments,
        _compare,
    ),
    "report": ("write the zoo's pages from cards and results", _report_arguments, _report),
    "fetch": ("download and verify data sets", _fetch_arguments, _fetch),
    "scrape": ("crawl a site into a web archive", _scrape_arguments, _scrape),
    "predict": ("ask a registered model", _predict_arguments, _predict),
    "promote": ("make a version the champion if it passes the gate", _promote_arguments, _promote),
    "rollback": ("bring back the previous champion", _rollback_arguments, _rollback),
    "lineage": ("show what a registered model was made from", _lineage_arguments, _lineage),
    "doctor": ("find what is wrong with the set-up", _doctor_arguments, _doctor),
}
