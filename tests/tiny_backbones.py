"""Tiny backbones with tiny vocabularies: real architectures, small enough to train in a test."""

import torch
from tokenizers import AddedToken, Tokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordLevel, WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, Whitespace

from semgrasp.language import GraspLanguageModel, LanguageConfig, Vocabulary
from semgrasp.language.backbone import build_network
from semgrasp.tokenizer import PointTokens

_TEXT = (
    "hold grasp the mug by handle rim body to drink pour describe this what does hand do index "
    "thumb wraps presses and of it ok . , ?"
)
WORDS = _TEXT.split()
CODES = 16
OBJECT_WIDTH = 12


def bert_tokenizer() -> Tokenizer:
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(
        WordPiece({w: i for i, w in enumerate(specials + WORDS)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.decoder = WordPieceDecoder()
    tokenizer.add_special_tokens([AddedToken(s, special=True) for s in specials])
    return tokenizer


def llama_tokenizer() -> Tokenizer:
    specials = ["<unk>", "<s>", "</s>"]
    words = [*specials, *WORDS, "USER", "ASSISTANT", ":"]
    tokenizer = Tokenizer(WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.add_special_tokens([AddedToken(s, special=True) for s in specials])
    return tokenizer


def tiny_bert(**settings) -> GraspLanguageModel:
    """Two layers of width 32, and a codebook of 16."""
    torch.manual_seed(0)
    config = LanguageConfig(
        object_width=OBJECT_WIDTH,
        codebook_size=CODES,
        max_human_tokens=24,
        max_answer_tokens=12,
        **settings,
    )
    vocabulary = Vocabulary(bert_tokenizer(), config)
    network = build_network(
        {
            "model_type": "bert",
            "vocab_size": vocabulary.num_words,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 64,
            "max_position_embeddings": 128,
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        }
    )
    return GraspLanguageModel(config, network, vocabulary).eval()


def tiny_llama(attention: str = "causal") -> GraspLanguageModel:
    """The same for the other architecture, with its conversation template."""
    torch.manual_seed(0)
    config = LanguageConfig(
        attention=attention,  # type: ignore[arg-type]
        object_width=OBJECT_WIDTH,
        codebook_size=CODES,
        human_prefix="USER: ",
        human_suffix=" ASSISTANT:",
        answer_suffix="</s>",
        is_english_only=False,
        max_human_tokens=24,
        max_answer_tokens=12,
    )
    vocabulary = Vocabulary(llama_tokenizer(), config)
    network = build_network(
        {
            "model_type": "llama",
            "vocab_size": vocabulary.num_words,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "intermediate_size": 64,
            "max_position_embeddings": 256,
        }
    )
    return GraspLanguageModel(config, network, vocabulary).eval()


MODELS = {
    "bert": tiny_bert,
    "llama": tiny_llama,
    "llama read as a prefix": lambda: tiny_llama("prefix"),
}


def some_object(batch: int = 1, groups: int = 6, seed: int = 0) -> PointTokens:
    """Object tokens with nothing behind them."""
    g = torch.Generator().manual_seed(seed)
    features = torch.randn(batch, groups + 1, OBJECT_WIDTH, generator=g)
    return PointTokens(features, 0.05 * torch.randn(batch, groups, 3, generator=g))
