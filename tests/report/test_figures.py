from collections import Counter

import pytest

from phytotron.report import figures


def test_confusions_are_wrong_ones_and_the_most_frequent_come_first(project, read) -> None:
    winner = read(project()).winner
    winner.confusion.clear()
    winner.confusion.update({("a", "a"): 90, ("a", "b"): 10, ("b", "a"): 30, ("b", "b"): 10})
    found = figures.top_confusions(winner, 5)
    assert [(each.actual, each.predicted, each.count) for each in found] == [
        ("b", "a", 30),
        ("a", "b", 10),
    ]
    assert [each.share for each in found] == [pytest.approx(0.75), pytest.approx(0.1)]
    assert figures.top_confusions(winner, 1) == found[:1]


def test_without_mistakes_there_is_no_confusion(project, read) -> None:
    winner = read(project()).winner
    winner.confusion.clear()
    winner.confusion.update(Counter({("a", "a"): 3}))
    assert figures.top_confusions(winner, 5) == []


def test_classes_are_grouped_by_product_the_best_of_the_winner_first(project, read) -> None:
    groups = figures.classes_by_group(read(project()))
    assert [group for group, _ in groups] == ["httpd", "libreoffice", "python"]
    assert dict(groups)["python"] == ["python/library", "python/howto", "python/c-api"]


def test_strips_of_scores_share_a_scale_with_the_baseline_s_line(project, read) -> None:
    inputs = read(project())
    strips = figures.score_strips(inputs)
    assert list(strips.rows) == [each.experiment for each in inputs.contenders]
    lines = {row.partition('class="reference"')[2][:40] for row in strips.rows.values()}
    assert len(lines) == 1
    assert "textcnn: macro-F1 0.750, 95 % interval 0.720 to 0.780" in strips.rows["router/textcnn"]


def test_the_baseline_has_no_difference_to_itself(project, read) -> None:
    assert set(figures.difference_strips(read(project())).rows) == {
        "router/textcnn",
        "router/bilstm",
        "router/transformer",
    }


def test_curves_are_told_to_those_who_cannot_see_them(project, read) -> None:
    inputs = read(project())
    chart = figures.score_curves(inputs)
    assert "textcnn: 0.450 in epoch 0, 0.690 in epoch 4." in chart
    assert "tfidf: 0.600." in chart
    assert [each.name for each in inputs.contenders if figures.has_curve(each)] == [
        "textcnn",
        "bilstm",
        "transformer",
    ]
