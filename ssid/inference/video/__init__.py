"""Derain videos, through PyAV (extra ``video``)."""
