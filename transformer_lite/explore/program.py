"""A figure's function as a program: the tensor operations that one combination of toggles and choices runs."""

import contextlib
import hashlib
import logging
import warnings
from collections.abc import Callable, Iterator
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.fx.experimental.proxy_tensor import make_fx

from .figure import Figure, Shown, outputs
from .stepping import Tensors


def drawn(view: str) -> str:
    """The name of a graph's output that is drawn: not a bare one, which an operation inside the graph may have."""
    return f"view:{view}"


def following(part: str) -> str:
    """The name of a graph's output that is a part of the next state; no output may have the name of an input."""
    return f"next:{part}"


class Computation(nn.Module):
    """The function of a figure with its Python arguments fixed: tensors in, tensors out.

    `shown` is what the figure shows at a setting with these Python arguments.
    """

    def __init__(self, figure: Figure, shown: Shown):
        super().__init__()
        self.figure = figure
        self.controls = {name: control for name, control in figure.controls.items() if control.is_tensor}
        self.inputs = [of for name, control in self.controls.items() for of in control.inputs(name)]
        self.fixed = {name: x for name, x in shown.setting.values.items() if name not in self.controls}
        self.outputs = [*map(drawn, shown.outputs), *map(following, shown.following)]
        self.example = _example(figure)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """All numbers on display, and the next state, in the order of `outputs`."""
        arguments, left = dict(self.fixed), list(tensors)
        for name, control in self.controls.items():
            count = len(control.inputs(name))
            arguments[name], left = control.argument(left[:count]), left[count:]
        views, state = self.figure.views(arguments)
        # A view that shows an input as it is would alias it, which a graph may not.
        return tuple(tensor.detach().clone() for tensor in (*outputs(views).values(), *state.values()))


class _Traced(nn.Module):
    """The same computation as a flat list of tensor operations, gradients included.

    `torch.export` cannot follow a function that differentiates; `make_fx` writes the backward pass of autograd down
    as ordinary operations first.
    """

    def __init__(self, computation: Computation):
        super().__init__()
        # As while exporting, the numbers are not known: the package's checks and shortcuts must not ask for them.
        with patch.object(torch.compiler, "_is_compiling_flag", True):
            self.operations = make_fx(computation, tracing_mode="symbolic", _allow_non_fake_inputs=True)(
                *computation.example
            )

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.operations(*tensors))


def ways(computation: Computation) -> Iterator[Callable[[], ExportedProgram]]:
    """The ways to write the computation down, best first; each raises, or gives a new program whenever it is called."""
    yield lambda: _capture(computation, computation)
    yield lambda: _capture(computation, _Traced(computation))


def _capture(computation: Computation, module: nn.Module) -> ExportedProgram:
    dynamic = [
        {} if axis is None else {axis: torch.export.Dim.DYNAMIC}
        for control in computation.controls.values()
        for axis in control.lengths()
    ]
    # A length of 0 or 1 is a length like others, as `torch.onnx.export` has it.
    with quiet(), torch.fx.experimental._config.patch(backed_size_oblivious=True):  # type: ignore[attr-defined]
        return torch.export.export(
            module,
            computation.example,
            # One entry for the variadic parameter of `forward`.
            dynamic_shapes=(tuple(dynamic),) if dynamic else None,
        )


def _example(figure: Figure) -> tuple[Tensor, ...]:
    """Inputs to trace with. Lengths are 2 or more and pairwise different: an example length of 1, or two that
    happen to agree, would be frozen into the graph.
    """
    taken: set[int] = set()
    example: dict[str, list[Tensor]] = {}
    for name, control in figure.controls.items():
        if not control.is_tensor:
            continue
        tensor = control.encode(control.value)
        if control.is_dynamic:
            length = next(n for n in range(max(2, len(tensor)), 10**6) if n not in taken)
            taken.add(length)
            tensor = torch.arange(length) % (int(tensor.max()) + 1) if len(tensor) != length else tensor
        example[name] = control.fed(tensor)
    if figure.memory:
        control = figure.controls[figure.memory]
        if any(axis is not None for axis in control.lengths()):
            example[figure.memory] = control.fed(_grown(figure, taken))
    return tuple(tensor for tensors in example.values() for tensor in tensors)


def _grown(figure: Figure, taken: set[int]) -> Tensors:
    """The first state whose growing parts have lengths that are 2 or more, and no other control's.

    What grows together may agree: it does so at each step.
    """
    steps, control = figure.steps(), figure.controls[str(figure.memory)]
    lengths: set[int] = set()
    for count in range(1, control.extremes()[-1] + 1):
        state = steps.reach(figure.defaults | {str(figure.memory): count})
        axes = zip(control.fed(state), control.lengths(), strict=True)
        lengths = {tensor.shape[axis] for tensor, axis in axes if axis is not None}
        if min(lengths) >= 2 and not lengths & taken:
            return state
    raise ValueError(
        f"{figure.name}: what grows must come to a length of 2 or more that no other control has by default, "
        f"but after all steps the lengths are {', '.join(map(str, sorted(lengths)))}"
    )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Exporting reports on optional packages and on its own progress; a reason for failure arrives as an exception."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def content(program: ExportedProgram) -> str:
    """A hash of everything that a program consists of: two with the same hash compute the same.

    Its operations with all their arguments, the types and shapes of its inputs (symbols where they change), the
    example's lengths, which may decide how an operation is written out, and the numbers that it brings along. Where in
    which source the operations were called is no part of it.
    """
    parts: list[object] = [program.graph_signature, sorted(map(str, program.range_constraints.items()))]
    for name, module in program.graph_module.named_modules():
        if isinstance(module, torch.fx.GraphModule):
            parts += [name, module.graph]
    for node in program.graph.find_nodes(op="placeholder"):
        value = node.meta["val"]
        parts += [node.name, value.dtype, value.shape, value.stride()]
    parts += [tuple(tensor.shape) for tensor in program.example_inputs[0]] if program.example_inputs else []
    digest = hashlib.sha256("\n".join(map(str, parts)).encode())
    for name, tensor in sorted((program.state_dict | program.constants).items()):
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()
