"""Give a copy of the book its own public address: `make address ADDRESS=https://github.com/YOU/BOOK`.

The address stands in `_config.yml`, from which the website's buttons take it, in the first cell of every notebook, in
the README, in the citation and in the package's own description. Each mention of the old one becomes the new one,
wherever it stands; a second run finds nothing to do, and a run with the old address undoes it all.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GITHUB = "https://github.com/"
# As GitHub has them: letters, digits and single dashes; a repository's name may have dots and underscores too.
ADDRESS = re.compile(rf"{GITHUB}([A-Za-z\d]+(?:-[A-Za-z\d]+)*)/(?!\.+$)([\w.-]+)", re.ASCII)
CONFIGURED = re.compile(rf"^  url: ({GITHUB}\S+)$", re.MULTILINE)


def understood(given: str) -> str:
    """The address as it is written; raises `ValueError` with a sentence for one that is none."""
    address = given.strip().removesuffix("/").removesuffix(".git")
    if not ADDRESS.fullmatch(address):
        what = f"“{given}” is not the address of a repository on GitHub" if given else "ADDRESS is missing"
        raise ValueError(f"{what}; give it as in: make address ADDRESS={GITHUB}YOU/BOOK")
    return address


def configured(root: Path) -> str:
    """The address that `_config.yml` has now."""
    found = CONFIGURED.search((root / "_config.yml").read_text(encoding="utf-8"))
    if not found:
        raise ValueError(f"_config.yml has no line “url: {GITHUB}…” under “repository:”")
    return found[1]


def project_files(root: Path) -> list[Path]:
    """The files that git has here, and what is about to be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = {root / name for name in listed.split("\0") if name}
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


def rename(root: Path, old: str, new: str) -> list[Path]:
    """Put `new` in place of `old` in every text file; the files that changed."""
    # After the host's name, or as Colab and Binder write it; `book` is not the beginning of `book-2`.
    before, after = (address.removeprefix(GITHUB).encode() for address in (old, new))
    mention = re.compile(rb"((?:github\.com|/github|/gh)/)" + re.escape(before) + rb"(?![\w-]|\.\w)")
    changed = []
    for path in project_files(root):
        content = path.read_bytes()
        if b"\0" in content:
            continue
        renamed = mention.sub(lambda found: found[1] + after, content)
        if renamed != content:
            path.write_bytes(renamed)
            changed.append(path)
    return changed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address", nargs="?", default="")
    given = parser.parse_args().address
    try:
        old, new = configured(ROOT), understood(given)
    except ValueError as reason:
        print(reason, file=sys.stderr)
        return 1
    changed = rename(ROOT, old, new) if new != old else []
    print(f"The book's address is {new}; {len(changed)} files changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
