"""A cross-entropy for classes of widely different frequency."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phytotron.nn.shapes import Float, Int


class LogitAdjustedCrossEntropy(nn.Module):
    """The softmax cross entropy of `logits + strength * log(prior)` while training.

    In evaluation it is the ordinary cross entropy of the logits.

    With strength 1 the bare logits learn what does not depend on the classes' frequencies: their
    argmax minimises the balanced error. With 0 this is the ordinary cross entropy. (Menon et al.,
    "Long-tail Learning via Logit Adjustment", 2021, equation 10.)

    Args:
        class_counts: training samples of each class, shape (classes,).
        strength: the factor on the log prior, called tau in the paper.
        label_smoothing: the share of each target that is spread over all classes.
    """

    offset: Tensor

    def __init__(
        self, class_counts: Sequence[int], strength: float = 0.0, label_smoothing: float = 0.0
    ) -> None:
        super().__init__()
        # A class without samples counts as one sample: its log prior must stay finite.
        counts = torch.as_tensor(class_counts, dtype=torch.float64).clamp(min=1)
        offset = strength * (counts / counts.sum()).log()
        self.register_buffer("offset", offset.float(), persistent=False)
        self.strength = strength
        self.label_smoothing = label_smoothing

    def forward(
        self,
        logits: Float[Tensor, "batch classes"] | Float[Tensor, "members batch classes"],
        targets: Int[Tensor, " batch"],
    ) -> Float[Tensor, ""]:
        """The mean loss over the batch.

        Args:
            logits: shape (batch, classes), or (members, batch, classes) of an ensemble whose
                members learn the same targets, each by itself.
            targets: class ids, shape (batch,).
        """
        if not self.training:
            return F.cross_entropy(logits, targets)
        if self.strength:
            logits = logits + self.offset
        if logits.ndim > 2:
            targets = targets.expand(logits.shape[:-1]).flatten()
            logits = logits.flatten(end_dim=-2)
        return F.cross_entropy(logits, targets, label_smoothing=self.label_smoothing)
