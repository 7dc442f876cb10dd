"""Objects and words in, grasp tokens and words out."""

from .adapters import LoraSettings as LoraSettings
from .adapters import attach_lora as attach_lora
from .adapters import merge_lora as merge_lora
from .config import LanguageConfig as LanguageConfig
from .conversation import GRASP as GRASP
from .conversation import Layout as Layout
from .conversation import Script as Script
from .conversation import Turn as Turn
from .conversation import pack as pack
from .conversation import visibility as visibility
from .conversation import write_script as write_script
from .decoding import LanguageOutput as LanguageOutput
from .model import GraspLanguageModel as GraspLanguageModel
from .model import LanguageLogits as LanguageLogits
from .pretrained import Precision as Precision
from .projector import object_radius as object_radius
from .vocabulary import Vocabulary as Vocabulary
