"""A tiny Llama on disk exactly as Vicuna v1.5 is published: PyTorch shards and SentencePiece."""

import io
import json
from pathlib import Path

import sentencepiece
import torch
from transformers import LlamaConfig, LlamaForCausalLM

_CORPUS = (
    "hold the mug by the handle to drink",
    "grasp the rim of the mug and the body",
    "describe this grasp. what does the hand do?",
    "index thumb wraps presses and of it ok . , ? USER: ASSISTANT:",
    "A chat between a curious user and an artificial intelligence assistant.",
)


def write_published_llama(folder: Path) -> Path:
    """Write config.json, two .bin shards with their index, tokenizer.model and its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_CORPUS * 20),
        model_writer=model,
        model_type="bpe",
        vocab_size=400,
        hard_vocab_limit=False,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        minloglevel=2,
    )
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    marks = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    settings = {
        "add_bos_token": True,
        "legacy": False,
        "tokenizer_class": "LlamaTokenizer",
        **marks,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "special_tokens_map.json").write_text(json.dumps(marks))

    words = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=words,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
    )
    content = {**json.loads(config.to_json_string()), "architectures": ["LlamaForCausalLM"]}
    (folder / "config.json").write_text(json.dumps(content))
    state = {k: v.half() for k, v in LlamaForCausalLM(config).state_dict().items()}
    names = sorted(state)
    index = {}
    for number, part in enumerate((names[: len(names) // 2], names[len(names) // 2 :]), start=1):
        shard = f"pytorch_model-{number:05d}-of-00002.bin"
        torch.save({name: state[name] for name in part}, folder / shard)
        index |= dict.fromkeys(part, shard)
    size = sum(2 * v.numel() for v in state.values())
    (folder / "pytorch_model.bin.index.json").write_text(
        json.dumps({"metadata": {"total_size": size}, "weight_map": index})
    )
    return folder
