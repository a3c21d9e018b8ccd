"""Faults of the package and of the build, to be noticed without a browser."""

from . import Mutation

EXPLORE = "transformer_lite/explore/"


def python(name, file, old, new, tests, *asked):
    return Mutation(name, {file: (old, new)}, f"tests/{tests}", asked)


MUTATIONS = [
    python(
        "a slider is encoded off by 1e-4",
        EXPLORE + "controls.py",
        "return torch.tensor(float(value))  # ()",
        "return torch.tensor(float(value) + 1e-4)  # ()",
        "explore/test_controls.py",
        "slider",
    ),
    python(
        "a length is frozen into the graph",
        EXPLORE + "controls.py",
        'kind = "length"\n    is_dynamic = True',
        'kind = "length"\n    is_dynamic = False',
        "explore/test_graph.py",
        "agree",
    ),
    python(
        "a graph may be off by a hundredth",
        EXPLORE + "graph.py",
        "TOLERANCE = 1e-5",
        "TOLERANCE = 1e-2",
        "explore/test_graph.py",
        "rounding",
    ),
    python(
        "an operator is taken apart into another",
        EXPLORE + "operators.py",
        "aten.mul.Scalar, x, -alpha",
        "aten.mul.Scalar, x, alpha",
        "explore/test_operators.py",
        "rsub",
    ),
    python(
        "a program inside the program is passed over",
        EXPLORE + "operators.py",
        "if nested or not left",
        "if not left",
        "explore/test_operators.py",
        "inside",
    ),
    python(
        "a trace leaves out the extremes",
        EXPLORE + "trace.py",
        "for value in control.extremes()]",
        "for value in []]",
        "explore/test_graph.py",
        "trace",
    ),
    python(
        "a chart's picture has no description",
        EXPLORE + "page.py",
        ' aria-describedby="{figure.name}--summary"',
        "",
        "explore/test_page.py",
        "described",
    ),
    python(
        "a chart's picture has no name",
        EXPLORE + "page.py",
        'role="img" aria-labelledby="{title_id}"',
        'role="img"',
        "explore/test_page.py",
        "accessible",
    ),
    python(
        "a chart is as high as its smallest state",
        EXPLORE + "page.py",
        "return max(heights)",
        "return min(heights)",
        "explore/test_page.py",
        "height",
    ),
    python(
        "numbers are rounded to even",
        EXPLORE + "text.py",
        "from decimal import ROUND_HALF_UP, Context, Decimal",
        "from decimal import ROUND_HALF_EVEN as ROUND_HALF_UP\nfrom decimal import Context, Decimal",
        "explore/test_text.py",
        "numbers",
    ),
    python(
        "the summary in Python names another extreme",
        EXPLORE + "words.py",
        "max(1.0, largest(tensor))",
        "1e4 * max(1.0, largest(tensor))",
        "explore/test_text.py",
        "summar",
    ),
    python(
        "charts cannot be read in dark",
        EXPLORE + "palette.py",
        '"ink": {"light": "#2b323b", "dark": "#d5dbe3"}',
        '"ink": {"light": "#2b323b", "dark": "#333a43"}',
        "explore/test_palette.py",
        "ink",
    ),
    python(
        "a colour of a role is too faint to read",
        EXPLORE + "palette.py",
        '"mask": {"light": "#69707d"',
        '"mask": {"light": "#8a919d"',
        "explore/test_palette.py",
        "readable",
    ),
    python(
        "an inline script is left in the page",
        "book/_ext/house/pages.py",
        'if "src=" not in attributes:',
        'if "src=" not in attributes and "var" not in body:',
        "test_house.py",
        "inline",
    ),
    python(
        "the policy forbids WebAssembly in the house",
        "book/_ext/house/policy.py",
        "script-src 'self' 'wasm-unsafe-eval'",
        "script-src 'self'",
        "test_house.py",
        "policy",
    ),
    python(
        "a rule that a page uses is purged",
        "book/_ext/house/styles.py",
        "token.value in known\n",
        'token.value in known - {"link"}\n',
        "test_house.py",
        "purging",
    ),
]
