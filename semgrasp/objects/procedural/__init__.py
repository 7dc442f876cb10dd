"""Household objects made from code: known parts, known uses, no files and no licence."""

from semgrasp.objects.procedural.making import CATEGORIES as CATEGORIES
from semgrasp.objects.procedural.making import make_object as make_object
from semgrasp.objects.procedural.procedural_object import GraspSite as GraspSite
from semgrasp.objects.procedural.procedural_object import ProceduralObject as ProceduralObject
