"""DVC stage: name the training pairs whose photograph is in a benchmark, too."""

from pathlib import Path

from ssid.config.load import load_params
from ssid.data.leakage import write_exclusions
from ssid.data.params import DataParams
from ssid.entry import run
from ssid.project import Project


def main() -> None:
    """Compare synthetic sets with benchmarks, leave data/prepared/excluded.json."""
    project = Project()
    catalogue = load_params(Path("params/data.yaml"), DataParams)
    for name, leaks in write_exclusions(catalogue, project.prepared, project.excluded).items():
        allowed = catalogue.synthetic[name].allow_leakage
        print(f"{name}: {len(leaks)} leaks, {'allowed' if allowed else 'left out of training'}")
        print("\n".join(f"  {leak}" for leak in leaks))


if __name__ == "__main__":
    run(main)
