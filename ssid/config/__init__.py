"""Reading, merging and explaining YAML; nothing of what the parameters mean."""
