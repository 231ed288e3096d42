"""What a derained image is worth, and what a network costs; every number names its protocol."""
