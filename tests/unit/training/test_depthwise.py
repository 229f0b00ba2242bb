"""The fast depthwise convolution is the convolution it says it is, and so is its gradient."""

from __future__ import annotations

import torch
from torch.nn.functional import conv1d

from renderer.training.depthwise import Depthwise


def test_it_is_conv1d_with_its_gradients() -> None:
    torch.manual_seed(0)
    layer = Depthwise(6, 5).double()
    x = torch.randn(3, 11, 6, dtype=torch.float64, requires_grad=True)
    aim = torch.randn(3, 11, 6, dtype=torch.float64)
    ours = layer(x)
    with torch.no_grad():
        torch.testing.assert_close(layer(x), ours)
    got = torch.autograd.grad((ours * aim).sum(), [x, layer.weight, layer.bias])
    weight = layer.weight.squeeze(2)
    plain = conv1d(x.transpose(1, 2), weight, layer.bias, padding=2, groups=6).transpose(1, 2)
    torch.testing.assert_close(ours, plain)
    expected = torch.autograd.grad((plain * aim).sum(), [x, layer.weight, layer.bias])
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b)


def test_under_autocast_the_weights_keep_their_kind() -> None:
    torch.manual_seed(0)
    layer = Depthwise(4, 3)
    x = torch.randn(2, 8, 4)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), layer(x), atol=0.03, rtol=0.03)
    y.float().sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == torch.float32
