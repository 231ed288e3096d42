"""The frames of a fixed camera, with the scene that their median shows as truth."""

from ssid.data.sources.fixed_camera import FEWEST, write_pairs
from ssid.data.sources.layouts.masked import list_masked
from ssid.data.sources.layouts.registry import LAYOUTS, Layout

LAYOUTS.add(
    "fixed_camera",
    Layout(
        description="a video, or folder of frames, of a fixed camera: their median is the truth",
        items=list_masked,
        detect=lambda source: None,
        advice=f"Layout fixed_camera expects a video, or at least {FEWEST} frames in a folder.",
        mask="moved",
        derive=write_pairs,
        rank=200,
    ),
)
