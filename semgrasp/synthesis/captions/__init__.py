"""Captions of a grasp, from what it touches and what it is for.

Three levels, as in CapGrasp: low (which finger touches which part, how, and which part is left
alone), high (what the grasp is for) and chat (several rounds, and the inverse direction that
describes a given grasp). Everything a caption says is true of its grasp: parts are those touched
within 3 mm or the part aimed at.
"""

from semgrasp.synthesis.captions.directions import directions_of
from semgrasp.synthesis.captions.facts import GraspFacts, parts_by_intent
from semgrasp.synthesis.captions.instructions import instructions
from semgrasp.synthesis.captions.making import contact_sentence, make_captions

__all__ = [
    "GraspFacts", "contact_sentence", "directions_of", "instructions", "make_captions",
    "parts_by_intent",
]  # fmt: skip
