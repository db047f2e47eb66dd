"""Training modes with a GradScaler."""

import torch
from torch.nn import functional as F

from tests.support.training_modes.models import ConvNet, batches


def scaling(fused, dtype=torch.float16, unscale=False, overflow=False):
    def mode(loop):
        model = ConvNet()
        optimizer = torch.optim.AdamW(model.parameters(), 1e-2, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=2)
        loop.start(model, [optimizer], scaler)
        loop.unscaled = unscale
        losses = []
        for step, (x, y) in enumerate(batches()):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype):
                loss = F.cross_entropy(model(x), y)
            scaled = scaler.scale(loss)
            if overflow and step in (0, 4):
                scaled = scaled * 1e38 * 1e38
            loop.backward(scaled)
            if unscale:
                scaler.unscale_(optimizer)
                loop.clip(0.5)
            loop.step(optimizer)
            scaler.update()
            loop.end(loss)
            losses.append(loss.detach())
        return [*losses, torch.tensor(scaler.get_scale())]

    return mode
