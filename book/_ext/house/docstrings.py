"""What the package's docstrings say, between plain text, which they are written to be read as, and reStructuredText."""

import re

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


def setup(app):
    kept = {}

    def before(app, what, name, obj, options, lines):
        if what in PROSE:
            kept[name] = list(lines)
        else:
            lines[:] = draw_as_written(lines)

    def after(app, what, name, obj, options, lines):
        if what in PROSE:
            lines[:] = kept.pop(name)

    app.connect("autodoc-process-docstring", before, priority=400)  # Napoleon's priority is 500
    app.connect("autodoc-process-docstring", after, priority=600)
