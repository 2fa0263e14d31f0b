"""Choosing a sequence from a model that gives the probabilities of the next token.

What is decoded is described by a `Step`, so nothing here knows a network: from the last tokens and
a state it gives the log-probabilities of the next ones, and the state after it. `rows` are
sequences that are decoded side by side. A sequence ends with the token `end`, or at `limit` tokens;
after its end it is padded with `PAD`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from phytotron.nn.masking import PAD
from phytotron.nn.shapes import Int

State = tuple[Tensor, ...]  # each of shape (rows, ...)
# (tokens of shape (rows,), state) -> (log-probabilities of shape (rows, vocabulary), state)
Step = Callable[[Tensor, State], tuple[Tensor, State]]


class Hypotheses(NamedTuple):
    """The best sequences of each row, the best one first.

    Attributes:
        tokens: with `end`, without `begin`, shape (rows, returned, limit).
        scores: sum of the log-probabilities / length^alpha, shape (rows, returned).
        log_probabilities: the sum alone, shape (rows, returned).
    """

    tokens: Tensor
    scores: Tensor
    log_probabilities: Tensor


def greedy(
    step: Step, state: State, *, begin: int, end: int, limit: int
) -> Int[Tensor, "rows {limit}"]:
    """Greedy search: the most probable token at each step, without reconsidering.

    A word that is likely now can lead where every continuation is unlikely: the result may be less
    probable than another sequence, by any factor.

    Sources: Notes of several courses, Sequence to sequence, Stanford NLP notes; Vasilev 2023,
        ch. 7, ch. 8
    Catalogue: K22

    Args:
        step: the model.
        state: before the first token; its tensors tell the number of rows.
        begin: the token that goes before the first one.
        end: the token that ends a sequence.
        limit: most tokens of a sequence, `end` included.

    Returns:
        Token ids, shape (rows, limit).
    """
    rows = len(state[0])
    tokens = state[0].new_full((rows, limit), PAD, dtype=torch.long)
    last = state[0].new_full((rows,), begin, dtype=torch.long)
    done = torch.zeros_like(last, dtype=torch.bool)
    for position in range(limit):
        log_probabilities, state = step(last, state)
        last = log_probabilities.argmax(dim=1)
        tokens[:, position] = last.masked_fill(done, PAD)
        done |= last == end
        if done.all():
            break
    return tokens


def beam_search(
    step: Step,
    state: State,
    *,
    begin: int,
    end: int,
    limit: int,
    width: int,
    alpha: float = 0.7,
    enough: int | None = None,
    returned: int = 1,
) -> Hypotheses:
    """Beam search: keep the most probable prefixes, and extend each of them by every token.

    Of all extensions the `width` most probable ones stay; those of them that have ended are set
    aside, and others take their places. With width 1 it is greedy; with a width that drops no
    prefix it is exhaustive search. In between, a wider beam finds sequences of higher probability
    mostly, but not always.

    The sum of log-probabilities falls with every token, which prefers short sequences: sequences
    are compared by sum / length^alpha (Wu et al., "Google's Neural Machine Translation System",
    2016, without their constant 5).

    Sources: Notes of several courses, Sequence to sequence, Stanford NLP notes; Vasilev 2023, ch. 8
    Catalogue: K23

    Args:
        step, state, begin, end, limit: see `greedy`.
        width: prefixes that are kept, often 5 to 10.
        alpha: 0 for the sum, 1 for the mean.
        enough: stop when this number of sequences have ended; None: when no prefix can become
            better than those that are returned.
        returned: sequences for each row, at most `width`.

    Raises:
        ValueError: `returned` is above `width`, or alpha is below 0.
    """
    if not 1 <= returned <= width:
        raise ValueError(f"{returned} sequences of a beam of width {width}")
    if alpha < 0:
        raise ValueError(f"alpha is {alpha}: a number from 0")
    rows = len(state[0])
    device = state[0].device
    state = _repeated(state, width)
    last = torch.full((rows * width,), begin, device=device)
    prefixes = torch.full((rows, width, limit), PAD, device=device)
    # At first all prefixes of a row are the same one: only the first counts.
    sums = torch.full((rows, width), -torch.inf, device=device)
    sums[:, 0] = 0
    none = torch.full_like(sums, -torch.inf)
    best = Hypotheses(prefixes, none, none)
    ended = torch.zeros(rows, dtype=torch.long, device=device)
    done = torch.zeros(rows, dtype=torch.bool, device=device)

    for length in range(1, limit + 1):
        log_probabilities, state = step(last, state)
        vocabulary = log_probabilities.shape[1]
        extended = sums.unsqueeze(2) + log_probabilities.view(rows, width, vocabulary)
        # At most `width` of twice as many have ended: enough stay for the next round.
        sums, index = extended.flatten(1).topk(min(2 * width, width * vocabulary), dim=1)
        parent, token = index // vocabulary, index % vocabulary
        prefixes = _rows(prefixes, parent)
        prefixes[:, :, length - 1] = token

        ends = (token == end) | (length == limit)
        counted = ends & (sums > -torch.inf) & ~done.unsqueeze(1)
        counted[:, width:] = False
        best = _better(best, prefixes, sums.masked_fill(~counted, -torch.inf), length**alpha)
        ended += counted.sum(dim=1)

        sums, place = sums.masked_fill(ends, -torch.inf).topk(width, dim=1)
        prefixes, last = _rows(prefixes, place), token.gather(1, place).flatten()
        parent = parent.gather(1, place) + width * torch.arange(rows, device=device).unsqueeze(1)
        state = tuple(part.index_select(0, parent.flatten()) for part in state)
        if enough is None:
            # A sum only falls, and nothing divides it by more than the longest length does.
            done |= best.scores[:, returned - 1] >= sums[:, 0] / limit**alpha
        else:
            done |= ended >= enough
        if done.all():
            break
    return Hypotheses(*(part[:, :returned] for part in best))


def _repeated(state: State, times: int) -> State:
    """Each row repeated, the copies next to each other."""
    return tuple(part.repeat_interleave(times, dim=0) for part in state)


def _rows(
    prefixes: Int[Tensor, "rows n limit"], chosen: Int[Tensor, "rows wanted"]
) -> Int[Tensor, "rows wanted limit"]:
    """Some of each row's prefixes (rows, n, limit), by their places of shape (rows, wanted)."""
    return prefixes.gather(1, chosen.unsqueeze(2).expand(-1, -1, prefixes.shape[2]))


def _better(best: Hypotheses, tokens: Tensor, sums: Tensor, divisor: float) -> Hypotheses:
    """The best of the known and the new hypotheses."""
    width = best.scores.shape[1]
    scores, place = torch.cat([best.scores, sums / divisor], dim=1).topk(width, dim=1)
    return Hypotheses(
        _rows(torch.cat([best.tokens, tokens], dim=1), place),
        scores,
        torch.cat([best.log_probabilities, sums], dim=1).gather(1, place),
    )
