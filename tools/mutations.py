"""Do the tests notice? Puts faults into a copy of the project, one at a time, and runs the tests that must fail.

`python tools/mutations.py [NAME…]` tries all mutations (tools/mutants/), or those whose name holds one of the given
pieces, and prints who noticed. Exit status 1 if a mutation was missed or could not be tried.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from mutants import Edit, Mutation, front, package, pages

ROOT = Path(__file__).resolve().parent.parent
# What git does not know and the tests need.
SHARED = ["node_modules", "_build"]


def built_site() -> Path:
    """The website's folder, built first unless it is up to date; `$SITE` names another copy."""
    if "SITE" in os.environ:
        return Path(os.environ["SITE"]).resolve()
    subprocess.run([sys.executable, ROOT / "tools/site.py"], cwd=ROOT, check=True)
    return ROOT / "_build/html"


def copy_project(folder: Path) -> None:
    """Every file of the project; what was installed or built is shared."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    # Some tests ask git which files there are.
    subprocess.run(["git", "init", "--quiet", folder], check=True)


def holds(path: Path, edit: Edit) -> bool:
    return not isinstance(edit, tuple) or edit[0] in path.read_text(encoding="utf-8")


def changed(name: str, edit: Edit, text: str) -> str:
    if callable(edit):
        after = edit(text)
    else:
        old, new = edit
        if (count := text.count(old)) != 1:
            raise ValueError(f"{name} holds {count} times, not once: {old}")
        after = text.replace(old, new)
    if after == text:
        raise ValueError(f"{name} stays as it was")
    return after


@contextmanager
def mutated(mutation: Mutation, project: Path, site: Path):
    """The copy with the fault in it."""
    before = {}
    try:
        for name, edit in mutation.edits.items():
            within = name.removeprefix("_build/html/")
            folder = project if within == name else site
            found = [path for path in folder.glob(within) if holds(path, edit)]
            if len(found) != 1:
                raise ValueError(f"not one file but {len(found)} fit {name} and hold what is to be edited")
            [path] = found
            before[path] = text = path.read_text(encoding="utf-8")
            after = None if edit is None else changed(name, edit, text)
            path.unlink()  # it may be a link to the built website's own
            if after is not None:
                path.write_text(after, encoding="utf-8")
        yield
    finally:
        for path, text in before.items():
            path.unlink(missing_ok=True)
            path.write_text(text, encoding="utf-8")


def noticed(mutation: Mutation, project: Path, site: Path) -> str | None:
    """The test that failed, or None; `ValueError` if the tests could not be asked."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutation.tests.split()]
    environment = os.environ | {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1", "SITE": str(site)}
    done = subprocess.run(
        [*command, "-k", mutation.selection],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    if failed := re.search(r"^FAILED \S+?::(\S+)", done.stdout, re.MULTILINE):
        return failed[1]
    raise ValueError(
        f"pytest could not ask {mutation.tests} -k {mutation.selection!r}:\n{done.stdout[-2000:]}"
    )


def seconds() -> float:
    """Processor time of everything that has been run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    every = [*front.MUTATIONS, *pages.MUTATIONS, *package.MUTATIONS]
    wanted = sys.argv[1:]
    chosen = [mutation for mutation in every if not wanted or any(name in mutation.name for name in wanted)]
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        project, site = Path(folder) / "project", Path(folder) / "site"
        copy_project(project)
        shutil.copytree(built_site(), site, copy_function=os.symlink)
        for mutation in chosen:
            start = seconds()
            try:
                with mutated(mutation, project, site):
                    by = noticed(mutation, project, site)
            except ValueError as reason:
                by, verdict = str(reason), "ERROR"
            else:
                verdict = "MISSED" if by is None else "caught"
            missed += verdict != "caught"
            print(f"{mutation.name:55} {verdict} {seconds() - start:4.0f} s  {by or ''}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} caught")
    return bool(missed) or not chosen


if __name__ == "__main__":
    sys.exit(main())
