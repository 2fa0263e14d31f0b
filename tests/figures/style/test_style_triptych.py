from types import SimpleNamespace

import torch

from phytotron.figures.style import style_triptych


def test_content_style_and_result_stand_in_this_order(trained):
    content, style, result = (torch.full((1, 3, 2, 2), value) for value in (0.1, 0.5, 0.9))
    content[0, 0, 0, 1] = 1  # red, above right
    data = SimpleNamespace(train=(content, style))
    panels = style_triptych.draw(trained(lambda: result, data=data)).axes
    assert [axes.get_title() for axes in panels] == ["content", "style", "result"]
    pixels = [axes.images[0].get_array() for axes in panels]
    assert [round(float(each[1, 1, 1]), 3) for each in pixels] == [0.1, 0.5, 0.9]
    assert [round(float(value), 3) for value in pixels[0][0, 1]] == [1, 0.1, 0.1]
    assert all(axes.images[0].get_clim() == (0, 1) for axes in panels)
