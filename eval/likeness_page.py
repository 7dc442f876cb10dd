"""The page that says how far grasps are from people's."""

from collections.abc import Mapping, Sequence

import numpy as np

from eval.human_likeness import NEAR, Distances, Postures, angle_distances, nearest_angles
from semgrasp.hand import DOF_NAMES, JOINT_LIMITS
from semgrasp.synthesis.hand_surface import REGIONS

_ROWS = {
    "angles_deg": ("joint angles, Wasserstein-1 [deg], mean of 21", "{:.1f}"),
    "frechet": ("all angles together, Frechet distance", "{:.2f}"),
    "mmd": ("all angles together, MMD^2", "{:.3f}"),
    "nearest_deg": ("to the most similar posture of a person [deg]", "{:.1f}"),
    "missed_deg": ("from a person to the most similar posture [deg]", "{:.1f}"),
    "regions": ("touching pads, mean difference in frequency", "{:.3f}"),
    "fingers": ("combinations of touching fingers, total variation", "{:.2f}"),
}
"""Title and format of each distance."""
_MOST = 5


def page(
    people: Postures, sets: Sequence[Postures], found: Mapping[str, Sequence[Distances]]
) -> str:
    """The document."""
    names = [some.name for some in sets]
    last = sets[-1]
    return "\n".join(
        [
            "# How human the grasps are",
            "",
            f"Postures and contacts against {len(people)} grasps by people on "
            f"{len(set(people.objects))} household objects (DexYCB, CC BY-NC 4.0; those in which "
            "the hand visibly holds the object). People are halved by object at random, "
            f"{len(found['people'])} times; one half is compared with the other half (the "
            "yardstick) and with as many grasps of each set. Mean +- standard deviation over the "
            "halvings; smaller is more alike, and as small as the yardstick is as alike as people "
            "who hold other things.",
            "",
            "| distance | people to people | " + " | ".join(names) + " |",
            "|---" * (len(names) + 2) + "|",
            *(_row(key, [found["people"], *(found[name] for name in names)]) for key in _ROWS),
            "",
            "The distances of all angles together are taken in standard deviations of people's, "
            "those to the most similar posture as root mean squares over the 21 angles (median).",
            "",
            "## Joint angles",
            "",
            "Median [5th to 95th percentile] in degrees, and the distance to people in brackets; "
            "last, how many people are outside the limits that synthesis keeps to.",
            "",
            "| angle | people | " + " | ".join(names) + " | limits | people outside |",
            "|---" * (len(names) + 4) + "|",
            *(_angle_row(i, people, sets) for i in range(len(DOF_NAMES))),
            "",
            f"Farthest off in {last.name}: {_farthest(last, people)}.",
            "",
            "## GRASP types",
            "",
            f"Distance of the postures of {last.name} to the most similar posture of a person, "
            "and the angle whose median is farthest from people's.",
            "",
            "| type | grasps | distance [deg] | farthest angle [deg] |",
            "|---|---|---|---|",
            *_type_rows(last, people),
            "",
            "## Touching pads",
            "",
            f"Share of the grasps in which a pad is within {NEAR * 1000:.0f} mm of the object.",
            "",
            "| pad | people | " + " | ".join(names) + " |",
            "|---" * (len(names) + 2) + "|",
            *(
                f"| {name} | "
                + " | ".join(f"{some.touching[:, i].mean():.2f}" for some in (people, *sets))
                + " |"
                for i, name in enumerate(REGIONS)
            ),
            "",
            "How to read it: the people move 20 objects of a shop from a table into the hand of "
            "somebody else; nobody cuts, pours or writes. Handles, triggers and loops ask for "
            "postures that are not among theirs, so a set that has them is not meant to reach the "
            "yardstick; a set that drifts away from it without new ways of holding is getting less "
            "human. The recording has one hand shape for everybody and no names of its subjects, "
            "so that halves are by object, not by person.",
            "",
            "Made by `python -m eval.human_likeness --recorded <folder> --set NAME=PATH ... "
            "--output <this page>`.",
            "",
        ]
    )


def _row(key: str, columns: Sequence[Sequence[Distances]]) -> str:
    title, style = _ROWS[key]
    cells = []
    for column in columns:
        values = np.array([getattr(entry, key) for entry in column])
        cells.append(f"{style.format(values.mean())} +- {style.format(values.std())}")
    return f"| {title} | " + " | ".join(cells) + " |"


def _angle_row(i: int, people: Postures, sets: Sequence[Postures]) -> str:
    cells = [_spread(people, i)]
    for some in sets:
        away = np.rad2deg(angle_distances(some, people)[i])
        cells.append(f"{_spread(some, i)} ({away:.0f})")
    low, high = (float(limit[i]) for limit in JOINT_LIMITS)
    outside = float(((people.dofs[:, i] < low) | (people.dofs[:, i] > high)).mean())
    cells += [f"{np.rad2deg(low):.0f} to {np.rad2deg(high):.0f}", f"{outside:.0%}"]
    return f"| {DOF_NAMES[i]} | " + " | ".join(cells) + " |"


def _type_rows(some: Postures, people: Postures) -> list[str]:
    away = nearest_angles(some, people)
    middle = np.median(people.dofs, axis=0)
    rows = []
    for kind in set(some.kinds):
        own = np.flatnonzero(np.array(some.kinds) == kind)
        shift = np.rad2deg(np.median(some.dofs[own], axis=0) - middle)
        most = int(np.abs(shift).argmax())
        median = float(np.median(away[own]))
        line = f"| {kind} | {len(own)} | {median:.1f} | {DOF_NAMES[most]} {shift[most]:+.0f} |"
        rows.append((median, line))
    return [line for _, line in sorted(rows)]


def _spread(postures: Postures, i: int) -> str:
    low, middle, high = np.rad2deg(np.quantile(postures.dofs[:, i], (0.05, 0.5, 0.95)))
    return f"{middle:.0f} [{low:.0f} to {high:.0f}]"


def _farthest(some: Postures, people: Postures) -> str:
    away = np.rad2deg(angle_distances(some, people))
    shift = np.rad2deg(np.median(some.dofs, axis=0) - np.median(people.dofs, axis=0))
    return ", ".join(
        f"{DOF_NAMES[i]} ({away[i]:.0f} deg, median {shift[i]:+.0f})"
        for i in np.argsort(-away)[:_MOST]
    )
