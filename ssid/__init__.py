"""Semi-supervised removal of real rain from photographs."""
