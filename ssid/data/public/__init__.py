"""Published data sets: what there is, and how to fetch it."""
