"""Asking a vision-language model whether a grasp does what it was asked to do."""

from .answer import Answer as Answer
from .controls import good_controls as good_controls
from .cost import CostEstimate as CostEstimate
from .cost import Price as Price
from .judgement import Judgement as Judgement
from .judging import Candidate as Candidate
from .judging import candidates as candidates
from .judging import estimate as estimate
from .judging import judge as judge
from .settings import JudgeSettings as JudgeSettings
from .settings import read_prompt as read_prompt
from .views import draw as draw
