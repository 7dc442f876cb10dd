"""Human hands: a parametric model, its anatomy, and the open hand that ships with the package."""

from semgrasp.hand.convention import CONVENTIONS as CONVENTIONS
from semgrasp.hand.convention import HandConvention as HandConvention
from semgrasp.hand.convention import HandParameters as HandParameters
from semgrasp.hand.convention import hand_convention as hand_convention
from semgrasp.hand.joints import DOF_NAMES as DOF_NAMES
from semgrasp.hand.joints import JOINT_LIMITS as JOINT_LIMITS
from semgrasp.hand.joints import dofs_from_finger_angles as dofs_from_finger_angles
from semgrasp.hand.joints import finger_angles_from_dofs as finger_angles_from_dofs
from semgrasp.hand.joints import limit_violation as limit_violation
from semgrasp.hand.mano import load_mano as load_mano
from semgrasp.hand.mano_space import ManoSpace as ManoSpace
from semgrasp.hand.model import HandMesh as HandMesh
from semgrasp.hand.model import HandModel as HandModel
from semgrasp.hand.model import PosedHand as PosedHand
from semgrasp.hand.model import ShapedHand as ShapedHand
from semgrasp.hand.named import HandName as HandName
from semgrasp.hand.named import named_hand as named_hand
from semgrasp.hand.open_hand import open_hand as open_hand
