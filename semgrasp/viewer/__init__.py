"""Looking at grasps: pictures drawn offscreen."""

from .render import contact_sheet as contact_sheet
from .render import render as render
from .render import render_grasp as render_grasp
from .render import save_png as save_png
