"""The bundle: plain ES modules that can be joined by their names alone."""

import posixpath
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from transformer_lite.explore import bundle

FRONT = Path(bundle.__file__).parent / "front"
MODULES = {path.relative_to(FRONT).as_posix(): path.read_text() for path in FRONT.rglob("*.mjs")}
MODULES["data.mjs"] = bundle.data()
JOINED = {name: text for name, text in MODULES.items() if name != "site.mjs"}
TOP_LEVEL = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let|var) (\w+)", re.MULTILINE)


def imports(name):
    """The modules that a module imports, and the names it takes from each."""
    found = re.findall(r'^import \{ ([\w, ]+) \} from "([./\w-]+)";$', JOINED[name], re.MULTILINE)
    return {
        posixpath.normpath(posixpath.join(posixpath.dirname(name), path)): names.split(", ")
        for names, path in found
    }


def node_check(text, folder):
    path = folder / "module.mjs"
    path.write_text(text)
    done = subprocess.run(["node", "--check", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_valid(name, tmp_path):
    node_check(MODULES[name], tmp_path)


def test_the_bundle_and_the_entry_are_valid(tmp_path):
    node_check(bundle.script(), tmp_path)
    node_check(bundle.site(), tmp_path)


@pytest.mark.parametrize("name", JOINED)
def test_modules_import_by_name_from_their_neighbours_alone(name):
    text = JOINED[name]
    static = re.findall(r"^\s*(?:import\b(?!\().*|export\b.*\bfrom\s*[\"'].*)", text, re.MULTILINE)
    for statement in static:
        assert re.fullmatch(r'import \{ [\w, ]+ \} from "\.\.?/[\w/-]+\.mjs";', statement), statement
    taken = imports(name)
    assert len(taken) == len(static)
    for module, names in taken.items():
        exported = set(
            re.findall(r"^export (?:async )?(?:function|class|const|let) (\w+)", JOINED[module], re.MULTILINE)
        )
        assert set(names) <= exported, module
    assert "import.meta" not in text


def test_no_module_imports_itself_by_way_of_others():
    def beneath(name, above):
        assert name not in above, [*above, name]
        for module in imports(name):
            beneath(module, [*above, name])

    beneath("main.mjs", [])


def test_names_are_imported_only_where_they_are_used():
    for name, text in JOINED.items():
        body = bundle._IMPORT.sub("", text)
        for names in imports(name).values():
            for imported in names:
                assert re.search(rf"\b{imported}\b", body), (name, imported)


def test_top_level_names_are_unique():
    names = Counter(name for text in JOINED.values() for name in TOP_LEVEL.findall(text))
    assert not [name for name, count in names.items() if count > 1]
    assert {"PALETTE", "CONTROLS", "VIEWS", "Drawing"} <= names.keys()


def test_every_module_is_in_the_bundle():
    script = bundle.script()
    for name, text in JOINED.items():
        for declared in TOP_LEVEL.findall(text):
            assert re.search(
                rf"^(?:async )?(?:function|class|const|let) {declared}\b", script, re.MULTILINE
            ), name


def test_the_bundle_imports_nothing_and_exports_what_its_hosts_need():
    script = bundle.script()
    assert not re.search(r"^import\b", script, re.MULTILINE)
    named, default = re.findall(r"^export (.*)$", script, re.MULTILINE)
    assert {"bringToLife", "onnxEngine"} <= set(re.findall(r"\w+", named))
    assert default == "default { render };"


def test_the_bundle_loads_as_a_module(node):
    script = bundle.script()
    exported, render = node(
        """const url = "data:text/javascript;base64," + Buffer.from(data).toString("base64");
        const module = await import(url);
        return [Object.keys(module), typeof module.default.render];""",
        script,
    )
    assert {"bringToLife", "default", "onnxEngine"} <= set(exported)
    assert render == "function"


# A control that the product does not have, as somebody would add it: one entry of the table.
RANGE = """
Object.assign(CONTROLS, {
  range: {
    check(control, value) {
      if (value[0] > value[1]) throw problem("not-a-number", { ...ends(control), value });
      return value.map((x) => numberInRange(control, x));
    },
    fromText: (control, text) => text.split(",").map(asNumber),
    encode: (control, value) => ["float32", Float32Array.from(value), [2]],
    length: (control, value) => value[1] - value[0],
    labels: (control, [from, to]) => Array.from({ length: to - from }, (_, i) => String(from + i)),
  },
});
Object.assign(VIEWS, { total: { sentence: (view, { data }) => `${view.title}: ${data.length} numbers` } });
export { axesOf, checkValues, fromFragment, summary, toFragment };
"""


def test_a_new_kind_is_one_entry_of_a_table(node):
    """Nothing else of the bundle knows what kinds there are."""
    answers = node(
        """const module = await import("data:text/javascript;base64," + Buffer.from(data).toString("base64"));
        const { axesOf, checkValues, fromFragment, summary, toFragment } = module;
        const controls = { span: { kind: "range", label: "Span", value: [0, 9], min: 0, max: 9 },
                           cell: { kind: "pick", label: "Cell", value: 8, dimensions: [0], view: "all",
                                   axes: [{ name: "span", labels: "span" }] } };
        const values = checkValues(controls, { span: [0, 9], cell: 8 }, { span: [2, 5] });
        const fragment = toFragment([{ name: "figure", controls, values }]);
        const read = fromFragment(fragment, "figure", controls);
        const refused = (span) => {
          try { return checkValues(controls, values, { span }); } catch ({ message }) { return message; }
        };
        const { size, labels } = axesOf(controls, values);
        const axis = { name: "span", labels: "span" };
        const views = { all: { kind: "total", title: "All", axes: [axis] } };
        const said = summary(views, { all: { shape: [3], data: Float32Array.of(1, 2, 3) } }, controls, values);
        return [values, read, [size(axis), labels(axis, 3)], refused([0, 10]), refused([5, 2]), said];""",
        bundle.script().replace("\nexport {", f"{RANGE}\nexport {{", 1),
    )
    assert answers == [
        # The pick went along, for its axis is named after the range.
        {"span": [2, 5], "cell": 2},
        {"span": [2, 5], "cell": 2},
        [3, ["2", "3", "4"]],
        "10 is outside the range of Span; it goes from 0 to 9.",
        "“5,2” is not a number; Span takes a number from 0 to 9.",
        "All: 3 numbers",
    ]


# A kind that is read, taken out of an object, or compared.
KIND = r"\.kind\b|\{[^}]*\bkind\b[^}:]*\} *[=)]|\bkind *[!=]=="


def test_a_kind_chooses_an_entry_and_nothing_else():
    """Each table is asked in one place."""
    asked = [
        line
        for name in JOINED
        if name != "data.mjs"
        for line in JOINED[name].splitlines()
        if re.search(KIND, line)
    ]
    assert sorted(re.findall(r"([A-Z]+)\[(\w+)\.kind\]", "".join(asked))) == [
        ("ANSWERS", "exercise"),
        ("CONTROLS", "control"),
        ("GUESSES", "question"),
        ("VIEWS", "view"),
    ]
    assert not [
        line for line in asked if not re.search(r"(?:CONTROLS|VIEWS|ANSWERS|GUESSES)\[\w+\.kind\]", line)
    ]


def test_no_host_but_our_own_is_named():
    # Namespaces of XML are names, not addresses.
    for text in [bundle.script(), bundle.style(), bundle.site()]:
        assert not [
            url
            for url in re.findall(r"https?://[^\s\"'`)]+", text)
            if not url.startswith("http://www.w3.org/")
        ]


def test_the_style_sheet_touches_figures_alone():
    style = re.sub(r"/\*.*?\*/", "", bundle.style(), flags=re.DOTALL)
    style = re.sub(r"@media[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}", r"\1", style)
    style = re.sub(r"@keyframes tl-[\w-]+\s*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", style)
    for selectors in re.findall(r"([^{}]+)\{[^{}]*\}", style):
        for selector in selectors.split(","):
            assert re.search(r"\.(explorable|tl-)", selector), selector.strip()


def test_every_variable_of_the_style_sheet_is_declared():
    used = set(re.findall(r"var\((--tl-[\w-]+)", bundle.style()))
    declared = set(re.findall(r"(--tl-[\w-]+)\s*:", bundle.style()))
    # Set on the element itself, by views/tokens.py and views/tree.py, and their halves of the front end.
    assert used - declared <= {"--tl-weight", "--tl-columns", "--tl-rows", "--tl-wide", "--tl-lines"}
