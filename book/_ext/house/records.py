"""A chapter whose records have changed is run and read again.

Neither jupyter-cache nor Sphinx would notice: one looks at a notebook's code cells alone, the other at the notebook.
"""

import hashlib
import json
from pathlib import Path

FOLDER = "book/records"


def now(root: Path) -> dict[str, str]:
    """A hash of the records of each chapter that has any, by the chapter's page."""
    digests = {}
    for path in sorted((root / FOLDER).rglob("*.json")):
        page = f"book/{path.parent.relative_to(root / FOLDER).as_posix()}"
        digest = digests.setdefault(page, hashlib.sha256())
        digest.update(f"{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return {page: digest.hexdigest() for page, digest in digests.items()}


def last(app) -> Path:
    """Where it is noted which records the kept runs of chapters have read."""
    return Path(app.config.nb_execution_cache_path).parent / "records.json"


def changed(app) -> set[str]:
    """The pages whose records are not those that were read last."""
    read, found = json.loads(last(app).read_text()) if last(app).is_file() else {}, now(Path(app.srcdir))
    return {page for page in {*read, *found} if read.get(page) != found.get(page)}


def forget(app, cache, chapters: dict[str, str]):
    """Drop the kept runs of chapters (pages by path) whose records have changed."""
    for path, page in chapters.items():
        if page in changed(app) and (kept := cache.get_cached_project_nb(path)):
            cache.remove_cache(kept.pk)
    last(app).write_text(json.dumps(now(Path(app.srcdir))))


def outdated(app, env, added, changed_pages, removed):
    return sorted(changed(app) & env.found_docs)


def setup(app):
    app.connect("env-get-outdated", outdated)
