"""Grasps, objects and captions on disk: the layouts of OakInk, OakBase, CapGrasp; a packed form."""

from .conversation import Caption as Caption
from .conversation import Turn as Turn
from .packed import PackedDataset as PackedDataset
from .packed import PackedObject as PackedObject
from .split import object_id as object_id
from .split import split_of as split_of
