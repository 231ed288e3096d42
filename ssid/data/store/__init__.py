"""Prepared sets on disk: writing, reading, and going on after an interruption."""
