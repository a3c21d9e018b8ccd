"""Settings of a described control to try, and the numbers that a page has on display; the benchmarks use them too."""

import numpy as np


def ends(control, controls, values):
    """The extremes of a control, each as a value that it takes."""
    kind, now = control["kind"], control["value"]
    if kind in ("slider", "length", "state"):
        return [control["min"], control["max"]]
    if kind == "toggle":
        return [False, True]
    if kind == "choice":
        return control["options"]
    if kind == "words":
        words = control["vocabulary"]
        return [words[-1], " ".join(words[i % len(words)] for i in range(control["maximum"]))]
    if kind == "order":
        return [now[::-1], [*now[1:], now[0]]]
    if kind == "points":
        low, high = control["min"], control["max"]
        return [[[low, high], *now[1:]], [[high, low] for _ in now]]
    if kind == "sketch":
        return [str(control["max"]), *control["examples"].values()]
    assert kind == "pick"
    sizes = [size_of(axis, controls, values) for axis in control["axes"]]
    found = [[size - 1 for size in sizes], [0 for _ in sizes]]
    if len(sizes) == 1:
        return [index for (index,) in found]
    # Of a view that grows, the last row is not there yet.
    return [*found, [min(1, sizes[0] - 1), sizes[1] - 1]]


def other_values(control, controls, values):
    """Those that differ from the control's present value."""
    return [value for value in ends(control, controls, values) if value != control["value"]]


def memory_of(controls):
    """The control that counts the steps of a figure with memory."""
    return next((name for name, control in controls.items() if control["kind"] == "state"), None)


def size_of(axis, controls, values):
    if axis["size"] is not None:
        return axis["size"]
    value = values[axis["labels"]]
    kind = controls[axis["labels"]]["kind"]
    return {"words": lambda: len(value.split()), "order": lambda: len(value), "length": lambda: value}[kind]()


def numbers(outputs, name):
    return np.array([float(x) for x in outputs[name]["data"]], dtype=np.float32).reshape(
        outputs[name]["shape"]
    )


def assert_close(got, wanted, what=""):
    scale = max(1, np.abs(wanted[np.isfinite(wanted)]).max(initial=0))
    assert got.shape == wanted.shape, what
    np.testing.assert_array_equal(np.isneginf(got), np.isneginf(wanted), err_msg=str(what))
    finite = np.isfinite(wanted)
    assert np.abs(got[finite] - wanted[finite]).max(initial=0) <= 1e-5 * scale, what


def unfit(controls):
    """Changes that a figure refuses: values of each control that do not fit, and what names no control."""
    refused = [{"no_such_control": 1}]
    for name, control in controls.items():
        kind = control["kind"]
        if kind in ("slider", "length", "state"):
            values = [control["max"] + 1, control["min"] - 1, "many", None]
        elif kind == "words":
            too_many = " ".join([control["vocabulary"][0]] * (control["maximum"] + 1))
            values = ["", "qwertz", too_many]
        elif kind == "pick":
            values = [[10**6] * 2 if len(control["axes"]) == 2 else 10**6, "a"]
        elif kind == "order":
            values = [[0] * len(control["value"]), control["value"][1:], "0,1"]
        elif kind == "sketch":
            values = ["", f"{control['max'] + 1}.AA", "4.A", "4.*AA", "4." + "AA" * control["longest"]]
        elif kind == "points":
            others = control["value"][1:]
            values = [[[control["max"] + 1, 0], *others], others, [["a", 0], *others]]
        else:
            values = ["neither"]
        refused += [{name: value} for value in values]
    # A good change beside a bad one is not made either.
    first = next((name for name, c in controls.items() if c["kind"] in ("slider", "length")), None)
    return [*refused, {first: controls[first]["min"], "no_such_control": 1}] if first else refused
