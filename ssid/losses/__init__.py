"""Losses on images, as pure functions and small modules."""
