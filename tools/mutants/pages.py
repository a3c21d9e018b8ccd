"""Faults of a built page: of its markup, of a figure's graph, of a trace."""

import base64
import json
import re

from . import Mutation

PAGES = "tests/browser/test_pages.py"
FIGURES = "tests/browser/test_figures.py"
SITE = "_build/html/"
# Pages that open fast: without figures, with one, with a picture and exercises.
PLAIN = "book/how-this-site-computes.html"
HOME = "book/index.html"
CHAPTER = "book/attention/multi-head.html"

DARK = 'html[data-theme="dark"]'
PHONE = "@media (max-width: 500px)"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


def page(name, path, edit, *asked, tests=FIGURES):
    return Mutation(name, {SITE + path: edit}, tests, asked, page=path)


def added(markup):
    """Markup at the end of the page's text."""
    return "</article>", f"{markup}</article>"


def styled(rule):
    return added(f"<style>{rule}</style>")


def substituted(pattern, replacement):
    """The first place that fits the pattern changes."""
    return lambda text: re.sub(pattern, replacement, text, count=1, flags=re.DOTALL)


def figure_file(figure, suffix=".json"):
    """A figure's file, whose name ends with ten digits of its hash."""
    return f"{SITE}_static/figures/{figure}-{'[0-9a-f]' * 10}{suffix}"


def graph(change):
    """The edit of a figure's file whose graphs `change` changes."""

    def edit(text):
        import onnx

        described = json.loads(text)
        for key, packed in described["graphs"].items():
            model = onnx.load_model_from_string(base64.b64decode(packed))
            change(model.graph)
            described["graphs"][key] = base64.b64encode(model.SerializeToString()).decode()
        return json.dumps(described)

    return edit


def trace(change):
    """The edit of a trace, which `change` changes."""

    def edit(text):
        record = json.loads(text)
        change(record)
        return json.dumps(record)

    return edit


def renamed(graph, names):
    """Gives what the graph holds and computes other names; the names of its outputs stay."""
    for held in graph.initializer:
        held.name = names.get(held.name, held.name)
    for node in graph.node:
        for names_of in (node.input, node.output):
            names_of[:] = [names.get(name, name) for name in names_of]


def off_by_a_little(graph):
    from onnx import TensorProto, helper

    output = graph.output[0].name
    renamed(graph, {output: "exact"})
    graph.initializer.append(helper.make_tensor("little", TensorProto.FLOAT, [], [1e-4]))
    graph.node.append(helper.make_node("Add", ["exact", "little"], [output]))


def deaf_to_sharpness(graph):
    from onnx import TensorProto, helper

    graph.initializer.append(helper.make_tensor("eight", TensorProto.FLOAT, [], [8.0]))
    renamed(graph, {"control:sharpness": "eight"})


def wrong_for_right(graph):
    right, wrong = "right", next(o.name for o in graph.output if o.name != "right")
    renamed(graph, {right: wrong, wrong: right})


def last_number_off_by_a_little(record):
    import numpy as np

    tensor = record["tensors"][next(iter(record["cases"][-1]["outputs"].values()))]
    numbers = np.frombuffer(base64.b64decode(tensor["data"]), dtype="<f4").copy()
    numbers[-1] += 1e-4
    tensor["data"] = base64.b64encode(numbers.tobytes()).decode()


def the_default_sharpness_alone(record):
    record["cases"] = [case for case in record["cases"] if case["values"]["sharpness"] == 8]


def not_a_graph(text):
    described = json.loads(text)
    return json.dumps(
        described | {"graphs": {key: packed[:400] for key, packed in described["graphs"].items()}}
    )


def figure(name, edits, *asked, at=HOME):
    return Mutation(name, edits, FIGURES, asked, page=at)


ALIKE = "words-that-look-alike"

MUTATIONS = [
    # Seen in the files alone
    page("a link to a missing page", PLAIN, added('<a href="nowhere.html">x</a>'), "link", tests=PAGES),
    page("a link to a missing place", PLAIN, added('<a href="#nowhere">x</a>'), "link", tests=PAGES),
    page("two things have one id", PLAIN, added('<i id="twin"></i><i id="twin"></i>'), "one_id", tests=PAGES),
    page(
        "a drawn picture does not reserve its place",
        CHAPTER,
        added('<img alt="" src="../../_images/drawn.png">'),
        "reserve",
        tests=PAGES,
    ),
    page(
        "the policy allows inline scripts",
        PLAIN,
        ("script-src 'self'", "script-src 'self' 'unsafe-inline'"),
        "policy",
        tests=PAGES,
    ),
    page(
        "an inline handler",
        PLAIN,
        added('<p onclick="this.remove()">x</p>'),
        "handler",
        "policy",
        "clean",
        tests=PAGES,
    ),
    Mutation(
        "a dark page is printed dark",
        {f"{SITE}_static/house.js": ('root.dataset.theme = "light";', "")},
        PAGES,
        ("paper",),
    ),
    # Seen on a page without figures
    page("an inline script is left in", PLAIN, added("<script>let x = 1;</script>"), "clean", tests=PAGES),
    page(
        "an image from another host",
        PLAIN,
        added('<img src="https://example.org/x.png" alt="x" width="1" height="1">'),
        "clean",
        tests=PAGES,
    ),
    page("an image without a text", PLAIN, added(f'<img src="{PIXEL}">'), "clean", tests=PAGES),
    page("a field without a label", PLAIN, added('<input type="text">'), "clean", tests=PAGES),
    page("a level of headings is skipped", PLAIN, added("<h6>x</h6>"), "clean", tests=PAGES),
    page(
        "a text cannot be read in dark",
        PLAIN,
        added(f"<style>{DARK} .faint {{ color: #444 }}</style><p class='faint'>Faint words.</p>"),
        "clean",
        tests=PAGES,
    ),
    # Seen on a page with a figure, in one look
    page(
        "the page is 5 px too wide on a phone",
        HOME,
        ("</body>", '<div style="position: absolute; left: 0; width: 395px; height: 1px"></div></body>'),
        "clean",
    ),
    page("tools cannot be read in dark", HOME, styled(f"{DARK} .tl-tools button {{ color: #444 }}"), "clean"),
    page(
        "tools cannot be read while the words are folded",
        HOME,
        styled(".tl-words:not([open]) + .tl-foot .tl-tools button { color: #bbb !important }"),
        "clean",
    ),
    page(
        "words cannot be read once they are unfolded",
        HOME,
        styled(".tl-words[open] .tl-summary { color: #bbb !important }"),
        "clean",
    ),
    page(
        "words cannot be read once they are unfolded in dark",
        HOME,
        styled(f"{DARK} .tl-words[open] .tl-summary {{ color: #444 !important }}"),
        "clean",
    ),
    page(
        "tools cannot be read on a light phone",
        HOME,
        styled(f"{PHONE} {{ html[data-theme='light'] .tl-tools button {{ color: #bbb }} }}"),
        "clean",
    ),
    page(
        "one row of numbers cannot be read",
        HOME,
        styled(".tl-table tbody tr:nth-child(3) td { color: #bbb !important }"),
        "clean",
    ),
    page(
        "one cell of the numbers cannot be read",
        HOME,
        styled(".tl-table tbody tr:nth-child(3) td:last-child { color: #bbb !important }"),
        "clean",
    ),
    page(
        "the second of two like texts cannot be read",
        PLAIN,
        added("<p>Like.</p><p style='color: #bbb'>Like.</p>"),
        "clean",
        tests=PAGES,
    ),
    page(
        "what is typed cannot be read",
        PLAIN,
        added("<label>x <input value='faint' style='color: #bbb; background: #fff'></label>"),
        "clean",
        tests=PAGES,
    ),
    page(
        "a chart without a name",
        HOME,
        (f'role="img" aria-labelledby="{ALIKE}--attention--title"', 'role="img"'),
        "clean",
    ),
    page(
        "labels overlap at the longest sentence",
        HOME,
        styled(".tl-tokens:has(.tl-token:nth-child(8)) .tl-token:nth-child(2) { margin-left: -3rem }"),
        "control_changes",
        "overlap",
    ),
    page(
        "labels overlap at the longest sentence on a phone",
        HOME,
        styled(
            f"{PHONE} {{ .tl-tokens:has(.tl-token:nth-child(8)) .tl-token:nth-child(2) {{ margin-left: -3rem }} }}"
        ),
        "control_changes",
        "overlap",
    ),
    # The first picture
    page(
        "the first picture is missing",
        HOME,
        substituted(r'(class="tl-slot"[^>]*>)<svg.*?</svg>', r"\1"),
        "picture",
    ),
    page(
        "the first picture is cut off",
        HOME,
        substituted(
            r'(class="tl-slot"[^>]*><svg.*?<text [^>]*?) x="[\d.]+"([^>]*) transform="[^"]*"', r'\1 x="-30"\2'
        ),
        "picture",
    ),
    page(
        "a chart does not reserve its place",
        HOME,
        substituted(r'(class="tl-slot"[^>]*) style="height:\d+px"', r"\1"),
        "nothing_moves",
    ),
    page(
        "the first summary is another",
        HOME,
        (f'{ALIKE}--summary">Where', f'{ALIKE}--summary">There'),
        "summary",
    ),
    # The figure
    page(
        "the policy forbids WebAssembly",
        HOME,
        ("script-src 'self' 'wasm-unsafe-eval'", "script-src 'self'"),
        "becomes_live",
    ),
    figure("a graph cannot be loaded", {figure_file(ALIKE): not_a_graph}, "becomes_live"),
    figure(
        "a graph is off by 1e-4",
        {figure_file(ALIKE): graph(off_by_a_little)},
        "outputs_at_the_defaults",
        "check",
    ),
    figure(
        "one number of a trace is off by 1e-4",
        {figure_file(ALIKE, ".trace.json"): trace(last_number_off_by_a_little)},
        "check",
    ),
    figure("a trace is missing", {figure_file(ALIKE, ".trace.json"): None}, "check"),
    figure(
        "a control changes no number",
        {
            figure_file(ALIKE): graph(deaf_to_sharpness),
            figure_file(ALIKE, ".trace.json"): trace(the_default_sharpness_alone),
        },
        "control_changes",
    ),
    figure(
        "the right answer is judged wrong",
        {figure_file("rank-of-a-head"): graph(wrong_for_right)},
        "exercise",
        at=CHAPTER,
    ),
]
