"""What the package's docstrings say, between plain text, which they are written to be read as, and reStructuredText."""

import hashlib
import json
import os
import re
from pathlib import Path

from astroid.exceptions import AstroidImportError
from astroid.manager import AstroidManager

# Napoleon, which reads the sections of docstrings ("Args:", "Raises:"), takes the words before a colon in a constant's
# docstring for its type. A constant's docstring is prose, and stays as it was before Napoleon.
PROSE = {"data", "attribute"}
MARKUP = re.compile(r"\.\. |[-*+] |\d+\. |:\w")


def draw_as_written(lines: list[str]) -> list[str]:
    """Mark indented blocks (formulas, drawings) as literal, unless they belong to a list, a directive or a section."""
    result: list[str] = []
    previous = ""  # the last line that is not empty
    for number, line in enumerate(lines):
        follows_blank = number > 0 and not lines[number - 1].strip()
        starts_block = line.startswith(" ") and follows_blank and previous and not previous.startswith(" ")
        if starts_block and not previous.endswith("::") and not MARKUP.match(previous):
            result += ["::", ""]
        result.append(line)
        if line.strip():
            previous = line
    return result


def stay_in_the_package():
    """Let autoapi read the package alone: to know its classes' bases it would read PyTorch's sources, for no page."""
    read = AstroidManager.ast_from_module_name

    def read_unless_torch(manager, name, *given, **named):
        if name and name.partition(".")[0] == "torch":
            raise AstroidImportError(f"{name} is not read")
        return read(manager, name, *given, **named)

    AstroidManager.ast_from_module_name = read_unless_torch


def keep_times(app):
    """Give a page that autoapi has written as it was before its time from before: Sphinx need not read it again."""
    kept = Path(app.doctreedir) / "api.json"
    before = json.loads(kept.read_text()) if kept.is_file() else {}
    now = {}
    for page in sorted((Path(app.srcdir) / app.config.autoapi_root).rglob("*.rst")):
        name, digest = str(page), hashlib.sha256(page.read_bytes()).hexdigest()
        known, time = before.get(name, (None, None))
        if known == digest:
            os.utime(page, ns=(time, time))
        now[name] = digest, page.stat().st_mtime_ns
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(now))


def setup(app):
    stay_in_the_package()
    kept = {}

    def before(app, what, name, obj, options, lines):
        if what in PROSE:
            kept[name] = list(lines)
        else:
            lines[:] = draw_as_written(lines)

    def after(app, what, name, obj, options, lines):
        if what in PROSE:
            lines[:] = kept.pop(name)

    app.connect("builder-inited", keep_times, priority=900)  # autoapi's is 500
    app.connect("autodoc-process-docstring", before, priority=400)  # Napoleon's priority is 500
    app.connect("autodoc-process-docstring", after, priority=600)
