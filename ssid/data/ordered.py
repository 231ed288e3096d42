"""Apply a function to many arguments on several threads, with results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Argument = TypeVar("Argument")
Result = TypeVar("Result")

IN_FLIGHT = 2
BUDGET = 2 << 30


def in_order(
    function: Callable[[Argument], Result],
    arguments: Iterable[Argument],
    workers: int,
    cost: Callable[[Argument], int] = lambda argument: 0,
) -> Iterator[Result]:
    """Yield ``function(argument)`` for all arguments, in their order.

    At most ``IN_FLIGHT`` results a worker exist at a time, and no more than cost ``BUDGET`` bytes
    by ``cost``, unless a single one does. PyTorch computes on one thread in each
    worker: the workers are the parallelism, and results then do not depend on the machine's cores.
    """
    threads = torch.get_num_threads()
    pending: deque[tuple[int, Future[Result]]] = deque()
    try:
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for argument in arguments:
                mine = cost(argument)
                while pending and (
                    len(pending) >= IN_FLIGHT * workers
                    or sum(other for other, _ in pending) + mine > BUDGET
                ):
                    yield pending.popleft()[1].result()
                pending.append((mine, pool.submit(function, argument)))
            while pending:
                yield pending.popleft()[1].result()
    finally:
        torch.set_num_threads(threads)
