r"""Formulas are drawn when the book is built, by KaTeX in Node: the reader's browser loads a style sheet and fonts.

A formula that KaTeX cannot draw is a warning, and so fails the build. Colours written with `\textcolor` become the
palette's variables, so that they follow the page from light to dark.
"""

import json
import re
import subprocess
from pathlib import Path

from docutils import nodes
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from house.palette import roles_by_colour

logger = logging.getLogger(__name__)

# Environments that would number their lines themselves; the book numbers whole equations.
NUMBERED = re.compile(r"\\(begin|end)\{(equation|align|gather|alignat)\}")
COLOUR = re.compile(r"color:(#[0-9a-fA-F]{6})")


class Katex:
    """One Node process for the whole build, started by the first formula."""

    process: subprocess.Popen | None = None

    def __call__(self, tex: str, display: bool) -> dict:
        if self.process is None:
            command = ["node", str(Path(__file__).with_suffix(".mjs").resolve())]
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
            )
        print(json.dumps({"tex": tex, "display": display}), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("Node stopped while drawing formulas; is `npm ci` done?")
        return json.loads(answer)

    def stop(self, *_):
        if self.process is not None:
            self.process.communicate()
            self.process = None


katex = Katex()


def draw(node, display: bool) -> str:
    """The formula's HTML, or its source where it cannot be drawn."""
    tex = node.astext()
    if display:
        tex = NUMBERED.sub(r"\\\1{\2*}", tex)
        if r"\\" in tex and not node["nowrap"] and r"\begin" not in tex:
            tex = rf"\begin{{split}}{tex}\end{{split}}"
    answer = katex(tex, display)
    if "error" in answer:
        logger.warning("formula %r: %s", tex, answer["error"], location=node, type="katex")
        return nodes.unescape(f"<code>{tex}</code>")
    inks = roles_by_colour()
    return COLOUR.sub(
        lambda found: f"color:var(--tl-{role})" if (role := inks.get(found[1].lower())) else found[0],
        answer["html"],
    )


def visit_inline(self, node):
    self.body.append(self.starttag(node, "span", "", CLASS="math") + draw(node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_display(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(draw(node, display=True))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append("</div>")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.connect("build-finished", katex.stop)
