"""Objects: meshes from files, procedural part-labelled shapes, distances to their surface."""

from .heading import heading as heading
from .load import load_object as load_object
from .signed_distance import GridStack as GridStack
from .signed_distance import SignedDistanceGrid as SignedDistanceGrid
from .signed_distance import signed_distance as signed_distance
