"""From an object and an instruction to ranked human grasps."""

from semgrasp.generate.checkpoint import checkpoint_digest as checkpoint_digest
from semgrasp.generate.checkpoint import default_checkpoint as default_checkpoint
from semgrasp.generate.checkpoint import load_checkpoint as load_checkpoint
from semgrasp.generate.checkpoint import save_checkpoint as save_checkpoint
from semgrasp.generate.checkpoint import seal_checkpoint as seal_checkpoint
from semgrasp.generate.files import read_grasps as read_grasps
from semgrasp.generate.files import save_predictions as save_predictions
from semgrasp.generate.generator import GraspGenerator as GraspGenerator
from semgrasp.generate.prediction import Prediction as Prediction
from semgrasp.generate.request import check_request as check_request
