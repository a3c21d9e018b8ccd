"""Print where the minutes of `make test` went: by stage, by page, by file of tests; and what a longer book would take;
last of all which tests failed, since a log may be shown by its end.

The stages are noted by tools/timed.sh, the build's parts by tools/site.py, what concerns tests by tests/times.py.
"""

import json
import os
from pathlib import Path

TIMES = Path(__file__).resolve().parent.parent / "_build/times"
STAGES = ["set-up", "lint-and-site", "tests"]  # lint fills what the site's build leaves of the processors
CHAPTERS = 28  # of the book as it is planned


def read(name: str) -> dict:
    path = TIMES / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def table(head: list[str], rows: list[tuple[str, list[float]]]) -> None:
    """Seconds as minutes in columns, under a head."""
    width = max(len(name) for name, _ in [*rows, (head[0], [])])
    print(f"\n{head[0]:<{width}}" + "".join(f"{title:>9}" for title in head[1:]))
    for name, seconds in rows:
        print(f"{name:<{width}}" + "".join(f"{s / 60:9.2f}" if s else " " * 9 for s in seconds))


def main() -> None:
    stages = {name: float((TIMES / name).read_text()) for name in STAGES if (TIMES / name).is_file()}
    site, tests = read("site.json"), read("tests.json")
    pages = sorted({name for name in [*site, *tests] if name.startswith("book/")})
    chapters = [page for page in pages if page.count("/") == 2 and site.get(page) and tests.get(page)]
    files = sorted(tests.keys() - set(pages), key=lambda name: -tests[name])

    print("\nMinutes, one process each; the site's build and the tests use every processor.")
    table(["page", "site", "tests"], [(page, [site.get(page, 0), tests.get(page, 0)]) for page in pages])
    table(["other parts of the site", "site"], [(n, [s]) for n, s in site.items() if n not in pages])
    table(["other tests", "tests"], [(name, [tests[name]]) for name in files if tests[name] >= 3])
    table(["stage", "minutes"], [(n, [s]) for n, s in [*stages.items(), ("all", sum(stages.values()))]])
    if chapters and len(stages) == len(STAGES):
        each = sum(site[page] + tests[page] for page in chapters) / len(chapters) / (os.cpu_count() or 1)
        more = CHAPTERS - len(chapters)
        whole = sum(stages.values()) + more * each
        print(f"\nA chapter takes {each / 60:.2f}; a book of {CHAPTERS} would take {whole / 60:.0f} minutes.")
    for test, why in read("failed.json").items():
        print(f"\nfailed: {test}\n    {' '.join(why.split())[:400]}")


if __name__ == "__main__":
    main()
