"""Thin entry points of the stages in dvc.yaml; no logic lives here."""
