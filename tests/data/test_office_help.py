"""The help pages: as pairs of sentences, and as a graph."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from phytotron.data.en_fr import (
    BEGIN,
    END,
    SPECIAL_WORDS,
    Pairs,
    read_en_fr,
    read_pairs,
    translation_module,
    words,
)
from phytotron.data.hyperlink_graph import graph_module, read_help_graph, stratified_masks
from phytotron.data.office_help import read_page
from phytotron.data.tokens import PAD, UNKNOWN
from phytotron.errors import UserError

HELP = "usr/share/libreoffice/help"


def page(*lines: str, links: tuple[str, ...] = ()) -> bytes:
    paragraphs = "".join(f'<p id="par_id{i}">{line}</p>' for i, line in enumerate(lines))
    anchors = "".join(f'<a href="{link}">see</a>' for link in links)
    navigation = '<header><a href="en-US/text/swriter/menu.html">Writer</a></header>'
    return (
        f'<html><base href="../../../../"><body>{navigation}'
        f'<div id="DisplayArea"><h1 id="hd_id1"> A <b>title</b>\n</h1>{paragraphs}{anchors}</div>'
    ).encode()


def test_a_page_is_its_paragraphs_and_its_links():
    found = read_page(
        "scalc/01/sum.html",
        page(
            "One <a>two</a>&nbsp;three.",
            "",
            links=(
                "en-US/text/scalc/02.html#part",
                "en-US/text/shared/../swriter/03.html",
                "http://www.example.org/text/a.html",
                "javascript:alert(1)",
                "media/image.png",
            ),
        ),
    )
    assert found.paragraphs == {"hd_id1": "A title", "par_id0": "One two three."}
    assert found.links == ["scalc/02.html", "swriter/03.html"]


# --- pairs -------------------------------------------------------------------------------------

ENGLISH = {
    "scalc/a.html": page("The red door.", "LibreOffice", "A red house", "Only English"),
    "scalc/b.html": page("The red door.", "A very long sentence about a house and a red door"),
}
FRENCH = {
    "scalc/a.html": page("La porte rouge.", "LibreOffice", "L’autre maison rouge"),
    "scalc/b.html": page("Une porte rouge.", "Une très longue phrase"),
}


@pytest.fixture
def packages(cached):
    """Sources of the two packages, and the folder that has them."""
    return {
        "english": cached("debian", {f"{HELP}/en-US/text/{n}": p for n, p in ENGLISH.items()}),
        "french": cached("debian", {f"{HELP}/fr/text/{n}": p for n, p in FRENCH.items()}),
        "cache": cached.folder,
    }


OPTIONS = {
    "batch_size": 2,
    "validation": 0,
    "test_samples": 1,
    "seed": 0,
    "split_seed": 0,
    "max_source_words": 4,
    "max_target_words": 5,
    "min_count": 1,
}


def text_of(row: torch.Tensor, vocabulary: list[str]) -> str:
    return " ".join(vocabulary[i] for i in row.tolist())


def test_a_sentence_comes_once_with_its_first_translation(packages):
    folder = packages["cache"]
    assert read_pairs(folder / "package-0", folder / "package-1")[:2] == [
        (["the", "red", "door", "."], ["la", "porte", "rouge", "."]),
        (["a", "red", "house"], ["l'", "autre", "maison", "rouge"]),
    ]


def test_pairs_are_framed_and_padded(packages):
    data = translation_module(read_en_fr(**packages), **OPTIONS)
    assert [len(split.source) for split in (data.train, data.test)] == [1, 1]
    assert data.validation is None
    pairs = {}
    for split in (data.train, data.test):
        for source, target in zip(*split, strict=True):
            pairs[text_of(source, data.source_words)] = text_of(target, data.target_words)
            assert target[0] == BEGIN
            assert END in source
            assert END in target
    trained = {
        "the red door . <end>": "<begin> la porte rouge . <end> <pad>",
        "a red house <end> <pad>": "<begin> l' autre maison rouge <end> <pad>",
    }
    source = text_of(data.train.source[0], data.source_words)
    assert pairs[source] == trained[source]
    assert data.dimensions == {
        "source_vocabulary": len(data.source_words),
        "target_vocabulary": len(data.target_words),
        "source_length": 5,
        "target_length": 7,
    }


def test_the_vocabulary_is_that_of_the_training_pairs(packages):
    data = translation_module(read_en_fr(**packages), **OPTIONS)
    assert tuple(data.source_words[:4]) == SPECIAL_WORDS
    assert set(data.train.source.unique().tolist()) - {PAD} >= {END, *range(4, 7)}
    assert UNKNOWN not in data.train.source
    assert UNKNOWN in data.test.source
    assert len(data.source_words) == 4 + len(set(data.train.source.flatten().tolist()) - {PAD, END})


def test_rare_words_are_unknown(packages):
    options = OPTIONS | {"min_count": 2, "test_samples": 0}
    data = translation_module(read_en_fr(**packages), **options)
    assert data.source_words == [*SPECIAL_WORDS, "red"]
    assert data.test is None


def test_more_pairs_for_the_test_than_there_are(packages):
    with pytest.raises(UserError, match="0 pairs for validation and 2 for the test, of 2"):
        translation_module(read_en_fr(**packages), **(OPTIONS | {"test_samples": 2}))


def test_a_package_without_help_is_reported(packages, cached):
    other = cached("debian", {"usr/share/doc/readme": b""})
    with pytest.raises(UserError, match="no help pages"):
        read_en_fr(**(packages | {"french": other}))


def test_words_of_french():
    assert words("L’onglet d'été (n° 5), c'est-à-dire") == [
        "l'", "onglet", "d'", "été", "(", "n", "°", "5", ")", ",", "c'", "est", "-", "à", "-",
        "dire",
    ]  # fmt: skip


def test_tiny_pairs_need_no_source():
    read = read_en_fr(english=[], french=[], tiny=True)
    data = translation_module(read, tiny=True, **(OPTIONS | {"validation": 1000}))
    assert [len(split.source) for split in (data.train, data.validation, data.test)] == [79, 16, 1]
    assert isinstance(next(iter(data.train_dataloader())), Pairs)
    assert UNKNOWN not in data.train.target


# --- the graph ---------------------------------------------------------------------------------


@pytest.fixture
def graph(cached):
    def link(*names: str) -> tuple[str, ...]:
        return tuple(f"en-US/text/{name}" for name in names)

    site = {
        "scalc/a.html": page("Calc cells", links=link("scalc/b.html", "scalc/a.html")),
        "scalc/b.html": page("Many cells", links=link("scalc/a.html#top", "swriter/a.html")),
        "swriter/a.html": page("Long text", links=link("shared/a.html", "nowhere.html")),
        "swriter/alone.html": page("Nobody links here", links=link("shared/a.html")),
        "shared/a.html": page("For all", links=link("scalc/a.html")),
    }
    read = read_help_graph(
        sources=cached("debian", {f"{HELP}/en-US/text/{name}": site[name] for name in site}),
        cache=cached.folder,
        features=10,
    )
    return graph_module(read, train_share=0.5, validation_share=0.1, split_seed=0, seed=0)


def test_nodes_are_the_pages_of_modules_that_are_linked(graph):
    assert graph.names == ["scalc/a.html", "scalc/b.html", "swriter/a.html"]
    assert graph.class_names == ["scalc", "swriter"]
    assert graph.train.targets.tolist() == [0, 0, 1]
    assert graph.dimensions == {"input_shape": (5,), "num_classes": 2}


def test_edges_go_both_ways_once_and_never_to_the_page_itself(graph):
    edges = list(zip(*graph.train.edges.tolist(), strict=True))
    assert sorted(edges) == [(0, 1), (1, 0), (1, 2), (2, 1)]


def test_the_names_of_modules_are_no_features(graph):
    # cells and title in both pages of Calc; text, long, many and title: not `calc`
    assert graph.train.inputs.sum(0).tolist() == [3, 2, 1, 1, 1]


def test_every_batch_is_the_whole_graph_with_some_of_its_training_nodes(graph):
    (batch,) = graph.train_dataloader()
    assert all(map(torch.equal, batch, graph.train))
    graph.batch_size = 1
    loader = graph.train_dataloader()
    batches = list(loader)
    assert [int(batch.train.sum()) for batch in batches] == [1, 1] == [1] * len(loader)
    assert torch.equal(batches[0].train | batches[1].train, graph.train.train)
    assert torch.equal(batches[0].inputs, graph.train.inputs)
    loader.start_at(epoch=0, batch=1)
    assert [batch.train.tolist() for batch in loader] == [batches[1].train.tolist()]


def test_masks_share_out_each_class():
    targets = np.repeat([0, 1], [100, 20])
    masks = stratified_masks(targets, 0.1, 0.2, np.random.default_rng(0))
    assert np.sum(masks, axis=0).tolist() == [1] * 120
    assert [np.bincount(targets[mask]).tolist() for mask in masks] == [[10, 2], [20, 4], [70, 14]]


def test_the_tiny_graph_needs_no_source():
    read = read_help_graph(sources=[], features=50, tiny=True)
    data = graph_module(read, train_share=0.2, validation_share=0.2, split_seed=0, seed=0)
    assert data.train.inputs.shape[0] == 60
    assert data.dimensions["num_classes"] == 3
    assert data.class_counts.tolist() == [4, 4, 4]
