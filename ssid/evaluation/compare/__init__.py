"""Which of several evaluations is better, by how much, and where."""
