"""LibreOffice's help as a graph of linked pages, to be classified by subject.

A stand-in for citation networks such as Cora. The nodes are the pages of the eight modules that
have a link to another one, 1,608 of 1,718 pages: 415 of Basic, 399 Calc, 376 Writer, 170 Impress,
79 Base, 79 Math, 45 Chart, 45 Draw. An edge is a link in either direction: 3,770 of them, 96 %
within a module.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from phytotron.data.office_help import HelpPage, help_pages
from phytotron.data.order import TrainingOrder
from phytotron.data.sources import fetch

_SHARED = "shared"  # the folder of pages that belong to all modules
_WORD = re.compile(r"[a-z]{3,}")
# The names of the modules are no features: they would give the class away.
_MODULE_NAMES = {"writer", "calc", "impress", "draw", "base", "math", "chart", "charts", "basic"}


class LabelledGraph(NamedTuple):
    """A graph whose nodes are to be classified; training knows the class of some.

    Attributes:
        inputs: features of the nodes, float32, shape (nodes, features).
        edges: source and target node, each link in both directions, int64, shape (2, edges).
        targets: class ids, shape (nodes,).
        train, validation, test: masks of the nodes of each split, bool, shape (nodes,).
    """

    inputs: Tensor
    edges: Tensor
    targets: Tensor
    train: Tensor
    validation: Tensor
    test: Tensor


class GraphBatches:
    """Batches that all hold the whole graph; only the mask of the training nodes differs.

    Args:
        graph: with the mask of all training nodes.
        batch_size: training nodes of a batch; None: all, one batch an epoch.
        seed: determines, together with the epoch, the order of the training nodes.
    """

    def __init__(self, graph: LabelledGraph, batch_size: int | None, seed: int) -> None:
        self.graph = graph
        self.nodes = graph.train.nonzero().squeeze(1)
        lengths = np.zeros(len(self.nodes), np.int64)
        self.order = TrainingOrder(lengths, batch_size or len(lengths), seed=seed)

    def start_at(self, epoch: int, batch: int) -> None:
        """Let the next iterator begin after `batch` batches of an epoch."""
        self.order.start_at(epoch, batch)

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[LabelledGraph]:
        for rows in self.order:
            mask = torch.zeros_like(self.graph.train)
            mask[self.nodes[rows]] = True
            yield self.graph._replace(train=mask)


class GraphData(pl.LightningDataModule):
    """One graph for training, validation and test; its masks tell the nodes of each.

    Attributes:
        train, validation, test: the same `LabelledGraph`.
        batch_size: training nodes of a batch; None: all.
        dimensions: `input_shape` (the features of a node) and `num_classes`.
        class_counts: training nodes of each class, shape (classes,).
        names: of the nodes: the pages.
        class_names: of the classes.
    """

    def __init__(
        self,
        graph: LabelledGraph,
        names: list[str],
        class_names: list[str],
        *,
        batch_size: int | None,
        seed: int,
    ) -> None:
        super().__init__()
        self.train = self.validation = self.test = graph
        self.names = names
        self.class_names = class_names
        self.batch_size = batch_size
        self.seed = seed
        self.dimensions = {"input_shape": (graph.inputs.shape[1],), "num_classes": len(class_names)}
        counts = graph.targets[graph.train].bincount(minlength=len(class_names))
        self.class_counts = counts.numpy()

    def train_dataloader(self) -> GraphBatches:
        return GraphBatches(self.train, self.batch_size, self.seed)

    def val_dataloader(self) -> GraphBatches:
        return GraphBatches(self.validation, None, self.seed)

    def test_dataloader(self) -> GraphBatches:
        return GraphBatches(self.test, None, self.seed)


class LinkedPages(NamedTuple):
    """The pages of a graph before they are split.

    Attributes:
        inputs: features of the nodes, float32, shape (nodes, features).
        edges: see `LabelledGraph`, shape (2, edges).
        targets: class ids, shape (nodes,).
        names: of the nodes.
        class_names: of the classes.
    """

    inputs: NDArray[np.float32]
    edges: NDArray[np.int64]
    targets: NDArray[np.int64]
    names: list[str]
    class_names: list[str]


def read_help_graph(
    *,
    sources: Sequence[Mapping[str, str]],
    features: int,
    tiny: bool = False,
    cache: Path | None = None,
) -> LinkedPages:
    """The graph of the help pages; a feature is 1 where the page has a certain word, else 0.

    Args:
        sources: see `phytotron.data.sources`; the Debian package with the help pages.
        features: number of words: those that occur in most pages, without the names of the modules.
        tiny: generate a graph of 60 nodes instead of reading the package.
        cache: the folder of the package; None: the user's cache.
    """
    pages = _tiny_pages() if tiny else list(help_pages(fetch(sources, cache)))
    names, edges = linked_pages(pages)
    module = [name.partition("/")[0] for name in names]
    classes = sorted(set(module))
    targets = np.array([classes.index(name) for name in module])
    texts = {page.name: " ".join(page.paragraphs.values()) for page in pages}
    inputs = bag_of_words([texts[name] for name in names], features)
    return LinkedPages(inputs, edges, targets, names, classes)


def graph_module(
    read: LinkedPages,
    *,
    train_share: float,
    validation_share: float,
    split_seed: int,
    seed: int,
    batch_size: int | None = None,
    tiny: bool = False,
) -> GraphData:
    """The data module of a graph.

    Args:
        read: the graph.
        train_share: share of the nodes of each class whose class training knows.
        validation_share: share of the nodes of each class for validation; the rest is the test.
        split_seed: chooses the nodes of each split.
        seed: determines, together with the epoch, the order of the training nodes.
        batch_size: training nodes of a batch; None: all.
        tiny: changes nothing here: what is read is small.
    """
    inputs, edges, targets, names, class_names = read
    masks = stratified_masks(
        targets, train_share, validation_share, np.random.default_rng(split_seed)
    )
    graph = LabelledGraph(*map(torch.from_numpy, (inputs, edges, targets, *masks)))
    return GraphData(graph, names, class_names, batch_size=batch_size, seed=seed)


def linked_pages(pages: Sequence[HelpPage]) -> tuple[list[str], NDArray[np.int64]]:
    """The modules' pages with a link to or from another one, and the links in both directions."""
    known = {page.name for page in pages if not page.name.startswith(f"{_SHARED}/")}
    pairs = {
        (page.name, link)
        for page in pages
        for link in page.links
        if page.name in known and link in known and page.name != link
    }
    pairs |= {(target, source) for source, target in pairs}
    names = sorted({name for pair in pairs for name in pair})
    position = {name: node for node, name in enumerate(names)}
    links = sorted((position[source], position[target]) for source, target in pairs)
    return names, np.array(links).T.copy()


def bag_of_words(texts: Sequence[str], features: int) -> NDArray[np.float32]:
    """1 where a text has a word, shape (texts, features); the words are those of most texts."""
    words = [set(_WORD.findall(text.lower())) - _MODULE_NAMES for text in texts]
    occurrences = Counter(word for text in words for word in text)
    chosen = sorted(occurrences, key=lambda word: (-occurrences[word], word))[:features]
    return np.array([[word in text for word in chosen] for text in words], np.float32)


def stratified_masks(
    targets: NDArray[np.int64], train: float, validation: float, random: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of the nodes for training, validation and test.

    Each has the same share of every class, and at least one node of it.
    """
    masks = np.zeros((3, len(targets)), bool)
    for label in np.unique(targets):
        nodes = random.permutation(np.flatnonzero(targets == label))
        first = max(1, round(train * len(nodes)))
        second = first + max(1, round(validation * len(nodes)))
        for mask, part in zip(masks, np.split(nodes, [first, second]), strict=True):
            mask[part] = True
    return masks[0], masks[1], masks[2]


def _tiny_pages() -> list[HelpPage]:
    """Three modules of 20 pages; each page has a link to the next and one to a random module."""
    topics = {"scalc": "cell sum row", "sdraw": "line circle shape", "smath": "root fraction sign"}
    random = np.random.default_rng(0)
    found = []
    for module, topic in topics.items():
        for number in range(20):
            words = random.choice([*topic.split(), "open", "the", "file", "menu"], 5)
            other = random.choice(list(topics))
            links = [f"{module}/{(number + 1) % 20}.html", f"{other}/{number}.html"]
            found.append(HelpPage(f"{module}/{number}.html", {"par_id1": " ".join(words)}, links))
    return found
