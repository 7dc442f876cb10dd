"""Measuring folders of grasps, ours or a stranger's, under a named protocol."""

from .entry import Damaged as Damaged
from .entry import Reading as Reading
from .mesh_pairs import read_pair as read_pair
from .reading import read_samples as read_samples
from .report import Evaluation as Evaluation
from .report import Measured as Measured
from .running import evaluate as evaluate
from .sample import GraspSample as GraspSample
