from collections import Counter
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from phytotron.report.matrix import CELL, confusion_chart, split_label

labels = st.lists(
    st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), min_size=1, max_size=12),
    unique=True,
    max_size=6,
)


def chart(names, counts) -> ElementTree.Element:
    return ElementTree.fromstring(confusion_chart(names, counts, title="t", description="d"))


def test_a_label_is_its_area_of_a_product() -> None:
    assert split_label("python/howto") == ("python", "howto")
    assert split_label("a/b/c") == ("a/b", "c")
    assert split_label("spam") == ("", "spam")


def test_cells_say_how_many_of_the_row() -> None:
    counts = Counter({("a/x", "a/x"): 3, ("a/x", "b/y"): 1, ("b/y", "b/y"): 2})
    root = chart(["a/x", "b/y"], counts)
    tips = [rect.findtext("title") for rect in root.iter("rect") if len(rect)]
    assert tips == [
        "a/x → a/x: 3 of 4 (75.0 %)",
        "a/x → b/y: 1 of 4 (25.0 %)",
        "b/y → b/y: 2 of 2 (100.0 %)",
    ]
    assert [rect.attrib["class"] for rect in root.iter("rect") if len(rect)] == [
        "right", "wrong", "right",
    ]  # fmt: skip


def test_products_are_named_once_on_each_side() -> None:
    root = chart(["a/x", "a/y", "b/z"], {})
    groups = [text.text for text in root.iter("text") if text.get("class") == "group"]
    assert groups == ["a", "a", "b", "b"]


@given(labels, st.data())
def test_any_labels_and_counts_can_be_drawn(names, data) -> None:
    pairs = [(actual, predicted) for actual in names for predicted in names]
    counts = {pair: data.draw(st.integers(0, 10**6)) for pair in pairs if data.draw(st.booleans())}
    root = chart(names, counts)
    cells = [rect for rect in root.iter("rect") if len(rect)]
    assert len(cells) == sum(count > 0 for count in counts.values())
    assert all(0 < float(cell.attrib["fill-opacity"]) <= 1 for cell in cells)
    assert all(0 <= float(cell.attrib["x"]) <= CELL * (len(names) - 1) for cell in cells)
