"""Training: the objective, the loop, checkpoints and tracking."""
