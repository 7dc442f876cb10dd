"""Grasps as three discrete codes, and objects as point tokens."""

from semgrasp.tokenizer.config import TokenizerConfig as TokenizerConfig
from semgrasp.tokenizer.frame import ModelFrame as ModelFrame
from semgrasp.tokenizer.pointbert import PointBert as PointBert
from semgrasp.tokenizer.pointbert import PointBertConfig as PointBertConfig
from semgrasp.tokenizer.pointbert import PointTokens as PointTokens
from semgrasp.tokenizer.vqvae import GraspTokenizer as GraspTokenizer
