"""Frames of videos as images, and back, by the standards' colours (extra ``video``)."""
