"""Build the website into _build/html, unless it is up to date.

`python tools/site.py [--force]`. Chapters run in the notebook cache: one that has not changed, with a package that has
not changed, is not run again (book/_ext/house/cache.py).
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
STAMP = BUILD / "site.stamp"
TIMES = BUILD / "times/site.json"  # written by book/_ext/house/times.py
# Without a package that checks addresses for jsonschema, which nothing here asks for, and takes seconds to start.
JUPYTER_BOOK = (
    "import sys; sys.modules['rfc3987_syntax'] = None; from jupyter_book.cli.main import main; main()"
)
# Everything the pages are made of.
INPUTS = [
    "book/**/*",
    "transformer_lite/**/*",
    "_config.yml",
    "_toc.yml",
    "constraints.txt",
    "package-lock.json",
    "tools/site.py",
]


def fingerprint() -> str:
    """A hash of everything the pages are made of."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted({p for pattern in INPUTS for p in ROOT.glob(pattern)}):
        name = path.relative_to(ROOT)
        # Linters and Jupyter, which may be at work meanwhile, keep what they like in folders with a dot.
        made = any(part in ("__pycache__", "api") or part.startswith(".") for part in name.parts)
        if path.is_file() and not made:
            digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--force", action="store_true", help="build even if nothing has changed")
    args = parser.parse_args()

    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another build of the website is running; waiting for its end …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        return build(args.force)


def build(force: bool) -> int:
    now = fingerprint()
    if not force and STAMP.is_file() and STAMP.read_text() == now and (BUILD / "html/index.html").is_file():
        print("The website is up to date: _build/html")
        return 0
    STAMP.unlink(missing_ok=True)

    start = time.monotonic()
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", ".", "-n", "-W", "--keep-going"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode:
        # Sphinx remembers pages that it has read and would not repeat their warnings: the next run must read them
        # again. The notebooks that ran stay in their cache.
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
        print("The website was not built: the warnings and errors above say why.", file=sys.stderr)
        return 1
    STAMP.write_text(now)
    seconds = {**json.loads(TIMES.read_text()), "the website": round(time.monotonic() - start, 1)}
    TIMES.write_text(json.dumps(seconds, indent=1) + "\n")
    for stage, took in seconds.items():
        print(f"{took:7.1f} s  {stage}")
    print("The website is in _build/html.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
