"""Where the mass of an object is: as a solid, or as the published scripts take it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.simulation.displacement_rule import DisplacementRule


class MassProperties(NamedTuple):
    """Of a rigid object, in the frame of its vertices."""

    centre_of_mass: Float[ndarray, "3"]
    """In [m]."""
    inertia: Float[ndarray, "3 3"]
    """About the centre of mass in [kg m^2]."""


def mass_properties(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], rule: DisplacementRule
) -> MassProperties:
    """Centre of mass and inertia of an object under a rule.

    With "volume", those of a solid of uniform density (Mirtich, 1996: sums over signed
    tetrahedra). With "vertices", the mean vertex and the inertia of the bounding box, which is
    what Bullet gives a compound of convex pieces.
    """
    if rule.centre_of_mass == "vertices":
        x, y, z = np.ptp(vertices, axis=0) ** 2
        box = rule.mass / 12.0 * np.diag([y + z, x + z, x + y])
        return MassProperties(vertices.mean(axis=0), box)
    origin = vertices.mean(axis=0)
    a, b, c = (vertices[faces[:, i]] - origin for i in range(3))
    volumes = (a * np.cross(b, c)).sum(axis=1) / 6.0
    volume = volumes.sum()
    if not volume > 0.0:
        raise InputError(
            f"The object encloses no volume ({volume * 1e6:.3g} cm^3), so it has no centre of "
            "mass. Turn its faces outward and close its surface."
        )
    total = a + b + c
    centre = (volumes[:, None] * total).sum(axis=0) / (4.0 * volume)
    # Second moments of a tetrahedron with a corner at the origin: V/20 (sum of squares + square
    # of the sum).
    second = sum(np.einsum("f,fi,fj->ij", volumes, p, p) for p in (a, b, c, total)) / 20.0
    density = rule.mass / volume
    about_centre = density * (second - volume * np.outer(centre, centre))
    inertia = np.trace(about_centre) * np.eye(3) - about_centre
    return MassProperties(origin + centre, inertia)
