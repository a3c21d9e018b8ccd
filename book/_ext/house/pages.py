"""The last step of the build: pages that send little, and obey a strict content security policy.

Each page's inline scripts move into files (same order; data blocks stay), the policy is stated in its head, its style
sheets become one, and what no page uses is removed. Doing it twice changes nothing, so unchanged pages of an
earlier build may pass through again.
"""

import hashlib
import posixpath
import re
import struct
from pathlib import Path

from house import explorables, icons, palette, styles
from house.policy import POLICY
from transformer_lite.explore import markup

SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)
TYPE = re.compile(r"\btype=[\"']?([\w/+-]+)")
CHARSET = re.compile(r"<meta charset=\"?utf-8\"?\s*/?>", re.IGNORECASE)
HANDLER = re.compile(r"<[a-z][^<>]*\s(on[a-z]+)=\"")
DEFERRED = re.compile(r"\b(defer|async|data-first-paint)\b")
CLASSIC = {"text/javascript", "application/javascript"}
# An address on this site, without what follows a #.
LINK = re.compile(r'\b(href|src|action|data-content_root)="([^"#:]+)(?=["#])')
# Pictures wait until the reader comes near them; so do the logos in closed menus.
IMAGE = re.compile(r"<img\b(?![^>]*\bloading=)")
# Where the text of a page begins.
ARTICLE = '<article class="bd-article">'
# A picture that a cell has drawn.
DRAWN = re.compile(r'<img\b(?![^>]*\bwidth=)(?=[^>]*\bsrc="([^"]*_images/[^"]+\.png)")')
# What the theme and the extensions write that a screen reader stumbles over, and what it should say.
MENDED = [
    # every exercise, solution and proof of a page has the same id
    (re.compile(r'(<section\b[^>]*?) id="(?:exercise|solution|proof)-content"'), r"\1"),
    # a role that WAI-ARIA has withdrawn, inside a list
    (re.compile(r' role="doc-biblioentry"'), ' role="listitem"'),
    # the search button's text says more than its label
    (re.compile(r'(<button class="btn search-button-field [^>]*?) aria-label="[^"]*"'), r"\1"),
    # a folded cell's text says more than its label; a folded list of pages says nothing
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    (re.compile(r'<summary>(?=<span class="toctree-toggle")'), '<summary aria-label="Pages below this one">'),
    # the site's name stands in no landmark
    (
        re.compile(r'(<div id="pst-primary-sidebar" class="[^"]*")>'),
        r'\1 role="complementary" aria-label="Book">',
    ),
]
# What the theme and the extensions install and no page asks for.
UNUSED = [
    "**/*.map",
    "**/fontawesome*",
    "vendor",
    "locales",
    "**/*.LICENSE.txt",
    "images/logo_[djk]*",
    "sbt-webpack-macros.html",
]


def externalise(html: str, root: str, static: Path) -> str:
    """Move inline scripts into files named after their content, and those of the head to the page's end.

    There they hold up no paint, and still run in their order, before the document counts as read.
    """
    late = []

    def move(found):
        attributes, body = found[1], found[2]
        kind = TYPE.search(attributes)
        if kind and kind[1] not in CLASSIC:
            return found[0]
        if "src=" not in attributes:
            if not body.strip():
                return ""
            name = hashlib.sha256(body.strip().encode()).hexdigest()[:12] + ".js"
            (static / "inline").mkdir(exist_ok=True)
            (static / "inline" / name).write_text(body.strip() + "\n", encoding="utf-8")
            attributes += f' src="{root}_static/inline/{name}"'
        script = f"<script{attributes}></script>"
        if found.start() < end_of_head and not DEFERRED.search(attributes):
            late.append(script)
            return ""
        return script

    end_of_head = html.find("</head>")
    html = SCRIPT.sub(move, html)
    start, body, rest = html.rpartition("</body>")
    return f"{start}{''.join(late)}\n  {body}{rest}" if late else html


def state_policy(html: str) -> str:
    if "Content-Security-Policy" in html:
        return html
    tag = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />'
    if CHARSET.search(html):
        return CHARSET.sub(lambda found: f"{found[0]}\n    {tag}", html, count=1)
    return html.replace("<head>", f"<head>{tag}", 1)


def mend(html: str) -> str:
    html = IMAGE.sub('<img loading="lazy"', html)
    for pattern, right in MENDED:
        html = pattern.sub(right, html)
    return html


def opened_as_file(html: str) -> str:
    """A page says at its top, where it was opened from a folder, why it is not whole (_static/house.js)."""
    if "house-file" in html:
        return html
    return html.replace(ARTICLE, f"{ARTICLE}\n{markup.opened_as_file()}", 1)


def reserve_places(html: str, folder: Path) -> str:
    """Pictures state their size, so that nothing moves when they arrive."""

    def sized(found):
        header = (folder / found[1]).read_bytes()[:24]  # of a PNG: 16 bytes, then its width and height
        width, height = struct.unpack(">II", header[16:])
        return f'<img width="{width}" height="{height}"'

    return DRAWN.sub(sized, html)


def at_the_top(html: str, folder: str) -> str:
    """A page of `folder`, as it reads from the site's top."""

    def lead(found):
        end = "/" if found[2].endswith("/") else ""
        return f'{found[1]}="{posixpath.normpath(posixpath.join(folder, found[2]))}{end}'

    return LINK.sub(lead, html)


def finish(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    modules = Path(app.srcdir) / "node_modules"

    explorables.install_front_end(modules, static)
    known, drawn, figures = set(), set(), set()
    for path in sorted(site.rglob("*.html")):
        page = path.relative_to(site)
        if page.parts[0] == "_static" or str(page) == "index.html":
            continue
        if page.parts[0] == "book" and page.with_suffix("").as_posix() not in app.env.found_docs:
            path.unlink()  # an earlier build's page, whose source is gone
            continue
        before = path.read_text(encoding="utf-8")
        root = "../" * (len(page.parts) - 1)
        html = opened_as_file(mend(state_policy(externalise(before, root, static))))
        html = reserve_places(html, path.parent)
        if handler := HANDLER.search(html):
            raise ValueError(f"{path}: the inline handler {handler[1]} cannot run under the site's policy")
        here = explorables.stored(html)
        if (here or explorables.STILL in html) and "explore/site.mjs" not in html:
            html = html.replace("</head>", explorables.head(root) + "</head>", 1)
        if html != before:
            path.write_text(html, encoding="utf-8")
        figures |= here
        known |= styles.classes_in(html)
        drawn |= icons.used(html)

    # The home page stands at the top too, where a visitor arrives, in place of a page that sends them on.
    home = Path(f"{app.config.root_doc}.html")
    html = at_the_top((site / home).read_text(encoding="utf-8"), home.parent.as_posix())
    canonical = f'<link rel="canonical" href="{home.as_posix()}" />\n'
    (site / "index.html").write_text(html.replace("</head>", f"{canonical}</head>", 1), encoding="utf-8")

    explorables.install_figures(figures, Path(app.config.house_figures), static)
    for script in static.rglob("*.js"):
        known |= styles.words_in(script.read_text(encoding="utf-8"))
    write_style(app, static, modules, known, drawn)
    for pattern in UNUSED:
        for path in static.glob(pattern):
            remove(path)


def write_style(app, static: Path, modules: Path, known: set[str], drawn: set[tuple[str, str]]):
    """`_static/site.css`: the theme's sheets, the extensions', and last the book's own."""
    names = ["styles/theme.css", "styles/pydata-sphinx-theme.css"]
    names += [str(sheet.filename).removeprefix("_static/") for sheet in app.builder._css_files]
    own = static / "house.css"
    sheets = [styles.read(static / name) for name in dict.fromkeys(names) if name != own.name]
    sheets += [styles.katex(modules, static), icons.style(drawn, modules), palette.style(), styles.read(own)]
    (static / "site.css").write_text(styles.bundle(sheets, known), encoding="utf-8")


def remove(path: Path):
    if path.is_dir():
        for child in path.iterdir():
            remove(child)
        path.rmdir()
    else:
        path.unlink()


def drop_inline_buttons(app, pagename, templatename, context, doctree):
    """The theme's buttons that need inline JavaScript (print, full screen); browsers have keys for both."""

    def keep(buttons):
        for button in buttons:
            if button["type"] == "group":
                button["buttons"] = list(keep(button["buttons"]))
            if button["type"] != "javascript" and button.get("buttons") != []:
                yield button

    context["header_buttons"] = list(keep(context.get("header_buttons", [])))


def choose_parts(app, config):
    """Which of the theme's parts a page shows. Here, because _config.yml would replace Jupyter Book's own choices."""
    config.html_theme_options |= {
        "navbar_persistent": [],
        "footer_content_items": ["copyright.html", "extra-footer.html"],
        "logo": {**config.html_theme_options.get("logo", {}), "text": config.html_title},
        "use_fullscreen_button": False,
        "back_to_top_button": False,
    }


def setup(app):
    app.add_config_value("house_figures", "", "")
    app.connect("config-inited", choose_parts)
    app.connect("html-page-context", drop_inline_buttons, priority=900)
    app.connect("build-finished", finish, priority=900)
