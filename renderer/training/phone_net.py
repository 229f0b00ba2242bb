"""A small network that hears phones: mel frames in, a probability per class and frame out.

Dilated convolutions alone: what it says of a frame rests on half a second around it, so that it
knows sounds, not words, and does not hear a word because the line should have it.

References:
    Waibel et al. (1989), "Phoneme recognition using time-delay neural networks", IEEE TASSP 37.
    He et al. (2016), "Identity mappings in deep residual networks", ECCV (the order of a block).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

DILATIONS = (1, 2, 1, 3, 1, 4, 2)
WIDTH = 192


class PhoneNet(nn.Module):
    """Hears phones.

    Args:
        classes: Of phones, silence among them.
        mels: Per frame.
        width: Channels within.
        dilations: Of the residual blocks, in steps of two frames.
    """

    inputs = ("frames",)
    outputs = ("log_p",)

    def __init__(
        self,
        classes: int,
        mels: int,
        width: int = WIDTH,
        dilations: Sequence[int] = DILATIONS,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.stem = nn.Conv1d(mels, width, 6, stride=2, padding=2)
        self.blocks = nn.ModuleList(_Block(width, dilation) for dilation in dilations)
        self.norm = nn.BatchNorm1d(width)
        self.head = nn.Conv1d(width, 2 * classes, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Return logarithms of probabilities.

        Args:
            frames: float (batch, frames, mels); an even number of frames.

        Returns:
            float (batch, frames, classes).
        """
        heard = self.stem(frames.transpose(1, 2))
        for block in self.blocks:
            heard = block(heard)
        logits = self.head(torch.relu(self.norm(heard)))  # two frames per step
        batch, steps = logits.shape[0], logits.shape[2]
        logits = logits.transpose(1, 2).reshape(batch, 2 * steps, self.classes)
        return torch.log_softmax(logits, dim=-1)


class _Block(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.wide = nn.Conv1d(width, width, 3, dilation=dilation, padding=dilation)
        self.drop = nn.Dropout(0.1)

    def forward(self, heard: Tensor) -> Tensor:
        """Add what three steps around each one say."""
        added: Tensor = heard + self.drop(self.wide(torch.relu(self.norm(heard))))
        return added
