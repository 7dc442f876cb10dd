"""What each finger and each phalanx touches, and how much of the grasp it carries."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.metrics.contact_points import NO_REGIONS, PHALANGES, Contacts
from semgrasp.types import FINGERS


class RegionContact(NamedTuple):
    """The contact of one region of the hand."""

    region: str
    """One of `FINGERS` or of `PHALANGES`."""
    area: float
    """Skin in contact in [m^2]."""
    share: float
    """Of all skin in contact; the shares of all regions sum to 1."""
    centroid_object: Float[ndarray, "3"]
    """Mean of its contact points, by area, in [m]; on a curved object, beneath the surface."""
    nearest: float
    """Smallest signed distance in [m]; negative where the region is inside the object."""
    part: str | None
    """The part of the object that most of the area touches; None for an unlabelled object."""


class ContactRegions(NamedTuple):
    """The regions that touch; those that do not are left out."""

    fingers: tuple[RegionContact, ...]
    """In the order of `FINGERS`, the palm among them."""
    phalanges: tuple[RegionContact, ...]
    """In the order of `PHALANGES`."""


def contact_regions(contacts: Contacts, part_names: Sequence[str] = ()) -> ContactRegions:
    """Contacts by finger and by phalanx.

    Args:
        contacts: From `contact_points` with the regions of the hand.
        part_names: Names of the object's parts, `shape.part_names`.

    Raises:
        InputError: The contacts are those of a bare mesh, whose fingers are not known.
    """
    if contacts.regions is None:
        raise InputError(NO_REGIONS)
    # Palm 0, then three phalanges to a finger.
    fingers = (contacts.regions + 2) // 3
    return ContactRegions(
        _grouped(contacts, fingers, FINGERS, part_names),
        _grouped(contacts, contacts.regions, PHALANGES, part_names),
    )


def _grouped(
    contacts: Contacts, labels: Int[ndarray, " n"], names: Sequence[str], part_names: Sequence[str]
) -> tuple[RegionContact, ...]:
    total = contacts.areas.sum()
    return tuple(
        _one(contacts.chosen(labels == label), names[int(label)], total, part_names)
        for label in np.unique(labels)
    )


def _one(contacts: Contacts, name: str, total: float, part_names: Sequence[str]) -> RegionContact:
    area = float(contacts.areas.sum())
    part = None
    if contacts.parts is not None and len(part_names) > 0:
        part = part_names[int(np.bincount(contacts.parts, contacts.areas).argmax())]
    return RegionContact(
        name,
        area,
        area / max(float(total), 1e-20),
        np.average(contacts.points, axis=0, weights=contacts.areas),
        float(contacts.distance.min()),
        part,
    )
