"""The words of captions: sentence patterns and synonyms as data, and how a pattern is filled.

All of it lies as text under `data/`, split into a train and a test half. A pattern or a synonym
belongs to one half only, and no training text uses a reserved word (`reserved_words.txt`), so a
score on the test half measures language that was never trained on.
"""

from semgrasp.synthesis.wording.bank import (
    BENCHMARK,
    Pattern,
    all_patterns,
    patterns,
    reserved_words,
)
from semgrasp.synthesis.wording.filling import fill, fits, one_of, own_words, slots
from semgrasp.synthesis.wording.fingers import Fingers, number_word, spoken_fingers
from semgrasp.synthesis.wording.misspelling import as_typed
from semgrasp.synthesis.wording.replies import answers, chats
from semgrasp.synthesis.wording.taxonomy import GraspTypeWords, grasp_type_words
from semgrasp.synthesis.wording.vocabulary import (
    is_open,
    object_words,
    part_words,
    plain_name,
    purpose_implies_part,
    purposes,
)

__all__ = [
    "BENCHMARK", "Fingers", "GraspTypeWords", "Pattern", "all_patterns", "answers", "as_typed",
    "chats", "fill", "fits", "grasp_type_words", "is_open", "number_word", "object_words", "one_of",
    "own_words", "part_words", "patterns", "plain_name", "purpose_implies_part", "purposes",
    "reserved_words", "slots", "spoken_fingers",
]  # fmt: skip
