"""Run every benchmark, or those named: ``python -m benchmarks attention decoding``."""

import importlib
import pkgutil
import sys
from pathlib import Path

HELPERS = {"__main__", "timing"}


def main(names: list[str]) -> None:
    available = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in HELPERS]
    unknown = sorted(set(names) - set(available))
    if unknown:
        sys.exit(f"There is no benchmark called {', '.join(unknown)}: choose from {', '.join(available)}.")
    for name in names or available:
        print(f"\n# {name}\n", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
