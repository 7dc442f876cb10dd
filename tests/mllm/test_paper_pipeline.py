"""The commands of data/oakink_capgrasp/README.md in their order, with sizes a CPU can do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from published_llama import write_published_llama
from published_oakink import object_folder, write_published_oakink

from mllm.__main__ import main as mllm
from semgrasp.dataset import PackedDataset
from semgrasp.generate import GraspGenerator
from semgrasp.hand import load_mano
from semgrasp.language import GraspLanguageModel
from semgrasp.tokenizer import GraspTokenizer, PointBert, PointBertConfig
from semgrasp.types import GraspTokens
from vqvae.__main__ import main as vqvae

REPOSITORY = Path(__file__).parents[2]
# The maker of MANO's files lives with the tests of the hand.
sys.path.append(str(REPOSITORY / "tests" / "hand"))
from synthetic_mano import Python2Pickle, mano_table  # noqa: E402

CONFIGS = REPOSITORY / "configs"
ENCODER = PointBertConfig(
    num_points=256,
    num_groups=16,
    group_size=8,
    trans_dim=12,
    depth=2,
    num_heads=2,
    encoder_dims=16,
    group_widths=(8, 8, 16),
)
_SIZES = [
    f"--model.tokenizer.{name}.{field}={value}"
    for name, points in (("object_encoder", 256), ("hand_encoder", 96))
    for field, value in {
        **{k: v for k, v in vars(ENCODER).items() if k != "drop_path"},
        "num_points": points,
        "group_widths": list(ENCODER.group_widths),
    }.items()
]
_CPU = ["--trainer.accelerator=cpu", "--trainer.enable_model_summary=false"]
FOLDER = "data/oakink_capgrasp"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with everything that the README asks for, which is the working directory."""
    place = tmp_path_factory.mktemp("paper")
    write_published_oakink(place / FOLDER)
    (place / "mano").mkdir()
    (place / "mano" / "MANO_RIGHT.pkl").write_bytes(Python2Pickle().dumps(mano_table()))
    write_published_llama(place / "vicuna")
    torch.manual_seed(0)
    weights = PointBert(ENCODER).state_dict()
    inner = {f"module.transformer_q.{k}": v for k, v in weights.items()}
    torch.save({"base_model": inner, "epoch": 300}, place / FOLDER / "Point-BERT.pth")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("SEMGRASP_MANO_DIR", str(place / "mano"))
        patch.setenv("SEMGRASP_OAKINK_DIR", FOLDER)
        patch.setenv("SEMGRASP_VICUNA_DIR", "vicuna")
        yield place


@pytest.fixture(scope="module")
def packed(place) -> str:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "pack_oakink.py", "--num-points", "256"],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tokenizer_folder(packed) -> str:
    vqvae(
        [
            "fit",
            f"--config={CONFIGS / 'vqvae' / 'paper.yaml'}",
            *_CPU,
            *_SIZES,
            "--trainer.max_epochs=5",
            "--model.tokenizer.codebook_size=16",
            "--model.tokenizer.code_dim=16",
            "--model.tokenizer.width=32",
            "--model.tokenizer.memory_width=32",
            "--model.tokenizer.num_heads=2",
            "--data.num_points=256",
            "--data.views=1",
        ]
    )
    folder = "runs/vqvae/paper_tokenizer"
    vqvae(["export", "--checkpoint=runs/vqvae/paper/last.ckpt", f"--output={folder}"])
    return folder


@pytest.fixture(scope="module")
def model_folder(tokenizer_folder) -> str:
    mllm(
        [
            "fit",
            f"--config={CONFIGS / 'mllm' / 'vicuna_7b.yaml'}",
            *_CPU,
            "--trainer.devices=1",
            "--trainer.strategy=auto",
            "--trainer.max_epochs=-1",
            "--trainer.max_steps=6",
            "--trainer.logger=false",
            "--data.views=1",
            "--data.questions=1",
            "--data.shape.objects=2",
            "--model.language.object_width=12",
            "--model.language.codebook_size=16",
            "--model.lora.rank=4",
        ]
    )
    mllm(["export", "--checkpoint=runs/mllm/vicuna_7b/last.ckpt", "--output=model"])
    return "model"


def test_the_readme_documents_these_commands_in_this_order():
    text = (REPOSITORY / FOLDER / "README.md").read_text()
    wanted = (
        "scripts/pack_oakink.py",
        "-m vqvae fit --config configs/vqvae/paper.yaml",
        "-m vqvae export --checkpoint runs/vqvae/paper/last.ckpt --output runs/vqvae/paper_token",
        "-m mllm fit --config configs/mllm/vicuna_7b.yaml",
        "-m mllm export --checkpoint runs/mllm/vicuna_7b/last.ckpt",
        "scripts/assemble_checkpoint.py --tokenizer runs/vqvae/paper_tokenizer",
    )
    places = [text.index(command) for command in wanted]
    assert places == sorted(places)
    assert f"data.folder={FOLDER}/packed" not in text
    for config, folder in (("vqvae/paper", "packed"), ("mllm/vicuna_7b", "packed")):
        assert re.search(rf"folder: {FOLDER}/{folder}", (CONFIGS / f"{config}.yaml").read_text())


def test_packing_says_what_the_tree_has(packed, place):
    assert "12 grasps of 10 objects; 0 entries damaged" in packed
    assert "Packed 10 grasps of 10 objects with 7 captions" in packed
    assert len(PackedDataset.load(place / FOLDER / "packed")) == 10


def test_the_tokenizer_has_the_users_hand_and_the_given_encoder(tokenizer_folder, place):
    tokenizer = GraspTokenizer.from_pretrained(tokenizer_folder)
    assert tokenizer.config.hand == "mano"
    assert tokenizer.config.learned_codebook
    assert tokenizer.hand.name == "mano"
    given = torch.load(place / FOLDER / "Point-BERT.pth", weights_only=True)["base_model"]
    for name, tensor in tokenizer.object_encoder.state_dict().items():
        kept = given[f"module.transformer_q.{name}"]
        torch.testing.assert_close(
            tensor, kept.half().to(tensor.dtype) if kept.is_floating_point() else kept
        )


def test_the_tokenizers_grasps_drive_the_whole_mano_hand(tokenizer_folder, place):
    tokenizer = GraspTokenizer.from_pretrained(tokenizer_folder)
    data = PackedDataset.load(place / FOLDER / "packed")
    objects = tokenizer.encode_object(data.points_object[:1, :256])
    codes = GraspTokens.from_stack(torch.tensor([[0, 1, 2], [3, 4, 5]]))
    grasp = tokenizer.decode(codes, objects)
    assert load_mano().pose(grasp).vertices_object.shape == (2, 778, 3)
    assert tokenizer.encode(grasp, objects).stack().shape == (2, 3)


def test_a_tokenizer_of_mano_says_so_where_mano_is_missing(tokenizer_folder, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEMGRASP_MANO_DIR", str(tmp_path))
        with pytest.raises(FileNotFoundError, match=r"mano\.is\.tue\.mpg\.de"):
            GraspTokenizer.from_pretrained(tokenizer_folder)


def test_the_assembled_model_grasps_with_the_users_hand(model_folder, tokenizer_folder, place):
    done = subprocess.run(
        [
            *(sys.executable, REPOSITORY / "scripts" / "assemble_checkpoint.py"),
            f"--tokenizer={tokenizer_folder}",
            f"--language={model_folder}",
            "--output=runs/paper_model",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    generator = GraspGenerator.from_pretrained("runs/paper_model")
    assert generator.hand_model.name == "mano"
    mesh = object_folder(place / FOLDER, "S10001") / "align" / "model_align.ply"
    (prediction,) = generator.generate(mesh, "hold the mug", refine=False)
    assert prediction.hand_mesh.vertices.shape == (778, 3)


def test_the_language_model_learns_from_grasps_that_have_captions_and_is_exported(model_folder):
    model = GraspLanguageModel.from_pretrained(Path(model_folder))
    assert model.config.codebook_size == 16
    assert torch.load("runs/mllm/vicuna_7b/last.ckpt", weights_only=True)["global_step"] == 6
