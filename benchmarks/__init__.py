"""Side-by-side measurements: ``python -m benchmarks`` for all of them, ``python -m benchmarks.attention`` for one."""
