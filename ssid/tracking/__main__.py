"""Send the records of a run to MLflow while it goes on: ``python -m ssid.tracking SPOOL RUNS``."""

import sys
from pathlib import Path

from ssid.plugins import load_plugins
from ssid.tracking.sender import main

load_plugins()  # MLflow keeps networks, which plugins may have added
raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
