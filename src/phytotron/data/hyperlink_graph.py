"""Pages that link to each other, to be told apart by subject: LibreOffice's help as a graph.

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

from phytotron.data.office_help import Page, pages
from phytotron.data.order import TrainingOrder
from phytotron.data.sources import fetch

_SHARED = "shared"  # pages of all modules
_WORD = re.compile(r"[a-z]{3,}")
# The names of the modules: whoever reads them need not understand the page.
_TELL_TALES = {"writer", "calc", "impress", "draw", "base", "math", "chart", "charts", "basic"}


class Graph(NamedTuple):
    """A graph whose nodes are to be classified, some of them with a known class.

    Attributes:
        inputs: features of the nodes, float32, shape (nodes, features).
        edges: from and to which node, each link in both directions, int64, shape (2, edges).
        targets: class ids, shape (nodes,).
        train, validation, test: which nodes are for what, bool, shape (nodes,).
    """

    inputs: Tensor
    edges: Tensor
    targets: Tensor
    train: Tensor
    validation: Tensor
    test: Tensor


class GraphBatches:
    """A graph, whole in every batch; the mask of its training nodes is what differs.

    Args:
        graph: with the mask of all training nodes.
        batch_size: how many of them are in a batch; None: all, and one batch an epoch.
        seed: from it and the epoch their order derives.
    """

    def __init__(self, graph: Graph, batch_size: int | None, seed: int) -> None:
        self.graph = graph
        self.nodes = graph.train.nonzero().squeeze(1)
        lengths = np.zeros(len(self.nodes), np.int64)
        self.order = TrainingOrder(lengths, batch_size or len(lengths), seed=seed)

    def start_at(self, epoch: int, batch: int) -> None:
        """Let the next iterator begin behind `batch` batches of an epoch."""
        self.order.start_at(epoch, batch)

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[Graph]:
        for rows in self.order:
            mask = torch.zeros_like(self.graph.train)
            mask[self.nodes[rows]] = True
            yield self.graph._replace(train=mask)


class GraphData(pl.LightningDataModule):
    """One graph, which is at once what is trained on and what is tested on: its masks tell.

    Attributes:
        train, validation, test: the same `Graph`.
        batch_size: training nodes of a batch; None: all.
        dimensions: `input_shape` (the features of a node) and `classes`.
        class_counts: training nodes of each class, shape (classes,).
        names: of the nodes.
        class_names: of the classes.
    """

    def __init__(
        self,
        graph: Graph,
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


def hyperlink_graph(
    *,
    sources: Sequence[Mapping[str, str]],
    features: int,
    train_share: float,
    validation_share: float,
    split_seed: int,
    seed: int,
    batch_size: int | None = None,
    tiny: bool = False,
    folder: Path | None = None,
) -> GraphData:
    """The graph of the help pages; a feature is 1 where the page has a certain word, else 0.

    Args:
        sources: see `phytotron.data.sources`; the Debian package with the help pages.
        features: how many words; those in most pages, but not the names of the modules.
        train_share: share of the nodes of each class whose class training may know.
        validation_share: share of the nodes of each class for validation; the rest is the test.
        split_seed: chooses them.
        seed: the order of the training nodes derives from it and the epoch.
        batch_size: training nodes of a batch; None: all.
        tiny: a generated graph of 60 nodes instead of the real one.
        folder: keeps the package; None: the user's cache.
    """
    found = _tiny_pages() if tiny else list(pages(fetch(sources, folder)))
    names, links = linked_pages(found)
    module = [name.partition("/")[0] for name in names]
    classes = sorted(set(module))
    targets = np.array([classes.index(name) for name in module])
    texts = {page.name: " ".join(page.paragraphs.values()) for page in found}
    inputs = bag_of_words([texts[name] for name in names], features)
    train, validation, test = stratified_masks(
        targets, train_share, validation_share, np.random.default_rng(split_seed)
    )
    graph = Graph(*map(torch.from_numpy, (inputs, links, targets, train, validation, test)))
    return GraphData(graph, names, classes, batch_size=batch_size, seed=seed)


def linked_pages(found: Sequence[Page]) -> tuple[list[str], NDArray[np.int64]]:
    """The pages of modules that have a link to another one, and the links in both directions."""
    known = {page.name for page in found if not page.name.startswith(f"{_SHARED}/")}
    pairs = {
        (page.name, link)
        for page in found
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
    words = [set(_WORD.findall(text.lower())) - _TELL_TALES for text in texts]
    spread = Counter(word for text in words for word in text)
    chosen = sorted(spread, key=lambda word: (-spread[word], word))[:features]
    return np.array([[word in text for word in chosen] for text in words], np.float32)


def stratified_masks(
    targets: NDArray[np.int64], train: float, validation: float, random: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Nodes for training, validation and test: the same shares of each class, at least one."""
    masks = np.zeros((3, len(targets)), bool)
    for label in np.unique(targets):
        nodes = random.permutation(np.flatnonzero(targets == label))
        first = max(1, round(train * len(nodes)))
        second = first + max(1, round(validation * len(nodes)))
        for mask, part in zip(masks, np.split(nodes, [first, second]), strict=True):
            mask[part] = True
    return masks[0], masks[1], masks[2]


def _tiny_pages() -> list[Page]:
    """Three modules of 20 pages, each linked to the next and to one of another module's."""
    topics = {"scalc": "cell sum row", "sdraw": "line circle shape", "smath": "root fraction sign"}
    random = np.random.default_rng(0)
    found = []
    for module, topic in topics.items():
        for number in range(20):
            words = random.choice([*topic.split(), "open", "the", "file", "menu"], 5)
            other = random.choice(list(topics))
            links = [f"{module}/{(number + 1) % 20}.html", f"{other}/{number}.html"]
            found.append(Page(f"{module}/{number}.html", {"par_id1": " ".join(words)}, links))
    return found
