"""PointBERT: the published names and shapes, and what it must not notice."""

import pytest
import torch
from tokenizer_samples import TINY_POINT_BERT, random_cloud

from semgrasp.errors import InputError
from semgrasp.tokenizer import PointBert, PointBertConfig
from semgrasp.tokenizer.pointbert import (
    farthest_points,
    group_points,
    normalize_to_unit_sphere,
)
from semgrasp.tokenizer.published_weights import load_published_weights


def published_shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the published checkpoints, as documented."""
    shapes: dict[str, tuple[int, ...]] = {
        "encoder.first_conv.0.weight": (128, 3, 1),
        "encoder.first_conv.0.bias": (128,),
        "encoder.first_conv.3.weight": (256, 128, 1),
        "encoder.first_conv.3.bias": (256,),
        "encoder.second_conv.0.weight": (512, 512, 1),
        "encoder.second_conv.0.bias": (512,),
        "encoder.second_conv.3.weight": (256, 512, 1),
        "encoder.second_conv.3.bias": (256,),
        "reduce_dim.weight": (384, 256),
        "reduce_dim.bias": (384,),
        "cls_token": (1, 1, 384),
        "cls_pos": (1, 1, 384),
        "pos_embed.0.weight": (128, 3),
        "pos_embed.0.bias": (128,),
        "pos_embed.2.weight": (384, 128),
        "pos_embed.2.bias": (384,),
        "norm.weight": (384,),
        "norm.bias": (384,),
    }
    for conv, width in (("first_conv", 128), ("second_conv", 512)):
        for name in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"encoder.{conv}.1.{name}"] = (width,)
        shapes[f"encoder.{conv}.1.num_batches_tracked"] = ()
    for i in range(12):
        block = f"blocks.blocks.{i}."
        for norm in ("norm1", "norm2"):
            shapes |= {block + norm + ".weight": (384,), block + norm + ".bias": (384,)}
        shapes |= {
            block + "attn.qkv.weight": (1152, 384),
            block + "attn.proj.weight": (384, 384),
            block + "attn.proj.bias": (384,),
            block + "mlp.fc1.weight": (1536, 384),
            block + "mlp.fc1.bias": (1536,),
            block + "mlp.fc2.weight": (384, 1536),
            block + "mlp.fc2.bias": (384,),
        }
    return shapes


@pytest.fixture(scope="module")
def paper() -> PointBert:
    return PointBert(PointBertConfig.paper(num_points=64, num_groups=8)).eval()


def test_paper_configuration_has_the_published_number_of_parameters(paper):
    assert sum(p.numel() for p in paper.parameters()) == 21_858_816


def test_paper_configuration_has_the_published_names_and_shapes(paper):
    assert {k: tuple(v.shape) for k, v in paper.state_dict().items()} == published_shapes()


def test_layer_norms_use_the_published_epsilon(paper):
    assert {m.eps for m in paper.modules() if isinstance(m, torch.nn.LayerNorm)} == {1e-5}


@pytest.mark.parametrize("prefix", ["base_model", "state_dict", ""])
def test_published_containers_load_alike(paper, prefix, tmp_path):
    weights = {k: torch.randn(s) if s else torch.tensor(3) for k, s in published_shapes().items()}
    expected_unused: list[str] = []
    match prefix:
        case "base_model":
            inner = {f"module.transformer_q.{k}": v for k, v in weights.items()}
            inner["module.transformer_q.cls_head.0.weight"] = torch.zeros(2)
            expected_unused = ["module.transformer_q.cls_head.0.weight"]
            content = {"base_model": inner, "epoch": 300}
        case "state_dict":
            content = {
                "state_dict": {f"module.point_encoder.{k}": v for k, v in weights.items()}
                | {"module.logit_scale": torch.ones(())}
            }
            expected_unused = ["module.logit_scale"]
        case _:
            content = weights
    torch.save(content, tmp_path / "weights.pt")
    unused = load_published_weights(paper, tmp_path / "weights.pt")
    assert unused == expected_unused
    for name, tensor in paper.state_dict().items():
        torch.testing.assert_close(tensor, weights[name])


def test_weights_for_coloured_points_behave_as_on_grey_points(tmp_path):
    plain = PointBert(TINY_POINT_BERT).eval()
    weights = {k: v.clone() for k, v in plain.state_dict().items()}
    weights["encoder.first_conv.0.weight"] = torch.randn(8, 6, 1)
    torch.save(weights, tmp_path / "colour.pt")
    load_published_weights(plain, tmp_path / "colour.pt")
    coloured = torch.cat([torch.randn(5, 3), torch.full((5, 3), 0.4)], dim=1)
    expected = coloured @ weights["encoder.first_conv.0.weight"][..., 0].T
    expected = expected + weights["encoder.first_conv.0.bias"]
    torch.testing.assert_close(plain.encoder.first_conv[0](coloured[:, :3]), expected)


def test_checkpoint_without_pointbert_is_refused(tmp_path):
    torch.save({"state_dict": {"something.weight": torch.zeros(1)}}, tmp_path / "other.pt")
    with pytest.raises(InputError, match="holds no PointBERT"):
        load_published_weights(PointBert(TINY_POINT_BERT), tmp_path / "other.pt")


def test_farthest_points_agree_with_a_naive_loop():
    points = torch.randn(3, 50, 3, generator=torch.Generator().manual_seed(0))
    for cloud, chosen in zip(points, farthest_points(points, 12), strict=True):
        naive = [0]
        while len(naive) < 12:
            nearest = (cloud[:, None] - cloud[naive]).norm(dim=-1).min(dim=1).values
            naive.append(int(nearest.argmax()))
        assert chosen.tolist() == naive


def test_groups_hold_the_nearest_neighbours():
    points = torch.randn(2, 40, 3, generator=torch.Generator().manual_seed(1))
    groups = group_points(points, 5, 7)
    for b in range(2):
        for g in range(5):
            distance = (points[b] - points[b, groups.centre_index[b, g]]).norm(dim=-1)
            assert set(distance.topk(7, largest=False).indices.tolist()) == set(
                groups.member_index[b, g].tolist()
            )


def test_order_of_points_after_the_first_does_not_matter():
    model, points = PointBert(TINY_POINT_BERT).eval(), random_cloud(2)
    shuffled = torch.cat([points[:, :1], points[:, 1:][:, torch.randperm(63)]], dim=1)
    for a, b in zip(model(points), model(shuffled), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_size_and_place_change_centres_but_not_features():
    model, points = PointBert(TINY_POINT_BERT).eval(), random_cloud(2)
    moved = points * 2.0 + torch.tensor([0.1, -0.2, 0.3])
    torch.testing.assert_close(model(points).features, model(moved).features, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(
        model(points).centres * 2.0 + torch.tensor([0.1, -0.2, 0.3]), model(moved).centres
    )


def test_unit_sphere_is_centred_and_touched():
    unit = normalize_to_unit_sphere(random_cloud(3) + 1.0)
    torch.testing.assert_close(unit.mean(1), torch.zeros(3, 3), atol=1e-5, rtol=0.0)
    torch.testing.assert_close(unit.norm(dim=-1).amax(1), torch.ones(3))


def test_too_few_points_are_refused():
    with pytest.raises(InputError, match="at least 8 points"):
        PointBert(TINY_POINT_BERT)(torch.zeros(1, 5, 3))


def test_default_stays_small():
    assert sum(p.numel() for p in PointBert(PointBertConfig()).parameters()) < 3_000_000
