"""Run every benchmark, or those named: ``python -m benchmarks attention decoding``.

``--device cuda`` measures on a graphics card; without names, what does not ask for one is then left out.
"""

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path

import torch

from benchmarks import timing

HELPERS = {"__main__", "timing"}
# What asks for a graphics card, and what asks nothing of one.
CARD, NO_CARD = {"gpu"}, {"site"}


def main(given: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run benchmarks.")
    parser.add_argument("names", nargs="*", help="which; all if not given")
    parser.add_argument("--device", default="cpu", help="where to compute: cpu (default), cuda, ...")
    arguments = parser.parse_args(given)
    timing.device, names = torch.device(arguments.device), arguments.names
    available = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in HELPERS]
    unknown = sorted(set(names) - set(available))
    if unknown:
        sys.exit(f"There is no benchmark called {', '.join(unknown)}: choose from {', '.join(available)}.")
    left_out = CARD if timing.device.type == "cpu" else NO_CARD
    for name in names or [name for name in available if name not in left_out]:
        print(f"\n# {name}\n", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
