"""A model of a few thousand random weights, in the layout of a trained one."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from semgrasp.generate import save_checkpoint
from semgrasp.language import GraspLanguageModel, LanguageConfig, Vocabulary
from semgrasp.language.backbone import build_network
from semgrasp.tokenizer import GraspTokenizer, PointBertConfig
from semgrasp.tokenizer.config import TokenizerConfig

_WORDS = ["hold", "it", "by", "the", "handle", "to", "drink", "pick", "up", "grasp", "mug", "."]


def save_tiny_checkpoint(folder: Path) -> Path:
    """Write an untrained model that answers in milliseconds."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_checkpoint(folder, _tokenizer(), _language())
    return folder


def _tokenizer() -> GraspTokenizer:
    encoder = PointBertConfig(
        num_points=256,
        num_groups=16,
        group_size=8,
        trans_dim=32,
        depth=1,
        num_heads=2,
        encoder_dims=32,
        group_widths=(8, 16, 32),
    )
    hand = PointBertConfig(
        num_points=64,
        num_groups=8,
        group_size=8,
        trans_dim=32,
        depth=1,
        num_heads=2,
        encoder_dims=32,
        group_widths=(8, 16, 32),
    )
    config = TokenizerConfig(
        object_encoder=encoder,
        hand_encoder=hand,
        codebook_size=512,
        code_dim=16,
        width=32,
        memory_width=32,
        num_heads=2,
        decoder_depth=1,
    )
    return GraspTokenizer(config).eval()


def _language() -> GraspLanguageModel:
    config = LanguageConfig(object_width=32, max_answer_tokens=6)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789'-"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS, *letters]
    pieces += [f"##{letter}" for letter in letters]
    words = Tokenizer(
        models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]")
    )
    words.normalizer = normalizers.BertNormalizer(lowercase=True)
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    network = build_network(
        {
            "model_type": "bert",
            "vocab_size": len(pieces),
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "max_position_embeddings": 256,
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        }
    )
    return GraspLanguageModel(config, network, Vocabulary(words, config)).eval()
