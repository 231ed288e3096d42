"""Recording runs in MLflow without ever waiting for it.

What a run records is appended to a spool on disk; a process of its own sends it to MLflow, whenever
MLflow is there, and every record once. Training neither waits for it nor fails with it.
"""

from ssid.tracking.origin import commit, flatten
from ssid.tracking.store import asking, newest_run, run_exists, tag_values
from ssid.tracking.tracker import Tracker, track_run, tracking_uri

__all__ = [
    "Tracker",
    "asking",
    "commit",
    "flatten",
    "newest_run",
    "run_exists",
    "tag_values",
    "track_run",
    "tracking_uri",
]
