"""Progress bars: one line on standard output, in a terminal and in a notebook alike."""

import sys

from tqdm import tqdm


def progress_bar(
    total: int, done: int, *, unit: str, description: str, shown: bool = True, **options
) -> tqdm:
    """A bar with rate and time left; no line at all when nothing is left to do, or unless `shown`.

    Args:
        total, done: how many units there are, and how many of them are finished at the start.
        unit: what is counted, for instance "frame".
        description: text before the bar.
        options: further options of tqdm.
    """
    return tqdm(
        total=total,
        initial=done,
        unit=unit,
        desc=description,
        disable=not shown or done >= total,
        file=sys.stdout,
        **options,
    )
