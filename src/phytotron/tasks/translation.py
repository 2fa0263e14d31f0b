"""Learning to translate sentences, and measuring translations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torchmetrics.text import BLEUScore

from phytotron.data.en_fr import BEGIN, END
from phytotron.data.tokens import PAD, UNKNOWN
from phytotron.models.sequence.translator import Translator
from phytotron.nn.decoding import State, beam_search, greedy
from phytotron.nn.masking import token_mask
from phytotron.nn.metrics import Accuracy
from phytotron.tasks.supervised import Measures
from phytotron.tasks.task import Task

# Tokens that no translation contains, so an unknown word of a reference is never matched.
_UNSAID = [PAD, UNKNOWN, BEGIN]
_DECODINGS = ("beam", "greedy")


class Data(Protocol):
    """What the task asks of the data module; see `phytotron.data.en_fr`."""

    target_words: list[str]


class Translation(Task):
    """Teacher forcing while training; a test translates by beam search and greedily.

    A batch is (source, target): word ids of shapes (batch, source) and (batch, target), with
    `BEGIN` before the target, `END` after both, and `PAD` up to the longest. Padding counts
    neither in the loss nor in the accuracy, both of which are means over words.

    Once per validation it logs `train_loss`, `val_loss` and `val_accuracy`, of the next word after
    the right ones. A test gives `test/loss`, `test/accuracy`, and BLEU-4 over the whole split, in
    per cent: `test/bleu` by beam search and `test/greedy_bleu`.

    BLEU (Papineni et al., 2002) is BP · exp(mean of ln pₙ over n = 1 to 4). Of the n-grams of the
    translations pₙ is the share that is in the reference, each no more often than it is there;
    BP = min(1, exp(1 − reference's length / translation's)) is against short translations.

    Sources: Notes of several courses, Sequence to sequence
    Catalogue: K25

    Args:
        network: a `Translator`.
        loss: of (logits, targets), of shapes (words, vocabulary) and (words,).
        data: tells the words of the ids.
        width: prefixes that beam search keeps.
        alpha: exponent of the length that its sums are divided by.
        limit: most words of a translation, its end included.
        smooth: count one n-gram more, n above 1. In torchmetrics, the score is 0 all the same where
            no n-gram of some length is right; `phytotron.scratch.bleu` does smooth that away.
        others: see `Task`.
    """

    network: Translator

    def __init__(
        self,
        network: nn.Module,
        *,
        optimizer: Mapping[str, Any],
        loss: Callable[[Tensor, Tensor], Tensor],
        data: Data,
        target_vocabulary: int,
        width: int,
        alpha: float,
        limit: int,
        smooth: bool = False,
        scheduler: Mapping[str, Any] | None = None,
        regularizer: Callable[[nn.Module], Tensor] | None = None,
    ) -> None:
        super().__init__(network, optimizer=optimizer, scheduler=scheduler, regularizer=regularizer)
        self.loss = loss
        self.words = data.target_words
        self.width, self.alpha, self.limit = width, alpha, limit
        accuracy = {"accuracy": lambda: Accuracy(target_vocabulary, average="micro")}
        self.val_metrics, self.test_metrics = Measures(accuracy), Measures(accuracy)
        self.bleu = nn.ModuleDict({name: BLEUScore(smooth=smooth) for name in _DECODINGS})

    def objective(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        source, target = map(trimmed, batch)
        return self.loss(self(source, target), next_words(target))

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        self._measure(self.val_metrics, batch)

    def validation_metrics(self) -> dict[str, Tensor]:
        return {f"val_{name}": value for name, value in self.val_metrics.take().items()}

    def test_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        self._measure(self.test_metrics, batch)
        references = [[text] for text in self.texts(batch[1])]
        for name, metric in self.bleu.items():
            assert isinstance(metric, BLEUScore)
            metric.update(self.texts(self.translate(batch[0], name)), references)

    def on_test_epoch_end(self) -> None:
        for name, value in self.test_metrics.take().items():
            self.log(f"test/{name}", value, sync_dist=True)
        for name, metric in self.bleu.items():
            assert isinstance(metric, BLEUScore)
            key = "test/bleu" if name == "beam" else f"test/{name}_bleu"
            self.log(key, 100 * metric.compute(), sync_dist=True)
            metric.reset()

    @torch.no_grad()
    def translate(self, source: Tensor, decoding: str = "beam") -> Tensor:
        """Translations of word ids of shape (batch, source), ids of shape (batch, limit).

        Args:
            source: see the class.
            decoding: beam or greedy.
        """
        state = self.network.encode(trimmed(source))
        ends = {"begin": BEGIN, "end": END, "limit": self.limit}
        if decoding == "greedy":
            return greedy(self._step, state, **ends)
        found = beam_search(self._step, state, width=self.width, alpha=self.alpha, **ends)
        return found.tokens[:, 0]

    @torch.no_grad()
    def log_probabilities(self, source: Tensor, target: Tensor) -> Tensor:
        """ln P(target | source) of each pair, shape (batch,); arguments as in the class."""
        source, target = trimmed(source), trimmed(target)
        rows = self(source, target).log_softmax(dim=-1)
        of_words = rows.gather(1, next_words(target).unsqueeze(1)).squeeze(1)
        table = of_words.new_zeros(len(target), target.shape[1] - 1)
        table[token_mask(target[:, 1:])] = of_words
        return table.sum(dim=1)

    def texts(self, target: Tensor) -> list[str]:
        """The words of ids of shape (batch, words), with blanks between them."""
        silent = (PAD, BEGIN, END)
        return [
            " ".join(self.words[word] for word in row if word not in silent)
            for row in target.tolist()
        ]

    def _step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        log_probabilities, state = self.network.step(tokens, state)
        log_probabilities[:, _UNSAID] = -torch.inf
        return log_probabilities, state

    def _measure(self, measures: Measures, batch: tuple[Tensor, Tensor]) -> None:
        source, target = map(trimmed, batch)
        logits, wanted = self(source, target), next_words(target)
        measures.loss.update(self.loss(logits, wanted), weight=len(wanted))
        for metric in measures.of_outputs():
            metric.update(logits, wanted)


def trimmed(tokens: Tensor) -> Tensor:
    """Token ids (batch, tokens) without the columns that are padding in all rows."""
    return tokens[:, : int(token_mask(tokens).sum(dim=1).max())]


def next_words(target: Tensor) -> Tensor:
    """The next word of each word of a target (batch, words), without padding, concatenated."""
    following = target[:, 1:]
    return following[token_mask(following)]
