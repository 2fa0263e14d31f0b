from types import SimpleNamespace

import numpy as np
import torch

from phytotron.figures.classic import clusters


def nearest(centres):
    """A clustering by the nearest centre."""

    def predict(points):
        return ((points[:, None] - centres) ** 2).sum(-1).argmin(1)

    return SimpleNamespace(cluster_centers_=centres, predict=predict)


def test_points_regions_and_centres(trained, two_classes):
    model = nearest(np.array([[0.5, 0.5], [8.5, 1.5]]))
    model.labels_ = model.predict(two_classes.train.inputs.numpy())
    (axes,) = clusters.draw(trained(model, data=two_classes)).axes
    mesh, low, high, centres = axes.collections
    assert [dots.get_offsets()[:, 0].max() for dots in (low, high)] == [1, 9]
    assert centres.get_offsets().tolist() == model.cluster_centers_.tolist()
    regions = mesh.get_array()
    assert (regions[:, 0].max(), regions[:, -1].min()) == (0, 1)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("width", "height")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["centres"]


def test_more_than_two_inputs_are_shown_along_their_principal_axes(trained, two_classes):
    inputs = torch.tensor([[0.0, 0, 0], [0, 1, 0], [100, 0, 0], [100, 1, 0]])
    two_classes.train = type(two_classes.train)((inputs, torch.zeros(4)))
    two_classes.input_names = ["a", "b", "c"]
    model = nearest(np.array([[0, 0.5, 0], [100, 0.5, 0]]))
    model.labels_ = np.array([0, 0, 1, 1])
    (axes,) = clusters.draw(trained(model, data=two_classes)).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "principal axis 1 (100%)", "principal axis 2 (0%)",
    )  # fmt: skip
    places = np.abs(axes.collections[1].get_offsets())
    np.testing.assert_allclose(places, [[50, 0.5], [50, 0.5]], atol=1e-5)
