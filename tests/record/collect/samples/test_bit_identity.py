"""Training with attention, gates and dropout is bit-identical with and without a monitor."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import tb_nnviz


class Model(nn.Module):
    """All that is measured, with dropout in each part."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.heads = nn.MultiheadAttention(16, 2, dropout=0.2, batch_first=True)
        self.lstm, self.out = nn.LSTM(16, 16, 2, dropout=0.3, batch_first=True), nn.Linear(16, 5)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        x = self.encoder(x, mask=mask, is_causal=True)
        x = self.heads(x, x, x)[0]
        x = F.scaled_dot_product_attention(x, x, x, dropout_p=0.1, is_causal=True)
        return self.out(self.lstm(x)[0])


def train(logdir, autocast):
    torch.manual_seed(0)
    model, losses = Model(), []
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=2, on_finding=None)
    for _ in range(5):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            loss = model(torch.randn(6, 9, 16)).float().square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    if monitor:
        monitor.close()
    return losses, [parameter.detach().clone() for parameter in model.parameters()], torch.get_rng_state()


@pytest.mark.parametrize("autocast", [False, True])
def test_attention_and_gates_leave_training_bit_identical(autocast, tmp_path):
    plain, watched = train(None, autocast), train(tmp_path, autocast)
    assert plain[0] == watched[0]
    assert all(map(torch.equal, plain[1], watched[1]))
    assert torch.equal(plain[2], watched[2])
