"""Losses against values known by other means."""

import pytest
import torch

from vqvae.losses import perplexity, reconstruction_loss, vertex_distance


def test_moving_a_hand_by_a_centimetre_costs_a_centimetre():
    hand = torch.randn(2, 3, 20, 3)
    moved = hand + torch.tensor([0.0, 0.01, 0.0])
    torch.testing.assert_close(vertex_distance(hand, moved), torch.full((2, 3), 0.01))


@pytest.mark.parametrize(("kind", "expected"), [("distance", 2.0), ("squared", 4.0)])
def test_stages_are_weighed(kind, expected):
    truth = torch.zeros(2, 3, 20, 3)
    off = truth + torch.tensor([0.02, 0.0, 0.0])
    surfaces = torch.stack([truth, truth, off, off])
    loss = reconstruction_loss(surfaces, kind, (5.0, 0.25, 0.75))
    torch.testing.assert_close(loss, torch.tensor(expected), atol=1e-3, rtol=1e-3)


def test_perplexity_counts_equally_used_codes():
    assert perplexity(torch.arange(8).repeat(5), 512) == pytest.approx(8.0)
    assert perplexity(torch.zeros(10, dtype=torch.long), 512) == pytest.approx(1.0)
