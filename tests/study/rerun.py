"""Whether a run that was made again gives what its record says.

On the machine that made the record it is the same number. Elsewhere (other instructions of the processor, another
PyTorch) sums are rounded differently, and training enlarges that, sometimes to another answer for a few examples: then
the seed and its rounding are one more draw from the same distribution. So a number agrees if it lies within the range
of the seeds with the same settings, widened by the range on each side (half of it was too narrow for a processor of
another make: five seeds say little of how bad a sixth may be); and, where these are (nearly) the same, if it is
within a hundredth of their size. A change of what is measured that is smaller than the seeds' own spread would change
no verdict.
"""

import math


def agrees(recorded, again):
    """Whether a run fits those recorded with the same settings, number by number."""
    alike = [run.result for run in recorded if run.settings == again.settings]
    if not isinstance(again.result, dict):
        return near([*alike], again.result)
    return all(again.result.keys() == result.keys() for result in alike) and all(
        near([result[name] for result in alike], x) for name, x in again.result.items()
    )


def near(recorded, number):
    finite = [x for x in recorded if math.isfinite(x)]
    if not math.isfinite(number):
        return len(finite) < len(recorded)  # a training diverges on some seeds
    if not finite:
        return False
    low, high = min(finite), max(finite)
    room = max(high - low, 0.01 * max(abs(low), abs(high)))
    return low - room <= number <= high + room
