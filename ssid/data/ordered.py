"""Apply a function to many arguments on several threads, with results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Argument = TypeVar("Argument")
Result = TypeVar("Result")

IN_FLIGHT = 2


def in_order(
    function: Callable[[Argument], Result], arguments: Iterable[Argument], workers: int
) -> Iterator[Result]:
    """Yield ``function(argument)`` for all arguments, in their order.

    At most ``IN_FLIGHT`` results a worker exist at a time. PyTorch computes on one thread in each
    worker: the workers are the parallelism, and results then do not depend on the machine's cores.
    """
    threads = torch.get_num_threads()
    pending: deque[Future[Result]] = deque()
    try:
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for argument in arguments:
                pending.append(pool.submit(function, argument))
                if len(pending) >= IN_FLIGHT * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
    finally:
        torch.set_num_threads(threads)
