import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from tests.report.conftest import SKILL

from phytotron.evaluation.predictions import FILE, ValuePredictions, save
from phytotron.files import write_json
from phytotron.report.page import SECTIONS, code, markdown, render

VOID = {"meta", "br", "wbr", "link", "img", "hr", "input"}
HOSTILE = (
    '</blockquote><script>alert("x")</script><img src=x onerror=alert(1)> ${7*7} {{ 7*7 }} `|`'
)
HOSTILE_URLS = (
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'http://x.test/"onmouseover="alert(1)',
    "http://x.test/<script>",
)


class Nesting(HTMLParser):
    """Checks that every element is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute of <{tag}> is there twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        assert self.open, tag

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def files(finished, read) -> dict[str, str]:
    return render(read(finished))


@pytest.fixture(scope="module")
def page(files) -> BeautifulSoup:
    return BeautifulSoup(files["index.html"], "lxml")


def test_the_html_is_well_formed(files) -> None:
    checker = Nesting()
    checker.feed(files["index.html"])
    checker.close()
    assert checker.open == []


def test_ids_are_unique_and_every_reference_has_its_target(page) -> None:
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    for attribute in ("href", "aria-labelledby"):
        for element in page.find_all(attrs={attribute: True}):
            target = element[attribute]
            if attribute == "aria-labelledby" or target.startswith("#"):
                assert target.removeprefix("#") in ids


def test_headings_skip_no_level(page) -> None:
    levels = [int(each.name[1]) for each in page.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_can_be_read_aloud(page) -> None:
    tables = page.find_all("table")
    assert len(tables) > 5
    for table in tables:
        assert table.caption.get_text(strip=True)
        assert all(header.get("scope") for header in table.find_all("th"))
        width = len(table.thead.find_all("th"))
        for row in table.tbody.find_all("tr"):
            cells = row.find_all(["th", "td"])
            assert sum(int(cell.get("colspan", 1)) for cell in cells) == width


def test_every_drawing_is_named_or_hidden(page) -> None:
    for svg in page.find_all("svg"):
        if svg.get("aria-hidden") != "true":
            assert svg["role"] == "img"
            assert svg.title.get_text(strip=True)


def test_regions_that_scroll_can_be_reached_by_keyboard(page) -> None:
    regions = page.find_all(attrs={"role": "region"})
    assert regions
    for region in regions:
        assert region["tabindex"] == "0"
        assert region.get("aria-labelledby") or region.get("aria-label")


def test_the_verdict_comes_first_and_then_the_table(page) -> None:
    text = page.get_text(" ", strip=True)
    order = [
        "is selected with macro-F1 0.750",
        "The registry made",
        "On the 400 samples",
        "Loss and",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    of_classes = [id for id in SECTIONS if id != "values"]
    assert [each["id"] for each in page.find_all("h2")] == of_classes


def test_the_table_has_every_number_of_each_experiment(page) -> None:
    rows = page.find(id="experiments-table").find_parent("table").tbody.find_all("tr")
    texts = [" ".join(row.get_text(" ").split()) for row in rows]
    assert texts[0].split(" ", 2)[0] == "router/"
    for part in (
        "selected, champion",
        "0.750",
        "0.720 to 0.780",
        "+0.150",
        "+0.130 to +0.170",
        "0.0005",
    ):
        assert part in texts[0]
    for part in ("0.250", "0.050", "12.3 k", "49.4 kB"):
        assert part in texts[0]
    assert len(rows) == 4


def test_nothing_is_loaded_and_nothing_runs(files, page) -> None:
    text = files["index.html"]
    assert not page.find_all(["script", "link", "img", "iframe", "object", "embed", "base", "form"])
    assert not page.find_all(attrs={"src": True})
    assert not re.search(r"url\(|@import|@font-face", text)
    assert not [name for tag in page.find_all() for name in tag.attrs if name.startswith("on")]
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'")
    addresses = [tag.name for tag in page.find_all() if "http" in str(tag.get("href", ""))]
    assert set(addresses) == {"a"}


def test_foreign_texts_do_no_harm(project, read) -> None:
    root = project(labels=[f"{HOSTILE}/a", f"{HOSTILE}/b"])
    mistakes = [
        {"text": HOSTILE, "url": url, "actual": HOSTILE, "predicted": HOSTILE, "confidence": 0.9}
        for url in HOSTILE_URLS
    ]
    (root / "build/evaluation/router/textcnn/mistakes.json").write_text(json.dumps(mistakes))
    config = root / "build/models/router/textcnn/config.yaml"
    config.write_text(json.dumps({HOSTILE: HOSTILE, "model": {"_target_": HOSTILE}}))
    address = f"http://{HOSTILE}"
    crawl = {
        "fetched": 1,
        "failed": {HOSTILE: 1},
        "reasons": {address: HOSTILE},
        "limits": [HOSTILE],
    }
    (root / "data/raw/crawl.json").write_text(json.dumps(crawl))
    pages = {"kept": 1, "dropped": {HOSTILE: 1}, "failed": {address: HOSTILE}}
    cleaning = {"pages": pages, "rules": {HOSTILE: {"why": HOSTILE, "changed": 1}}}
    (root / "data/interim/cleaning.json").write_text(json.dumps(cleaning))
    files = render(read(root, title=HOSTILE))

    page = BeautifulSoup(files["index.html"], "lxml")
    assert not page.find_all(["script", "img"])
    assert not [name for tag in page.find_all() for name in tag.attrs if name.startswith("on")]
    links = [link["href"] for link in page.find_all("a") if not link["href"].startswith("#")]
    assert all(link.startswith("http://") for link in links)
    assert HOSTILE in page.blockquote.get_text()
    assert page.h1.get_text().startswith(HOSTILE)
    checker = Nesting()
    checker.feed(files["index.html"])
    assert checker.open == []
    assert "<script" not in files["report.md"]
    assert "<img" not in re.sub(r"(?s)```.*?```", "", files["model-card.md"])


def test_text_that_is_no_text_is_shown_all_the_same(project, read) -> None:
    root = project()
    broken = {"text": "a\x00\x1b[31m\ud800\u202e z", "url": "http://a.test/\ud800"}
    broken |= {"actual": "x", "predicted": "y", "confidence": None}
    (root / "build/evaluation/router/textcnn/mistakes.json").write_text(json.dumps([broken]))
    text = render(read(root))["index.html"]
    text.encode("utf-8")
    assert "a[31m?" in text


def test_experiments_without_numbers_leave_gaps(project, read, change) -> None:
    root = project(better=[])
    nothing = dict.fromkeys(["macro_f1", "macro_f1_low", "macro_f1_high", "log_loss", "accuracy"])
    change(root / "results/router/bilstm/metrics.json", **nothing)
    folder = root / "build/evaluation/router/bilstm"
    (root / "build/models/router/bilstm/history.csv").write_text("epoch,val_macro_f1\n")
    (folder / "calibration.csv").write_text("bin_low,bin_high,count,confidence,accuracy\n")
    (folder / "mistakes.json").write_text("[]")
    text = render(read(root))["index.html"]
    assert "nan" not in BeautifulSoup(text, "lxml").get_text().lower().split()
    assert "None." in text


def test_the_same_inputs_give_the_same_bytes_in_any_process(project, tmp_path) -> None:
    root = project()
    script = (
        "import sys, hashlib\n"
        "from pathlib import Path\n"
        "from phytotron.report.inputs import read_inputs\n"
        "from phytotron.report.page import render\n"
        "names = ['router/tfidf', 'router/textcnn', 'router/bilstm', 'router/transformer']\n"
        "files = render(read_inputs(Path(sys.argv[1]), 'title', names, 10))\n"
        "print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())\n"
        "heavy = {'torch', 'mlflow', 'pandas', 'sklearn'}\n"
        "assert not heavy & set(sys.modules)\n"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script, str(root)],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(hashes) == 1


def test_five_experiments_with_27_classes_stay_below_two_megabytes(project, read) -> None:
    labels = [f"product{index // 9}/area{index}" for index in range(27)]
    experiments = [
        "router/tfidf",
        "router/textcnn",
        "router/bilstm",
        "router/transformer",
        "router/fasttext",
    ]
    inputs = read(project(experiments=experiments, labels=labels, paragraphs=20_000))
    text = render(inputs)["index.html"]
    # Nearly all of the 729 pairs of classes occur here, more than in any real confusion matrix.
    assert len(text.encode()) < 2_000_000


def test_many_experiments_are_all_in_the_table_and_the_best_in_the_charts(project, read) -> None:
    experiments = ["router/tfidf", *(f"router/x{index}" for index in range(11))]
    page = BeautifulSoup(
        render(read(project(experiments=experiments, better=[])))["index.html"], "lxml"
    )
    rows = page.find(id="experiments-table").find_parent("table").tbody.find_all("tr")
    assert len(rows) == 12
    assert "shows 8 of the 12 experiments" in page.get_text()
    assert len(page.find_all("title", string=re.compile("Confusion matrix"))) == 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_enough_contrast(files, scheme) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for graphical objects (1.4.11)."""
    blocks = re.findall(r":root \{(.*?)\}", files["index.html"], re.S)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[0 if scheme == "light" else 1]))
    for text in ("ink", "muted", "link"):
        for ground in ("paper", "faint"):
            assert contrast(colours[text], colours[ground]) >= 4.5
    for graphic in (
        name for name in colours if name.startswith("slot-") or name in ("right", "wrong")
    ):
        assert contrast(colours[graphic], colours["paper"]) >= 3


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_summary_is_a_verdict_and_a_table(files) -> None:
    lines = files["report.md"].splitlines()
    assert lines[0] == "## Documentation router: comparison of the experiments"
    assert lines[2].startswith("`router/textcnn` is selected with macro-F1 0.750")
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 4
    assert len({line.count("|") for line in table}) == 1
    assert "**router/textcnn** (selected, champion)" in table[2]


def test_the_model_card_says_what_the_model_is_for_and_what_it_cannot(files) -> None:
    card = files["model-card.md"]
    headings = re.findall(r"^## (.*)$", card, re.M)
    assert headings == ["What it is for", "How good it is", "Limits", "Data", "How it was made"]
    for part in (
        "data/site/NOTICE",
        "0.720 to 0.780",
        "_target_: models.router/textcnn",
        "bbbb",
        "8 classes",
    ):
        assert part in card


def test_markdown_from_foreign_text_stays_text() -> None:
    assert markdown("a|b\n<b> *x* [y](z)") == "a\\|b &lt;b&gt; \\*x\\* \\[y\\](z)"
    assert markdown("`my_model` is_best") == "`my_model` is\\_best"
    assert markdown("a ` <b>") == "a \\` &lt;b&gt;"


def test_backticks_become_code() -> None:
    assert code("`a<b` is 5 % better") == "<code>a&lt;b</code> is 5\N{NO-BREAK SPACE}% better"


def test_templates_are_part_of_the_package() -> None:
    import phytotron.report

    folder = Path(phytotron.report.__path__[0]) / "templates"
    assert {path.stem for path in folder.glob("sections/*.j2")} == {f"{id}.html" for id in SECTIONS}


def test_an_experiment_without_classes_has_no_section_for_them(project, read, change) -> None:
    """A regression on table rows, whose metric must be low and has no interval."""
    root = project(better=["router/textcnn"])
    for folder in (root / "build/evaluation/router").iterdir():
        shutil.rmtree(folder)
    shutil.rmtree(root / "data")
    rows = []
    for index, row in enumerate(
        json.loads((root / "results/comparison.json").read_text())["experiments"]
    ):
        value = 0.25 + index / 100
        metrics = {"rmse": value, "parameters": 3, "size_bytes": 4, "samples": 500}
        write_json(root / "results" / row["experiment"] / "metrics.json", metrics)
        rows.append(
            {
                "experiment": row["experiment"],
                "rmse": value,
                "better": row["better"],
                "difference": row["difference"],
            }
        )
        history = root / "build/models" / row["experiment"] / "history.csv"
        history.write_text("epoch,val_loss,val_rmse\n0,2,0.5\n1,1,0.25\n")
    change(root / "results/comparison.json", metric="rmse", goal="min", experiments=rows)
    files = render(read(root))
    page = BeautifulSoup(files["index.html"], "lxml")
    assert [each["id"] for each in page.find_all("h2")] == [
        "experiments", "learning", "differences", "reproduce",
    ]  # fmt: skip
    assert "is selected with RMSE 0.250 on 500 test samples" in page.get_text()
    assert "best RMSE first" in page.get_text()
    assert page.find("tr", class_="selected").strong.get_text() == "0.250"
    assert "F1" not in page.get_text() + files["report.md"]
    assert "| RMSE | 0.250 |" in files["model-card.md"]


def test_predicted_values_have_their_own_section_and_none_of_classes(project, read) -> None:
    root = project()
    targets = np.array([[1], [2], [4]], np.float32)
    for number, experiment in enumerate(sorted(SKILL), start=1):
        folder = root / "build/evaluation" / experiment
        for file in folder.iterdir():
            file.unlink()
        save(ValuePredictions(None, None, targets, targets + number), folder / FILE)
    page = BeautifulSoup(render(read(root))["index.html"], "html.parser")
    ids = [each["id"] for each in page.find_all("h2")]
    assert ids == ["experiments", "learning", "values", "differences", "data", "reproduce"]
    drawn = page.find(id="values").find_parent("section").find_all("svg")
    assert len(drawn) == 2 * len(SKILL)
    told = {svg.title.get_text(): svg.desc.get_text() for svg in drawn}
    assert told["Residuals of bilstm"] == "output 1: mean 1, standard deviation 0"
    assert told["Predicted against true values of tfidf"] == "output 1: correlation 1.000"


def test_a_history_without_values_has_no_curves(project, read) -> None:
    root = project()
    for path in root.glob("build/models/router/*/history.csv"):
        path.write_text("epoch,step\n0,1\n1,2\n")
    page = BeautifulSoup(render(read(root))["index.html"], "html.parser")
    section = page.find(id="learning").find_parent("section")
    assert section.find("svg") is None
    assert "None" not in section.get_text()
