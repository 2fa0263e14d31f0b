"""The LSTM in both directions against torch's own on packed sequences."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from phytotron.nn.bidirectional_lstm import BidirectionalLSTM


def test_states_and_gradients_equal_those_of_torch_on_packed_sequences():
    torch.manual_seed(0)
    ours = BidirectionalLSTM(channels=5, hidden=4)
    reference = nn.LSTM(5, 4, batch_first=True, bidirectional=True)
    with torch.no_grad():
        for name, weight in ours.forwards.named_parameters():
            getattr(reference, name).copy_(weight)
        for name, weight in ours.backwards.named_parameters():
            getattr(reference, f"{name}_reverse").copy_(weight)
    lengths = torch.tensor([7, 3, 1])
    mask = torch.arange(7) < lengths[:, None]
    inputs = torch.randn(3, 7, 5)

    packed = pack_padded_sequence(inputs, lengths, batch_first=True)
    expected, _ = pad_packed_sequence(reference(packed)[0], batch_first=True)
    states = ours(inputs, mask) * mask.unsqueeze(-1)
    torch.testing.assert_close(states, expected)

    direction = torch.randn_like(states)
    (states * direction).sum().backward()
    (expected * direction).sum().backward()
    for name, weight in ours.backwards.named_parameters():
        torch.testing.assert_close(
            weight.grad, getattr(reference, f"{name}_reverse").grad, atol=1e-5, rtol=1e-4
        )
