from types import SimpleNamespace

import numpy as np
import torch
from matplotlib.colors import same_color

from phytotron.figures.graph import node_map


def test_nodes_have_their_class_and_known_ones_are_filled(trained, monkeypatch):
    places = np.arange(12.0, dtype=np.float32).reshape(6, 2)

    class Same:
        def __init__(self, perplexity, init, random_state):
            assert perplexity == 5 / 3

        def fit_transform(self, states):
            return states

    monkeypatch.setattr(node_map, "TSNE", Same)
    graph = SimpleNamespace(
        inputs=torch.from_numpy(places),
        edges=torch.tensor([[0, 2], [1, 5]]),
        train=torch.tensor([True, False, False, True, True, False]),
        targets=torch.tensor([0, 0, 0, 1, 1, 1]),
    )
    model = SimpleNamespace(embed=lambda inputs, edges: inputs)
    data = SimpleNamespace(test=graph, class_names=["a", "b"])
    figure = node_map.draw(trained(model, data=data))
    links, *dots = figure.axes[0].collections
    assert [segment.tolist() for segment in links.get_segments()] == [
        places[[0, 1]].tolist(),
        places[[2, 5]].tolist(),
    ]
    members = [[1, 2], [0], [5], [3, 4]]  # of a: not known, known; of b: the same
    assert [each.get_offsets().tolist() for each in dots] == [
        places[nodes].tolist() for nodes in members
    ]
    assert [len(each.get_facecolors()) for each in dots] == [0, 1, 0, 1]
    colours = [each.get_edgecolors()[0] for each in dots]
    assert same_color(colours[0], colours[1])
    assert not same_color(colours[0], colours[2])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
