"""What is computed between a teacher and its student, on tensors alone."""
