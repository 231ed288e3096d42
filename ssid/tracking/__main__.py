"""Send the records of a run to MLflow while it goes on: ``python -m ssid.tracking SPOOL RUNS``."""

import sys
from pathlib import Path

from ssid.tracking.sender import main

raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
