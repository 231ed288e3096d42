"""Measuring networks on prepared sets, and what DVC, MLflow and the report read of it."""
