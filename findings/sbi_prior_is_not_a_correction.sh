#!/usr/bin/env bash
# sbi: NPE with simulations that were not drawn from its prior is wrong, and says nothing
#
# Believed: NPE(prior) knows the prior, so parameters from a handier distribution (those of
#   simulations that exist already) are corrected for, or refused.
# Found: in its first round NPE learns the posterior under whatever distribution the simulations
#   had. With a uniform prior and simulations concentrated near 0.8 an observation at 0.3 is
#   placed near 0.7. append_simulations, train and build_posterior give no warning; the prior
#   serves to cut samples outside its bounds only.
# Source: the argument `proposal` of append_simulations; without it the data are taken to come
#   from the prior.
#
# Run on 2026-11-28, Python 3.11.7, sbi 0.27.0, torch 2.15.0, numpy 2.4.6. Output:
#   sbi 0.27.0: observed at 0.3; posterior's mean 0.40 with simulations from the prior, 0.71 from elsewhere, warnings about it: 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python sbi==0.27.0 torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import logging
import warnings

import sbi
import torch
from sbi.inference import NPE
from sbi.utils import BoxUniform

logging.disable(logging.WARNING)
warnings.filterwarnings("ignore", message="Maximum number of epochs")
torch.manual_seed(0)
torch.set_num_threads(1)
prior = BoxUniform(torch.zeros(2), torch.ones(2))
elsewhere = torch.distributions.Beta(torch.tensor([8.0, 8.0]), torch.tensor([2.0, 2.0]))


def estimate(parameters: torch.Tensor) -> tuple[float, list[str]]:
    observed = parameters + 0.3 * torch.randn_like(parameters)
    inference = NPE(prior, show_progress_bars=False)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message="Maximum number of epochs")
        inference.append_simulations(parameters, observed).train(max_num_epochs=40)
        posterior = inference.build_posterior()
        samples = posterior.sample((2000,), x=torch.tensor([[0.3, 0.3]]), show_progress_bars=False)
    return float(samples.mean()), [str(w.message) for w in said if "prior" in str(w.message)]


from_prior, _ = estimate(prior.sample((3000,)))
from_elsewhere, said = estimate(elsewhere.sample((3000,)))
print(f"sbi {sbi.__version__}: observed at 0.3; posterior's mean {from_prior:.2f} with simulations "
      f"from the prior, {from_elsewhere:.2f} from elsewhere, warnings about it: {len(said)}")
assert from_prior < 0.45 and from_elsewhere > 0.6 and not said
EOF
