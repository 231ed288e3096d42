"""Data sets: how releases are laid out, and how images become a prepared set on disk."""
