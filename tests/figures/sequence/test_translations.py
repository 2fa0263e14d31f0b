from phytotron.figures.sequence import translations


def test_sentences_stand_in_the_order_of_their_length(trained, translation):
    rows = translations.draw(trained(task=translation.task, data=translation.data))
    assert [len(row["source"].split()) for row in rows] == [1, 2, 4, 5, 6, 7]
    assert rows[1] == {
        "source": "e0 e1",
        "reference": "f0 f1",
        "beam": "f0 f1",
        "greedy": "f0 f0",
    }
