import torch

from phytotron.figures.common import confusion_matrix


def test_rows_are_actual_classes_and_columns_predicted_ones(trained, two_classes, right_of):
    two_classes.test = (two_classes.train[0], torch.tensor([0, 0, 0, 0, 1, 1]))
    (axes,) = confusion_matrix.draw(trained(right_of(5), data=two_classes)).axes
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "75", (1, 0): "25", (1, 1): "100"}  # column, row
    assert [label.get_text() for label in axes.get_yticklabels()] == ["low (4)", "high (2)"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["low", "high"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "predicted", "actual (number of test samples)",
    )  # fmt: skip
