"""Measuring folders of grasps, ours or a stranger's, under a named protocol."""

from .sample import GraspSample as GraspSample
