"""Any causal language model of Hugging Face, built lightly and read through one door."""

import json

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from semgrasp.errors import InputError


def build_network(config: dict) -> nn.Module:
    """A causal language model with random weights from the contents of its config.json."""
    settings = dict(config)
    model_type = settings.pop("model_type", None)
    if not isinstance(model_type, str):
        raise InputError(
            "The backbone's configuration has no model_type, such as 'bert' or 'llama'."
        )
    settings.pop("transformers_version", None)
    # AutoModel pulls in every architecture's index; the usual ones are imported by name instead.
    if model_type == "bert":
        from transformers.models.bert.configuration_bert import BertConfig
        from transformers.models.bert.modeling_bert import BertLMHeadModel

        bert_config = BertConfig(**{**settings, "is_decoder": True})
        bert_config._attn_implementation = "sdpa"
        return BertLMHeadModel(bert_config)
    if model_type == "llama":
        from transformers.models.llama.configuration_llama import LlamaConfig
        from transformers.models.llama.modeling_llama import LlamaForCausalLM

        llama_config = LlamaConfig(**settings)
        llama_config._attn_implementation = "sdpa"
        return LlamaForCausalLM(llama_config)
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        auto_config = AutoConfig.for_model(model_type, **settings)
        return AutoModelForCausalLM.from_config(auto_config, attn_implementation="sdpa")
    except ValueError as error:
        raise InputError(f"No causal language model of type {model_type!r}: {error}") from error


def network_config(network: nn.Module) -> dict:
    """What `build_network` needs to build the same architecture again."""
    config = json.loads(network.config.to_json_string(use_diff=True))  # type: ignore[union-attr]
    for key in ("_name_or_path", "transformers_version", "architectures", "dtype"):
        config.pop(key, None)
    return config


def input_table(network: nn.Module) -> nn.Embedding:
    """The pretrained word embeddings."""
    return network.get_input_embeddings()  # type: ignore[operator]


def output_table(network: nn.Module) -> nn.Linear:
    """The pretrained vocabulary head."""
    return network.get_output_embeddings()  # type: ignore[operator]


def answer_features(
    network: nn.Module, hidden: Float[Tensor, "n width"]
) -> Float[Tensor, "n width"]:
    """What the vocabulary head compares with each word: BERT transforms first, Llama does not."""
    head = getattr(network, "cls", None)
    return hidden if head is None else head.predictions.transform(hidden)


def word_logits(
    network: nn.Module, features: Float[Tensor, "n width"], words: Int[Tensor, " a"]
) -> Float[Tensor, "n a"]:
    """Logits of a few words of the vocabulary."""
    decoder = output_table(network)
    bias = None if decoder.bias is None else decoder.bias[words]
    return F.linear(features, decoder.weight[words], bias)


def hidden_states(
    network: nn.Module,
    embeddings: Float[Tensor, "b s width"],
    positions: Int[Tensor, "b s"],
    visible: Tensor,
    cache=None,
    *,
    use_cache: bool = False,
):
    """Last hidden states, and the cache of keys and values where it is asked for."""
    output = network.base_model(  # type: ignore[operator]
        inputs_embeds=embeddings,
        position_ids=positions,
        attention_mask=visible,
        past_key_values=cache,
        use_cache=use_cache,
    )
    return output.last_hidden_state, output.past_key_values if use_cache else None
