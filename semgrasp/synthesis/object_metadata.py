"""What OakInk's metadata says about objects, for our categories: a class and attributes.

The words are those of OakInk-Shape's object_id.json: classes container, maniptools, wearable and
misc; attributes handled, pourable, squeezable, pincer_like, trigger_sprayer, lotion_pump, revolute
and symmetric.
"""

_CLASSES = {
    "container": (
        "mug", "bottle", "trigger_sprayer", "wineglass", "teapot", "lotion_pump", "squeezable",
        "bowl", "cup", "can", "cylinder_bottle", "box", "bucket", "bag", "watering_can",
    ),
    "maniptools": (
        "knife", "hammer", "screwdriver", "fryingpan", "iron", "scissors", "pincer", "wrench",
        "power_drill", "flashlight", "spoon", "fork", "spatula", "toothbrush", "brush", "pen",
        "umbrella", "stapler", "key",
    ),
    "wearable": ("headphones", "eyeglasses"),
}  # fmt: skip
_ATTRIBUTES = {
    "handled": (
        "mug", "fryingpan", "knife", "hammer", "screwdriver", "teapot", "bucket", "bag",
        "watering_can", "iron", "wrench", "power_drill", "flashlight", "spoon", "fork", "spatula",
        "toothbrush", "brush", "umbrella",
    ),
    "pourable": (
        "mug", "bottle", "wineglass", "teapot", "bowl", "cup", "can", "cylinder_bottle", "bucket",
        "watering_can",
    ),
    "squeezable": ("squeezable",),
    "pincer_like": ("scissors", "pincer"),
    "trigger_sprayer": ("trigger_sprayer",),
    "lotion_pump": ("lotion_pump",),
    "revolute": ("scissors", "pincer", "stapler"),
    "symmetric": ("wineglass", "bowl", "cup", "can", "ball", "donut", "egg"),
}  # fmt: skip


def object_class(category: str) -> str:
    """OakInk's class; misc for what is none of the others."""
    return next((name for name, members in _CLASSES.items() if category in members), "misc")


def object_attributes(category: str) -> tuple[str, ...]:
    """OakInk's attributes; may be empty."""
    return tuple(name for name, members in _ATTRIBUTES.items() if category in members)
