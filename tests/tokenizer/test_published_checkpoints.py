"""Every container that PointBERT's weights are published in, and what is no such container."""

import argparse
import json
import os
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.tokenizer import PointBert, PointBertConfig
from semgrasp.tokenizer.pointbert import group_points, normalize_to_unit_sphere
from semgrasp.tokenizer.published_weights import load_published_weights

SMALL = PointBertConfig(
    num_points=64,
    num_groups=8,
    group_size=8,
    trans_dim=24,
    depth=3,
    num_heads=2,
    encoder_dims=16,
    group_widths=(8, 8, 16),
)
"""The published architecture with small numbers; the true sizes are tested with the network."""


def random_weights(config: PointBertConfig = SMALL, channels: int = 3) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    weights = {
        name: torch.randn(tensor.shape, generator=generator).abs() * 0.2
        if tensor.is_floating_point()
        else torch.tensor(300)
        for name, tensor in PointBert(config).state_dict().items()
    }
    first = weights["encoder.first_conv.0.weight"]
    weights["encoder.first_conv.0.weight"] = torch.randn(
        len(first), channels, 1, generator=generator
    )
    return weights


def _prefixed(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in weights.items()}


def pretrained(weights: dict[str, Tensor]) -> dict[str, Any]:
    """Point-BERT.pth: two transformers, the dVAE, a queue, and scores as NumPy numbers."""
    heads = {
        "transformer_q.mask_token": torch.zeros(1, 1, 24),
        "transformer_q.lm_head.weight": torch.zeros(32, 24),
        "transformer_q.lm_head.bias": torch.zeros(32),
        "transformer_q.cls_head.0.weight": torch.zeros(8, 48),
    }
    inner = {
        **_prefixed("transformer_q.", weights),
        **heads,
        **_prefixed("transformer_k.", {k: torch.zeros_like(v) for k, v in weights.items()}),
        "dvae.encoder.first_conv.0.weight": torch.zeros(8, 3, 1),
        "queue": torch.zeros(8, 128),
        "queue_ptr": torch.zeros(1),
    }
    return {
        "base_model": _prefixed("module.", inner),
        "optimizer": {"state": {}, "param_groups": [{"lr": 5e-4, "betas": (0.9, 0.999)}]},
        "epoch": 300,
        "metrics": {"acc": np.float64(92.1)},
        "best_metrics": {"acc": np.float64(92.3), "votes": np.zeros(3)},
    }


def finetuned(weights: dict[str, Tensor]) -> dict[str, Any]:
    head = {"cls_head_finetune.0.weight": torch.zeros(4, 48)}
    return {"base_model": {**weights, **head}}


def top_key_model(weights: dict[str, Tensor]) -> dict[str, Any]:
    return {"model": _prefixed("module.base_model.", weights)}


def ulip(weights: dict[str, Tensor]) -> dict[str, Any]:
    """With the arguments of its training, which ULIP saves as they are."""
    other = {"module.logit_scale": torch.ones(()), "module.visual.cls_token": torch.zeros(1)}
    return {
        "epoch": 250,
        "state_dict": {**other, **_prefixed("module.point_encoder.", weights)},
        "args": argparse.Namespace(lr=3e-3, model="ULIP_PointBERT", betas=(0.9, 0.98)),
    }


def pointllm(weights: dict[str, Tensor]) -> dict[str, Any]:
    language = {"model.layers.0.mlp.up_proj.weight": torch.zeros(4, 4)}
    point = {"model.point_proj.0.weight": torch.zeros(4, 4)}
    return {**language, **point, **_prefixed("model.point_backbone.", weights)}


@pytest.mark.parametrize(
    ("container", "unused"),
    [
        (pretrained, {"module.transformer_q.mask_token", "module.transformer_q.lm_head.weight",
                      "module.queue", "module.dvae.encoder.first_conv.0.weight",
                      "module.transformer_k.cls_token"}),
        (finetuned, {"cls_head_finetune.0.weight"}),
        (top_key_model, set()),
        (ulip, {"module.logit_scale", "module.visual.cls_token"}),
        (pointllm, {"model.layers.0.mlp.up_proj.weight", "model.point_proj.0.weight"}),
        (lambda weights: weights, set()),
    ],
)  # fmt: skip
def test_every_container_loads_to_the_bit(container, unused, tmp_path):
    weights = random_weights()
    torch.save(container(weights), tmp_path / "weights.pth")
    model = PointBert(SMALL)
    left = load_published_weights(model, tmp_path / "weights.pth")
    assert unused <= set(left)
    assert not any("transformer_q.blocks" in name or "point_encoder" in name for name in left)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, weights[name]), name


def write_shards(folder: Path, weights: dict[str, Tensor], *, safe: bool) -> None:
    """Three shards with an index, the point encoder across two of them, in half precision."""
    names = list(pointllm(weights))
    thirds = (names[:10], names[10:20], names[20:])
    ending = "safetensors" if safe else "bin"
    stem = "model" if safe else "pytorch_model"
    index = {}
    for number, some in enumerate(thirds, start=1):
        file = f"{stem}-{number:05d}-of-00003.{ending}"
        content = {name: pointllm(weights)[name] for name in some}
        half = {k: v.half() if v.is_floating_point() else v for k, v in content.items()}
        save_file(half, folder / file) if safe else torch.save(half, folder / file)
        index |= dict.fromkeys(some, file)
    name = "model.safetensors.index.json" if safe else "pytorch_model.bin.index.json"
    (folder / name).write_text(json.dumps({"metadata": {}, "weight_map": index}))


@pytest.mark.parametrize("safe", [True, False])
def test_shards_of_pointllm_are_read_from_their_folder(safe, tmp_path):
    weights = random_weights()
    write_shards(tmp_path, weights, safe=safe)
    model = PointBert(SMALL)
    load_published_weights(model, tmp_path)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, weights[name].to(torch.float16).to(tensor.dtype)), name


def test_a_missing_shard_and_an_empty_folder_are_named(tmp_path):
    write_shards(tmp_path, random_weights(), safe=False)
    (tmp_path / "pytorch_model-00002-of-00003.bin").unlink()
    with pytest.raises(InputError, match=r"names .*00002-of-00003\.bin, which is missing"):
        load_published_weights(PointBert(SMALL), tmp_path)
    (tmp_path / "pytorch_model.bin.index.json").unlink()
    with pytest.raises(InputError, match=r"holds none of pytorch_model\.bin\.index\.json"):
        load_published_weights(PointBert(SMALL), tmp_path)


def test_coloured_weights_of_pointllm_v1_2_see_grey(tmp_path):
    weights = random_weights(channels=6)
    torch.save({"state_dict": _prefixed("module.point_encoder.", weights)}, tmp_path / "v12.pt")
    model = PointBert(SMALL)
    load_published_weights(model, tmp_path / "v12.pt")
    points = torch.randn(7, 3)
    coloured = torch.cat([points, torch.full((7, 3), 0.4)], dim=1)
    expected = F.linear(
        coloured,
        weights["encoder.first_conv.0.weight"][..., 0],
        weights["encoder.first_conv.0.bias"],
    )
    torch.testing.assert_close(model.encoder.first_conv[0](points), expected)


def test_pointllm_v1_1_loads_where_the_configuration_has_its_widths(tmp_path):
    wide = PointBertConfig(
        num_points=64, num_groups=8, group_size=48, trans_dim=36, depth=3, num_heads=12,
        encoder_dims=32, group_widths=(8, 8, 16),
    )  # fmt: skip
    weights = random_weights(wide)
    torch.save(pointllm(weights), tmp_path / "v11.pt")
    model = PointBert(wide)
    load_published_weights(model, tmp_path / "v11.pt")
    assert torch.equal(model.reduce_dim.weight, weights["reduce_dim.weight"])
    with pytest.raises(InputError, match=r"trans_dim 36 \(configured: 24\), encoder_dims 32"):
        load_published_weights(PointBert(SMALL), tmp_path / "v11.pt")


def test_a_deeper_encoder_is_refused_and_not_cut_short(tmp_path):
    deep = PointBertConfig(**{**vars(SMALL), "depth": 18})
    torch.save(ulip(random_weights(deep)), tmp_path / "ulip2.pt")
    model = PointBert(SMALL)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(InputError, match=r"PointBERT of depth 18 \(configured: 3\)"):
        load_published_weights(model, tmp_path / "ulip2.pt")
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_a_tensor_missing_or_foreign_within_the_encoder_is_refused(tmp_path):
    weights = random_weights()
    del weights["blocks.blocks.1.attn.proj.bias"]
    torch.save(weights, tmp_path / "less.pth")
    with pytest.raises(InputError, match=r"1 tensors are missing .*blocks\.1\.attn\.proj\.bias"):
        load_published_weights(PointBert(SMALL), tmp_path / "less.pth")
    weights = random_weights() | {"blocks.blocks.1.attn.qkv.bias": torch.zeros(72)}
    torch.save(weights, tmp_path / "more.pth")
    with pytest.raises(InputError, match=r"1 are foreign .*qkv\.bias"):
        load_published_weights(PointBert(SMALL), tmp_path / "more.pth")


@pytest.mark.parametrize("content", [torch.zeros(3), [torch.zeros(3)], {"model": 3}, {}])
def test_what_is_no_checkpoint_is_refused(content, tmp_path):
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(InputError, match="holds no PointBERT"):
        load_published_weights(PointBert(SMALL), tmp_path / "other.pth")


def test_half_a_file_is_refused(tmp_path):
    torch.save(random_weights(), tmp_path / "whole.pth")
    content = (tmp_path / "whole.pth").read_bytes()
    for name, damaged in (("cut.pth", content[: len(content) // 2]), ("text.pth", b"hello\n")):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(InputError, match=name):
            load_published_weights(PointBert(SMALL), tmp_path / name)
    (tmp_path / "cut.safetensors").write_bytes(b"\x00\x01")
    with pytest.raises(InputError, match="damaged"):
        load_published_weights(PointBert(SMALL), tmp_path / "cut.safetensors")


class _Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_configuration_object_is_refused_by_name_and_nothing_is_run(tmp_path, monkeypatch):
    """EasyDict, in which Point-BERT's own code keeps configurations; here it runs when made."""
    made = []

    class EasyDict(dict):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

    EasyDict.__module__ = EasyDict.__qualname__ = "easydict"
    EasyDict.__qualname__ = "EasyDict"
    module = ModuleType("easydict")
    module.EasyDict = EasyDict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "easydict", module)
    content = {**pretrained(random_weights()), "config": EasyDict({"depth": 12})}
    torch.save(content, tmp_path / "Point-BERT.pth")
    made.clear()
    with pytest.raises(InputError) as caught:
        load_published_weights(PointBert(SMALL), tmp_path / "Point-BERT.pth")
    assert made == []
    said = str(caught.value)
    assert "holds easydict.EasyDict beside its tensors" in said
    # The message's own command makes a file that loads.
    command = said[said.index('python -c "') + len('python -c "') : -1]
    monkeypatch.chdir(tmp_path)
    exec(command, {})
    load_published_weights(PointBert(SMALL), tmp_path / "Point-BERT_tensors.pth")


@pytest.mark.parametrize("where", ["metrics", "args"])
def test_a_hostile_checkpoint_is_refused_and_nothing_is_run(tmp_path, where):
    sprung = tmp_path / "sprung"
    content = {**ulip(random_weights()), where: _Trap(sprung)}
    if where == "args":
        content["args"] = argparse.Namespace(path=_Trap(sprung))
    torch.save(content, tmp_path / "hostile.pt")
    with pytest.raises(InputError, match=r"holds (posix|os|nt)\.mkdir beside its tensors"):
        load_published_weights(PointBert(SMALL), tmp_path / "hostile.pt")
    assert not sprung.exists()


def test_a_bare_pickle_is_not_opened(tmp_path):
    sprung = tmp_path / "sprung"
    (tmp_path / "bare.pth").write_bytes(pickle.dumps({"model": _Trap(sprung)}))
    with pytest.raises(InputError, match=r"bare\.pth"):
        load_published_weights(PointBert(SMALL), tmp_path / "bare.pth")
    assert not sprung.exists()


def test_tokens_are_those_of_the_published_forward_pass():
    """Written out from the paper's code, function by function, on a loaded state dict."""
    model, weights = PointBert(SMALL).eval(), random_weights()
    model.load_state_dict(weights)
    points = torch.randn(2, 64, 3, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        model(points).features, _published_forward(weights, points), atol=2e-5, rtol=2e-4
    )


def _published_forward(w: dict[str, Tensor], points: Tensor) -> Tensor:
    groups = group_points(normalize_to_unit_sphere(points), SMALL.num_groups, SMALL.group_size)
    b, g, m, _ = groups.offsets.shape

    def conv(name: str, x: Tensor) -> Tensor:
        return F.conv1d(x, w[f"encoder.{name}.weight"], w[f"encoder.{name}.bias"])

    def norm(name: str, x: Tensor) -> Tensor:
        mean, variance = (w[f"encoder.{name}.running_{s}"] for s in ("mean", "var"))
        scale, shift = w[f"encoder.{name}.weight"], w[f"encoder.{name}.bias"]
        return F.relu(F.batch_norm(x, mean, variance, scale, shift))

    x = groups.offsets.reshape(b * g, m, 3).transpose(1, 2)
    x = conv("first_conv.3", norm("first_conv.1", conv("first_conv.0", x)))
    whole = x.max(dim=2, keepdim=True).values
    x = torch.cat([whole.expand(-1, -1, m), x], dim=1)
    x = conv("second_conv.3", norm("second_conv.1", conv("second_conv.0", x))).max(dim=2).values
    x = F.linear(x.reshape(b, g, -1), w["reduce_dim.weight"], w["reduce_dim.bias"])
    place = F.linear(groups.centres, w["pos_embed.0.weight"], w["pos_embed.0.bias"])
    place = F.linear(F.gelu(place), w["pos_embed.2.weight"], w["pos_embed.2.bias"])
    x = torch.cat([w["cls_token"].expand(b, -1, -1), x], dim=1)
    place = torch.cat([w["cls_pos"].expand(b, -1, -1), place], dim=1)
    for i in range(SMALL.depth):
        own = {
            k.removeprefix(f"blocks.blocks.{i}."): v for k, v in w.items() if f"blocks.{i}." in k
        }
        x = x + place
        y = F.layer_norm(x, (24,), own["norm1.weight"], own["norm1.bias"])
        q, k, v = F.linear(y, own["attn.qkv.weight"]).reshape(b, g + 1, 3, 2, 12).unbind(2)
        score = torch.einsum("bihd,bjhd->bhij", q, k) * 12**-0.5
        y = torch.einsum("bhij,bjhd->bihd", score.softmax(-1), v).reshape(b, g + 1, 24)
        x = x + F.linear(y, own["attn.proj.weight"], own["attn.proj.bias"])
        y = F.layer_norm(x, (24,), own["norm2.weight"], own["norm2.bias"])
        y = F.gelu(F.linear(y, own["mlp.fc1.weight"], own["mlp.fc1.bias"]))
        x = x + F.linear(y, own["mlp.fc2.weight"], own["mlp.fc2.bias"])
    return F.layer_norm(x, (24,), w["norm.weight"], w["norm.bias"])
