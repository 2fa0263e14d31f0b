from types import SimpleNamespace

import numpy as np

from phytotron.figures.classic import variant_regions


def test_each_panel_has_the_decisions_of_its_variant(trained, two_classes, right_of):
    places = {"three": 3.0, "six": 6.0}
    model = SimpleNamespace(
        variants=places,
        estimators_={name: right_of(place) for name, place in places.items()},
        scores_={"three": np.array([0.5, 0.7]), "six": np.array([1.0, 1.0])},
    )
    figure = variant_regions.draw(trained(model, data=two_classes))
    assert [axes.get_title() for axes in figure.axes] == [
        "three: 0.600 in cross-validation",
        "six: 1.000 in cross-validation",
    ]
    for axes, place in zip(figure.axes, places.values(), strict=True):
        mesh, *dots = axes.collections
        x = np.linspace(-0.9, 9.9, 200)
        assert np.array_equal(mesh.get_array()[0] == 1, x > place)
        assert [len(each.get_offsets()) for each in dots] == [3, 3]
        assert dots[1].get_offsets()[:, 0].min() == 8
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("width", "height")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["low", "high"]
