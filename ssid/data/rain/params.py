"""params/rain.yaml: how the rain of real sets is fitted, and pairs rendered in it."""

from ssid.config.base import Count, CountOrZero, Params, Threads


class FitParams(Params):
    """How hard to look.

    Attributes:
        photographs: photographs of each real set, at most so many are looked at, evenly spaced.
        crops: number of crops that are read of them in all, at least one of each photograph.
        rounds: rounds of rendering and correcting; the nearest is kept.
        renderings: pairs rendered of each clean photograph of the synthetic sets.
        threads: CPU threads that compute; None for one on every core.
        seed: seed of crops and renderings.
    """

    photographs: Count
    crops: Count
    rounds: Count
    renderings: Count
    threads: Threads | None = None
    seed: CountOrZero = 0
