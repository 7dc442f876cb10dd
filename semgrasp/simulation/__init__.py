"""Does the object stay in the hand? Answered by rigid-body simulation (MuJoCo, or PyBullet)."""

from semgrasp.simulation.decomposition import convex_decomposition as convex_decomposition
from semgrasp.simulation.decomposition_settings import Decomposition as Decomposition
from semgrasp.simulation.displacement import Displacement as Displacement
from semgrasp.simulation.displacement import DisplacementTest as DisplacementTest
from semgrasp.simulation.displacement import SimulationFailedError as SimulationFailedError
from semgrasp.simulation.displacement import simulation_displacement as simulation_displacement
from semgrasp.simulation.displacement_rule import CORRECTED as CORRECTED
from semgrasp.simulation.displacement_rule import GRASPTTA as GRASPTTA
from semgrasp.simulation.displacement_rule import OAKINK as OAKINK
from semgrasp.simulation.displacement_rule import DisplacementRule as DisplacementRule
from semgrasp.simulation.hand_pieces import HandPieces as HandPieces
from semgrasp.simulation.stability import StabilityProtocol as StabilityProtocol
from semgrasp.simulation.stability import StabilityTest as StabilityTest
from semgrasp.simulation.stability import stability as stability
