"""How the trained weights of the book are made: a module for each, with `SEED`, `STEPS`, `train` and `measure`."""
