"""Rewording: words are now and then replaced by words that the pretrained model finds similar.

Templates use few words; users use many. The pretrained embeddings know which words are near each
other, and practising on neighbours keeps what is learnt from clinging to the words of templates.
"""

import random
from functools import lru_cache

import torch
import torch.nn.functional as F

from semgrasp.language import GraspLanguageModel


class Rewording:
    """Replaces whole words by neighbours in the space of word embeddings.

    Args:
        model: Whose pretrained word embeddings say what is similar.
        chance: Of replacing a word.
        neighbours: How many nearest words to choose from.
    """

    def __init__(self, model: GraspLanguageModel, *, chance: float, neighbours: int = 6) -> None:
        self.chance, self.neighbours = chance, neighbours
        vocabulary = model.vocabulary
        self._directions = F.normalize(model.word_table.float().cpu(), dim=-1)
        pieces = [vocabulary.tokenizer.id_to_token(i) or "" for i in range(vocabulary.num_words)]
        self._is_word = torch.tensor([_is_content_word(piece) for piece in pieces])
        self._near = lru_cache(maxsize=None)(self._find)

    def __call__(self, token_ids: list[int], rng: random.Random) -> list[int]:
        """Token ids of a similar sentence of the same length."""
        return [
            rng.choice(self._near(i)) if self._is_word[i] and rng.random() < self.chance else i
            for i in token_ids
        ]

    def _find(self, token_id: int) -> list[int]:
        similarity = self._directions @ self._directions[token_id]
        similarity[~self._is_word] = -1.0
        similarity[token_id] = -1.0
        return similarity.topk(min(self.neighbours, int(self._is_word.sum()))).indices.tolist()


def _is_content_word(piece: str) -> bool:
    # Sentence pieces mark the beginning of a word; word pieces mark the continuation by "##".
    word = piece.removeprefix("\u2581")
    return (
        word.isascii()
        and word.isalpha()
        and word.islower()
        and len(word) > 2
        and (word not in _FUNCTION_WORDS)
    )


_KEPT = (
    "the and for you your with from that this these those its into onto not but are can could "
    "will would should without while when where what which how who has have had was were been "
    "being than then there here they them their his her him she our out off via per all any "
    "both each only just also too very one two three four five first second left right above "
    "below under over between before after against avoid never nothing except free clear empty "
    "don let"
)
_FUNCTION_WORDS = frozenset(_KEPT.split())
"""Words that decide the meaning of a sentence or have none of their own."""
