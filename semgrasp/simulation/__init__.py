"""Does the object stay in the hand? Answered by a rigid-body simulation (MuJoCo)."""

from semgrasp.simulation.stability import StabilityProtocol as StabilityProtocol
from semgrasp.simulation.stability import StabilityTest as StabilityTest
from semgrasp.simulation.stability import stability as stability
