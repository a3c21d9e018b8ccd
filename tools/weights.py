"""Train the models that the book shows, and store their weights: `python tools/weights.py [NAME…]`, by default all.

A model is trained by its recipe (`transformer_lite/study/recipes/NAME.py`), rounded to 16 bits once, measured as it
then is, and written to `book/weights/NAME.safetensors`.
"""

import sys
import time

from tqdm import tqdm

from transformer_lite.study import recipe as recipes
from transformer_lite.study import store, weights
from transformer_lite.study.fashion import MissingData

LARGEST = 1_000_000  # bytes: a page loads them


def main(names: list[str]) -> int:
    try:
        found = {name: recipes.find(name) for name in names or recipes.names()}
    except ValueError as reason:
        print(reason, file=sys.stderr)
        return 1
    return max([make(name, recipe) for name, recipe in found.items()], default=0)


def make(name: str, recipe: recipes.Recipe) -> int:
    start = time.perf_counter()
    try:
        model = recipe.train(progress=lambda steps: tqdm(steps, name)).eval()
    except MissingData as reason:
        print(f"{name}: {reason}", file=sys.stderr)
        return 1
    seconds = round(time.perf_counter() - start, 1)
    try:
        weights.round_to_16_bits(model)
    except ValueError as reason:
        print(f"{name}: {reason}", file=sys.stderr)
        return 1
    metrics = recipe.measure(model)
    made = {"seed": recipe.SEED, "steps": recipe.STEPS, "seconds": seconds, "metrics": metrics}
    path = weights.save(name, model, made | store.circumstances())
    size = path.stat().st_size
    told = ", ".join(f"{key} {number:.4g}" for key, number in metrics.items())
    print(f"{name}: {seconds:.0f} s, {size / 1000:.0f} kB; {told}.")
    if size >= LARGEST:
        print(f"{name}: {size} bytes are too many for a page; make it a smaller model.", file=sys.stderr)
    return int(size >= LARGEST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
