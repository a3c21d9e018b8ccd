"""The mutations of the product, each with the tests that must notice it (tools/mutations.py runs them)."""

from collections.abc import Callable
from dataclasses import dataclass

# A piece of text that stands in the file exactly once and what takes its place, or a function of the whole file;
# None removes the file.
Edit = tuple[str, str] | Callable[[str], str] | None


@dataclass(frozen=True)
class Mutation:
    """One fault, put in on purpose.

    `edits` holds an edit for each file; a file may be named by a pattern, of which one file holds the text to replace.
    What stands under `_build/html` is edited in a copy of the built website. `asked` holds pieces of the names of the
    tests in `tests` that must notice the fault: of any page, or of `page` alone.
    """

    name: str
    edits: dict[str, Edit]
    tests: str
    asked: tuple[str, ...]
    page: str = ""

    @property
    def selection(self) -> str:
        """The tests as an expression for pytest's `-k`."""
        asked = " or ".join(self.asked)
        return f"{self.page} and ({asked})" if self.page else asked
