"""The columns of the table: everything that PyTorch may do to a module or a function, and what must come of it."""

from __future__ import annotations

import copy
import pickle
import re
import tempfile
import warnings
from ast import literal_eval
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch._dynamo.exc import Unsupported
from torch.func import functional_call, grad, jvp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from .compare import agree, finite
from .row import BATCH, Called, Row

Check = Callable[[Row, torch.device], None]


@dataclass(frozen=True)
class Column:
    """One transform.

    `check` does it to a row, on a device, and fails unless what comes of it agrees with the plain call; `needs` is what
    the call must have for that.
    """

    name: str
    needs: str
    check: Check


class Refusal(ValueError):
    """A sentence of the package that reached us in the words of another."""


COLUMNS: list[Column] = []


def column(name: str, *, needs: str) -> Callable[[Check], Check]:
    def enter(check: Check) -> Check:
        COLUMNS.append(Column(name, needs, check))
        return check

    return enter


# -- kinds of numbers ----------------------------------------------------------------------------------------------


def in_kind(dtype: torch.dtype) -> Check:
    """The call in numbers of another kind, module and inputs alike; the gradients are finite."""

    def check(row: Row, device: torch.device) -> None:
        subject, inputs = placed(row, device, dtype)
        agree(subject(*inputs), row.plain, dtype, same_kind=row.keeps_kind)
        agree(learning(row, subject, inputs), row.plain, dtype, same_kind=row.keeps_kind)

    return check


for dtype in (torch.float16, torch.bfloat16, torch.float64):
    column(str(dtype).removeprefix("torch."), needs="real numbers")(in_kind(dtype))


def in_autocast(dtype: torch.dtype) -> Check:
    """The call where PyTorch may choose a smaller kind for each step; the gradients are of the kind of the weights."""

    def check(row: Row, device: torch.device) -> None:
        subject, inputs = placed(row, device)
        with torch.autocast(device.type, dtype=dtype):
            agree(subject(*inputs), row.plain, dtype, same_kind=False)
            agree(learning(row, subject, inputs), row.plain, dtype, same_kind=False)

    return check


for dtype in (torch.float16, torch.bfloat16):
    column(f"autocast {str(dtype).removeprefix('torch.')}", needs="real numbers")(in_autocast(dtype))


# -- layouts and places --------------------------------------------------------------------------------------------


@column("non-contiguous", needs="a tensor")
def non_contiguous(row: Row, device: torch.device) -> None:
    subject, inputs = placed(row, device)
    spread = [torch.stack([x, x], dim=-1)[..., 0] for x in inputs]
    turned = [x.mT.contiguous().mT if x.ndim > 1 else x for x in inputs]
    for strided in (spread, turned):
        agree(subject(*strided), row.plain)


@column("zero batch", needs="a batch")
def zero_batch(row: Row, device: torch.device) -> None:
    subject, inputs = placed(row, device)
    none = [x[:0] if x.shape[:1] == (BATCH,) else x for x in inputs]
    found = subject(*none)
    assert len(found) == len(row.plain)
    for a, b in zip(found, row.plain, strict=True):
        wanted = tuple(0 if size == BATCH else size for size in b.shape)
        assert a.shape == wanted, f"the shape is {tuple(a.shape)}, not {wanted}"
        assert a.dtype == b.dtype
        assert not a.isnan().any()


@column("meta", needs="a result")
def meta(row: Row, device: torch.device) -> None:
    """On the device that has shapes and no numbers, nothing meets a tensor of another device."""
    subject, inputs = placed(row, torch.device("meta"))
    if inputs or row.keeps_state:
        found = subject(*inputs)
    else:
        with torch.device("meta"):
            found = subject()
    for a, b in zip(found, row.plain, strict=True):
        assert (a.device.type, a.shape, a.dtype) == ("meta", b.shape, b.dtype)


# -- torch.func and derivatives ------------------------------------------------------------------------------------


@column("vmap", needs="a tensor")
def under_vmap(row: Row, device: torch.device) -> None:
    """Two calls as one, against one call after the other."""
    subject, inputs = placed(row, device)
    others = [x * 0.5 if x.is_floating_point() else x.flip(-1) if x.ndim else x for x in inputs]
    pairs = [torch.stack(pair) for pair in zip(inputs, others, strict=True)]
    wanted = zip(subject(*inputs), subject(*others), strict=True)
    agree(vmap(subject)(*pairs), [torch.stack(pair) for pair in wanted])


@column("functorch gradients", needs="a derivative")
def functorch_gradients(row: Row, device: torch.device) -> None:
    loss, numbers = as_function(row, device)
    found = grad(loss, argnums=tuple(range(len(numbers))))(*numbers)
    agree(found, gradients(loss, numbers))


@column("second derivative", needs="a derivative")
def second_derivative(row: Row, device: torch.device) -> None:
    """The gradient of the gradient's length, against a difference of two such lengths.

    PyTorch's fast attention kernels have no second derivatives: its plain one is asked for.
    """
    loss, numbers = as_function(row, device)

    def length(*at: Tensor) -> Tensor:
        return size(gradients(loss, at, again=True))

    with sdpa_kernel(SDPBackend.MATH):
        second, along = gradients(length, numbers), directions(numbers)
    slope = sum((a * b).sum() for a, b in zip(second, along, strict=True))
    agree([slope], [difference(length, numbers, along)])


@column("forward derivative", needs="a derivative")
def forward_derivative(row: Row, device: torch.device) -> None:
    """The slope along one direction, against a difference of two values."""
    loss, numbers = as_function(row, device)
    along = directions(numbers)
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "`torch.jit.script` is deprecated"
        )  # PyTorch itself still uses it here
        _, slope = jvp(loss, tuple(numbers), tuple(along))
    agree([slope], [difference(loss, numbers, along)])


# -- graphs --------------------------------------------------------------------------------------------------------


@column("torch.compile", needs="a result")
def compiled(row: Row, device: torch.device) -> None:
    """One graph of the whole call. What a backend makes of it is not ours: it is run as it is."""
    subject, inputs = placed(row, device)
    torch.compiler.reset()
    try:
        found = torch.compile(subject, fullgraph=True, backend="eager")(*inputs)
    except Unsupported as error:  # so the compiler calls whatever is raised, and quotes it
        if said := re.search(r"raised exception ValueError\((.*)\)$", str(error), re.MULTILINE):
            raise Refusal(literal_eval(said[1])) from error
        raise
    agree(found, row.plain)


@column("torch.export", needs="a tensor")
def exported(row: Row, device: torch.device) -> None:
    subject, inputs = placed(row, device)
    agree(torch.export.export(subject, tuple(inputs), strict=False).module()(*inputs), row.plain)


# -- copies --------------------------------------------------------------------------------------------------------


@column("deepcopy", needs="state")
def deepcopied(row: Row, device: torch.device) -> None:
    """A copy gives the same, and what becomes of it does not touch the first."""
    subject, inputs = placed(row, device)
    twin = with_part(row, copy.deepcopy(subject.part))
    agree(twin(*inputs), row.plain)
    for tensor in (*twin.parameters(), *twin.buffers()):
        tensor.zero_()
    agree(subject(*inputs), row.plain)


@column("pickle", needs="state")
def pickled(row: Row, device: torch.device) -> None:
    subject, inputs = placed(row, device)
    agree(with_part(row, pickle.loads(pickle.dumps(subject.part)))(*inputs), row.plain)


@column("safetensors", needs="weights")
def saved_as_safetensors(row: Row, device: torch.device) -> None:
    """Saved as a model and not as a dictionary, because weights may be shared."""
    from safetensors.torch import load_model, save_model

    subject, inputs = placed(row, device)
    other = randomised(row.subject().part)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "weights.safetensors")
        save_model(subject.part, path)
        load_model(other, path)
    agree(with_part(row, other.to(device))(*inputs), row.plain)


@column("to_empty, then load", needs="state")
def loaded_after_to_empty(row: Row, device: torch.device) -> None:
    """Made without numbers, given memory that holds anything, or none at all, and then loaded."""
    subject, inputs = placed(row, device)
    state = subject.part.state_dict()
    with torch.device("meta"):
        emptied, assigned = row.build(), row.build()
    with full_of_rubbish():
        emptied.to_empty(device=device)
    emptied.load_state_dict(state)
    assigned.load_state_dict(state, assign=True)
    for loaded in (emptied, assigned):
        agree(with_part(row, loaded.eval())(*inputs), row.plain)


# -- modes ---------------------------------------------------------------------------------------------------------


@column("inference mode, then no_grad", needs="a result")
def inference_then_no_grad(row: Row, device: torch.device) -> None:
    """What one mode has computed stands in no other's way, nor in training's."""
    subject, inputs = placed(row, device)
    with torch.inference_mode():
        agree(subject(*inputs), row.plain)
    agree(subject(*inputs), row.plain)
    agree(learning(row, subject, inputs), row.plain)


@column("default dtype float64", needs="a result")
def default_float64(row: Row, device: torch.device) -> None:
    """A float32 call stays one, whatever new tensors are by default; a module made then computes in float64."""
    subject, inputs = placed(row, device)
    takes_real = not row.lacks["real numbers"]
    with default_dtype(torch.float64):
        agree(subject(*inputs), row.plain, same_kind=takes_real)
        if takes_real and row.keeps_state:
            made = row.build().eval()
            made.load_state_dict(subject.part.state_dict())
            wide = [x.double() if x.is_floating_point() else x for x in inputs]
            agree(with_part(row, made.to(device))(*wide), row.plain, torch.float64)


# -- what several of them do ---------------------------------------------------------------------------------------


def placed(row: Row, device: torch.device, dtype: torch.dtype = torch.float32) -> tuple[Called, list[Tensor]]:
    """The call and its inputs, moved to a device and a kind of numbers."""
    subject = row.subject().to(device, dtype)
    inputs = [x.to(device, dtype) if x.is_floating_point() else x.to(device) for x in row.inputs.values()]
    return subject, [x.clone() for x in inputs]


def with_part(row: Row, part: object) -> Called:
    return Called(part, row.call, list(row.inputs))


def size(results: Sequence[Tensor]) -> Tensor:
    """One number that depends on every real number of the results."""
    squares = (x.double().square().sum() for x in results if x.is_floating_point())
    return sum(squares, torch.zeros((), dtype=torch.float64))


def learning(row: Row, subject: Called, inputs: list[Tensor]) -> tuple[Tensor, ...]:
    """What the call gives while gradients are asked for, where they may be; they must be finite."""
    if not row.may_learn:
        return subject(*inputs)
    numbers = [*subject.parameters(), *(x.requires_grad_() for x in inputs if x.is_floating_point())]
    with torch.enable_grad():
        found = subject(*inputs)
        finite(torch.autograd.grad(size(found), numbers, allow_unused=True), numbers)
    return tuple(x.detach() for x in found)


def as_function(row: Row, device: torch.device) -> tuple[Callable[..., Tensor], list[Tensor]]:
    """The call as a function from all real numbers, in float64, to one; and these numbers."""
    subject, inputs = placed(row, device, torch.float64)
    weights = {name: x.detach().clone() for name, x in subject.named_parameters()}
    real = [i for i, x in enumerate(inputs) if x.is_floating_point()]

    def loss(*numbers: Tensor) -> Tensor:
        given = list(inputs)
        for i, x in zip(real, numbers, strict=False):
            given[i] = x
        return size(
            functional_call(subject, dict(zip(weights, numbers[len(real) :], strict=True)), tuple(given))
        )

    return loss, [*(inputs[i] for i in real), *weights.values()]


def gradients(
    function: Callable[..., Tensor], at: Sequence[Tensor], *, again: bool = False
) -> tuple[Tensor, ...]:
    """The gradients of a function at some numbers; with `again`, they can be differentiated once more."""
    with torch.enable_grad():
        at = [x if x.requires_grad else x.detach().requires_grad_() for x in at]
        return torch.autograd.grad(function(*at), at, create_graph=again, materialize_grads=True)


def directions(numbers: list[Tensor]) -> list[Tensor]:
    chance = torch.Generator(numbers[0].device).manual_seed(1)
    return [torch.randn(x.shape, generator=chance, dtype=x.dtype, device=x.device) for x in numbers]


def difference(function: Callable[..., Tensor], numbers: list[Tensor], along: list[Tensor]) -> Tensor:
    """How fast a function grows in a direction, from its values on both sides."""
    step = 1e-6
    ahead, behind = (
        function(*(x + way * step * v for x, v in zip(numbers, along, strict=True))) for way in (1, -1)
    )
    return (ahead - behind).detach() / (2 * step)


def randomised(part: nn.Module) -> nn.Module:
    for parameter in part.parameters():
        parameter.normal_()
    return part


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def full_of_rubbish() -> Iterator[None]:
    """New memory holds NaN, and in whole numbers the largest: what `to_empty` promises is that it may hold anything."""
    torch.use_deterministic_algorithms(True)  # in this mode PyTorch fills new memory so
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)
