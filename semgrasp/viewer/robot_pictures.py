"""Robots on objects, as pictures and as short films; without OpenGL, like all pictures here."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PIL import Image

from semgrasp.dataset.atomic import written_whole
from semgrasp.errors import InputError
from semgrasp.robots.appearance import BodyMesh
from semgrasp.types import ObjectShape
from semgrasp.viewer.render import OTHER_VIEW, SIDE_VIEW, Surface, camera_axes, render

VIDEO_ENDINGS = (".gif", ".mp4")
_FINGER = 0.03
"""Room in [m] around the origins of bodies, which lie inside what one sees."""
_NEARBY = 0.08
"""What is farther than this in [m] from the object's box may leave the picture: a forearm."""


def robot_surfaces(
    meshes: Sequence[BodyMesh], Ts_world_body: Float[ndarray, "bodies 4 4"]
) -> list[Surface]:
    """What one sees of a robot whose bodies are in these places."""
    return [
        Surface.of(
            mesh.vertices_body @ Ts_world_body[mesh.body, :3, :3].T
            + Ts_world_body[mesh.body, :3, 3],
            mesh.faces,
            mesh.colour,
        )
        for mesh in meshes
    ]


def render_robot_grasp(
    shape: ObjectShape,
    meshes: Sequence[BodyMesh],
    Ts_object_body: Float[ndarray, "bodies 4 4"],
    *,
    views: Sequence[Sequence[float]] = (SIDE_VIEW, OTHER_VIEW),
    size: int = 320,
) -> Image.Image:
    """One picture per view, side by side, of a robot on an object."""
    surfaces = [Surface.of_object(shape), *robot_surfaces(meshes, Ts_object_body)]
    centre, half_width = framing(shape, surfaces)
    row = Image.new("RGB", (size * len(views), size), "white")
    for i, view in enumerate(views):
        picture = render(
            surfaces, towards_camera=view, size=size, centre=centre, half_width=half_width
        )
        row.paste(picture, (i * size, 0))
    return row


def framing(shape: ObjectShape, surfaces: Sequence[Surface]) -> tuple[Float[ndarray, "3"], float]:
    """Centre and half width in [m] of a picture: the object, and of the robot what is near it."""
    points = np.concatenate([surface.vertices for surface in surfaces])
    low, high = shape.vertices_object.min(0), shape.vertices_object.max(0)
    near = points[((points > low - _NEARBY) & (points < high + _NEARBY)).all(axis=1)]
    centre = (near.min(0) + near.max(0)) / 2
    return centre, 0.6 * float(np.ptp(near, axis=0).max())


def film(
    shape: ObjectShape,
    meshes: Sequence[BodyMesh],
    Ts_world_body: Float[ndarray, "frames bodies 4 4"],
    Ts_world_object: Float[ndarray, "frames 4 4"],
    *,
    towards_camera: Sequence[float] = SIDE_VIEW,
    size: int = 320,
) -> Iterator[Image.Image]:
    """Frame after frame of a robot and an object that move; one camera sees all of it."""
    seen_bodies = sorted({mesh.body for mesh in meshes})
    points = [Ts_world_body[:, seen_bodies, :3, 3].reshape(-1, 3)]
    for T_object in Ts_world_object:
        points.append(shape.vertices_object @ T_object[:3, :3].T + T_object[:3, 3])
    R_camera_world = camera_axes(towards_camera)
    in_camera = np.concatenate(points) @ R_camera_world.T
    low, high = in_camera.min(axis=0), in_camera.max(axis=0)
    centre = (low + high) / 2 @ R_camera_world
    half_width = 0.5 * float((high - low)[:2].max()) + _FINGER
    for Ts_body, T_object in zip(Ts_world_body, Ts_world_object, strict=True):
        seen = Surface.of_object(shape)
        moved = seen.vertices @ T_object[:3, :3].T + T_object[:3, 3]
        surfaces = [
            Surface(moved, seen.faces, seen.colours),
            *robot_surfaces(meshes, np.asarray(Ts_body)),
        ]
        yield render(
            surfaces,
            towards_camera=towards_camera,
            size=size,
            centre=centre,
            half_width=half_width,
        )


def write_video(frames: Sequence[Image.Image], path: Path, *, frames_per_second: float) -> Path:
    """Write a .gif, or a .mp4 where imageio-ffmpeg is installed; otherwise a .gif beside it.

    Returns:
        The file that was written.

    Raises:
        InputError: No frames, or another ending.
    """
    if path.suffix not in VIDEO_ENDINGS:
        raise InputError(f"Cannot write a video to {path.name}; it ends in .mp4 or .gif.")
    if not frames:
        raise InputError("There are no frames to make a video of.")
    if path.suffix == ".mp4":
        try:
            import imageio_ffmpeg
        except ModuleNotFoundError:
            path = path.with_suffix(".gif")
        else:
            with written_whole(path) as temporary:
                _write_mp4(imageio_ffmpeg, frames, temporary, frames_per_second)
            return path
    first, *others = (frame.quantize(64) for frame in frames)
    with written_whole(path) as temporary:
        first.save(
            temporary, format="GIF", save_all=True, append_images=others, loop=0,
            duration=round(1000 / frames_per_second), optimize=True,
        )  # fmt: skip
    return path


def _write_mp4(ffmpeg, frames: Sequence[Image.Image], path: Path, frames_per_second: float) -> None:
    writer = ffmpeg.write_frames(
        str(path), frames[0].size, fps=frames_per_second, codec="libx264", macro_block_size=2,
        output_params=["-f", "mp4"],
    )  # fmt: skip
    writer.send(None)
    try:
        for frame in frames:
            writer.send(np.ascontiguousarray(frame))
    finally:
        writer.close()
