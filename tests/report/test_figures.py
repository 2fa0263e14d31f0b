import re
from collections import Counter

import pytest

from phytotron.report import figures


def test_confusions_are_wrong_ones_and_the_most_frequent_come_first(project, read) -> None:
    selected = read(project()).selected
    selected.confusion.clear()
    selected.confusion.update({("a", "a"): 90, ("a", "b"): 10, ("b", "a"): 30, ("b", "b"): 10})
    found = figures.top_confusions(selected, 5)
    assert [(each.actual, each.predicted, each.count) for each in found] == [
        ("b", "a", 30),
        ("a", "b", 10),
    ]
    assert [each.share for each in found] == [pytest.approx(0.75), pytest.approx(0.1)]
    assert figures.top_confusions(selected, 1) == found[:1]


def test_without_mistakes_there_is_no_confusion(project, read) -> None:
    selected = read(project()).selected
    selected.confusion.clear()
    selected.confusion.update(Counter({("a", "a"): 3}))
    assert figures.top_confusions(selected, 5) == []


def test_classes_are_grouped_by_product_the_best_first(project, read) -> None:
    groups = figures.classes_by_group(read(project()))
    assert [group for group, _ in groups] == ["httpd", "libreoffice", "python"]
    assert dict(groups)["python"] == ["python/library", "python/howto", "python/c-api"]


def titles(svg: str) -> list[str]:
    return re.findall("<title>(.*?)</title>", svg)


def test_scores_are_told_with_their_intervals(project, read) -> None:
    drawn = figures.score_intervals(read(project()))
    assert titles(drawn) == ["macro-F1 of each experiment"]
    assert "textcnn: 0.750, 95 % interval 0.720 to 0.780" in drawn
    for name in ("textcnn", "bilstm", "tfidf", "transformer"):
        assert f">{name}</text>" in drawn


def test_scores_fit_the_screen_of_a_phone(project, read) -> None:
    screen, padding = 390 / 16, 1  # rem
    inputs = read(project())
    for drawn in (figures.score_intervals, figures.difference_intervals):
        (width,) = re.findall(r"min-width:([\d.]+)rem", drawn(inputs))
        assert float(width) <= screen - 2 * padding


def test_the_baseline_has_no_difference_to_itself(project, read) -> None:
    drawn = figures.difference_intervals(read(project()))
    assert "textcnn: +0.150, 95 % interval +0.130 to +0.170" in drawn
    assert "tfidf" not in drawn


def test_one_experiment_alone_has_no_difference(project, read) -> None:
    alone = read(project(experiments=["router/tfidf"], better=[]))
    assert figures.difference_intervals(alone) is None


def test_a_metric_without_intervals_is_shown_as_a_value(project, read, change) -> None:
    root = project()
    ends = dict.fromkeys(["macro_f1_low", "macro_f1_high"])
    change(root / "results/router/textcnn/metrics.json", **ends)
    drawn = figures.score_intervals(read(root))
    assert "textcnn: 0.750;" in drawn


def test_curves_are_told_to_those_who_cannot_see_them(project, read) -> None:
    drawn = figures.learning_curves(read(project()))
    assert "textcnn: validation macro-F1 0.450 in epoch 0, 0.690 in epoch 4." in drawn
    assert "tfidf: validation macro-F1 0.600." in drawn


def test_each_cell_of_a_confusion_matrix_says_what_it_counts(project, read) -> None:
    selected = read(project()).selected
    selected.confusion.clear()
    selected.confusion.update({("a", "a"): 90, ("a", "b"): 10, ("b", "b"): 7})
    drawn = figures.confusion(selected, ["a", "b"])
    assert titles(drawn)[1:] == [
        "a → a: 90 of 100 (90.0 %)",
        "a → b: 10 of 100 (10.0 %)",
        "b → b: 7 of 7 (100.0 %)",
    ]
    assert "var(--right)" in drawn
    assert "var(--wrong)" in drawn
