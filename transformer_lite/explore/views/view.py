"""What all views share.

A view holds the tensors on display (`tensors`) and everything else that the front end needs to draw them
(`describe`). What `describe` returns must not depend on the tensors' values: on the website it is fixed when the
page is built, while the tensors are computed anew whenever a control moves. It also says its numbers in words
(`summary`) and draws its still picture (`draw`), or is written as text (`text`). The front end's half of each kind
stands in front/views/.
"""

# ruff: noqa: E501 - markup reads best with an element a line

import functools
import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from html import escape
from typing import TYPE_CHECKING, Any

from torch import Tensor, float32, strided

from .. import bundle, host, markup
from ..axes import Axis, Setting
from ..palette import ROLES
from ..pen import WIDTH, Pen

if TYPE_CHECKING:  # while nothing is drawn, nobody waits a second for matplotlib
    from ..picture import Panel

Named = list[list[str]]  # the labels of each axis


class View:
    """`kind` is the view's name in lower case. In place of a tensor may stand the name of one: see `filled`."""

    kind: str
    title: str | None
    # The field of each tensor on display: the view's own under the empty name, others (`x`, …) under theirs.
    parts: Mapping[str, str] = {"": "values"}
    # The fields that decide how it is drawn, beside its title.
    settings: tuple[str, ...] = ()
    # What is right, where the function says so: an index, or one along each dimension.
    answer: Tensor | None = None

    def __post_init__(self) -> None:
        if self.is_filled:
            self.prepare()

    @property
    def is_filled(self) -> bool:
        """Are its tensors there, and not only their names?"""
        return not any(tensor is None or isinstance(tensor, str) for tensor in self._given().values())

    def prepare(self) -> None:
        """Called once all tensors are there; what does not fit raises `ValueError`."""
        raise NotImplementedError

    def _given(self) -> dict[str, Any]:
        """What stands in the fields of its tensors; one that may be left out and is, is not among them."""
        given = {field: getattr(self, field) for field in self.parts.values()}
        found = {f: x for f, x in given.items() if x is not None or f == self.parts[""]}
        return found | {field: axis.by for field, axis in self._going().items()}

    def _going(self) -> dict[str, Axis]:
        """The axes whose indices are called by ids, by field."""
        axes = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {f: axis for f, axis in axes.items() if isinstance(axis, Axis) and axis.by is not None}

    def filled(self, name: str, known: Mapping[str, Any]) -> "View":
        """The view with tensors in place of their names: its own is called `name` unless it says otherwise."""
        names = self.wants(name)
        missing = [wanted for wanted in names.values() if wanted not in known]
        if missing:
            raise ValueError(
                f"{type(self).__name__} {name!r}: there is no {missing[0]!r} among {', '.join(known)}"
            )
        put = {field: known[wanted] for field, wanted in names.items()}
        for field, axis in self._going().items():
            put[field] = replace(axis, by=put.get(field, axis.by))
        return replace(self, **put)  # type: ignore[type-var]

    def wants(self, name: str) -> dict[str, str]:
        """The names of the tensors that `filled` puts in, by field."""
        given = {field: x for field, x in self._given().items() if isinstance(x, str)}
        return {self.parts[""]: name} | given

    def tensors(self) -> dict[str, Tensor]:
        """The numbers on display."""
        found = {part: getattr(self, field) for part, field in self.parts.items()} | {"answer": self.answer}
        found |= {axis.name: shaped(axis.name, axis.by, 1) for axis in self._going().values()}
        return {part: tensor for part, tensor in found.items() if tensor is not None}

    def axes(self) -> list[Axis]:
        """One for each dimension of the view's own tensor."""
        return []

    def guess(self) -> str | None:
        """What a reader can say of it before it is seen (predict.py): a `number`, a `place`, a `curve`."""
        return None

    def describe(self) -> dict[str, Any]:
        """How to draw the view, apart from its numbers."""
        own = {name: getattr(self, name) for name in self.settings}
        axes = [axis.describe() for axis in self.axes()]
        return {"kind": self.kind, "title": self.title, "axes": axes} | own

    def labels(self, setting: Setting) -> Named:
        """What the indices of each axis are called."""
        axes, tensors = self.describe()["axes"], self.tensors()
        return [
            setting.labels(setting.resolve(axis), size, tensors.get(axis.get("by")))
            for axis, size in zip(axes, tensors[""].shape, strict=False)
        ]

    def summary(self, named: Named) -> str:
        """A sentence or two, computed from its numbers; `named` holds the labels of each axis."""
        raise NotImplementedError

    # -- by itself ---------------------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        """Under a notebook's cell and on the website: the still picture, with the summary as its text alternative."""
        alone = Setting({}, {})
        view = replace(self, title=self.title or self.kind.capitalize())  # type: ignore[type-var]
        named = view.labels(alone)
        said = view.summary(named)
        body = view.text(named)
        prefix = f"still-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
        if body is None:
            height = view.height(view.tensors()[""].shape[0])
            drawn = view.picture(named, height, prefix)
            body = f'<div class="tl-slot"{markup.UNTRANSLATED} role="img" aria-label="{escape(said)}" style="height:{height}px">{drawn}</div>'
            if not host.building():
                body += view.instead(named, said)
        # A page of the website has the style sheet already.
        style = "" if host.building() else f"<style>{bundle.style()}</style>"
        html = f'{style}<figure class="tl-still"><div class="tl-views">{view.framed("", prefix, body)}</div></figure>'
        return {"text/html": html, "text/plain": said}

    def instead(self, named: Named, said: str) -> str:
        """The picture as an `<img>`, which the style sheet hides: GitHub takes that away, and inline SVG with it."""
        from ..picture import png

        drawn = b64encode(png([self.panel(named)._replace(title="")])).decode()
        return f'<img class="tl-instead" alt="{escape(said)}" width="{WIDTH}" src="data:image/png;base64,{drawn}">'

    def framed(self, name: str, title_id: str, body: str, *, covered: bool = False) -> str:
        """The place of the view called `name`: its title, and `body`, the picture or the text."""
        role = getattr(self, "role", None)
        style = f"color: var(--tl-{role})" if role else ""
        title = f'<div class="tl-title" id="{title_id}" style="{style}">{escape(str(self.title))}</div>'
        cover = " tl-covered" if covered else ""
        place = f'<div class="tl-view{cover}" data-view="{escape(name)}" data-kind="{self.kind}">'
        return f"{place}{title}{self.legend()}{body}</div>"

    # -- on the page -------------------------------------------------------------------------------------------

    def legend(self) -> str:
        """Markup that stands beside the title."""
        return ""

    def text(self, named: Named) -> str | None:
        """Its markup, if it is written and not drawn."""
        return None

    def height(self, rows: int) -> int:
        """In CSS pixels, if it is drawn; its first axis has `rows` indices at most."""
        raise NotImplementedError

    def picture(self, named: Named, height: int, prefix: str) -> str:
        """The still picture as an `<svg>` element; `prefix` keeps its ids apart."""
        # Imported here: it takes a second.
        from ..picture import svg

        return svg(functools.partial(self.draw, named=named), height, prefix)

    def panel(self, named: Named) -> "Panel":
        """The still picture as a part of a PNG."""
        from ..picture import Panel

        colour = getattr(self, "role", None) or "ink"
        height = self.height(self.tensors()[""].shape[0])
        return Panel(str(self.title), colour, functools.partial(self.draw, named=named), height)

    def draw(self, axes: Any, pen: Pen, named: Named) -> None:
        """Draws the still picture into matplotlib's `axes`."""
        raise NotImplementedError


def shaped(view: str, tensor: Any, *dims: int) -> Tensor:
    """The tensor as float32 on the CPU, if it has as many dimensions and holds real numbers; else `ValueError`."""
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{view} shows a tensor, got {type(tensor).__name__}")
    if tensor.ndim not in dims:
        wanted = " or ".join(map(str, dims))
        raise ValueError(f"{view} shows a tensor of {wanted} dimension(s), got shape {tuple(tensor.shape)}")
    if tensor.is_complex():
        raise ValueError(
            f"{view} shows real numbers, got {tensor.dtype}; show their size, or their real parts"
        )
    if tensor.device.type == "meta":
        raise ValueError(f"{view} shows numbers, and a tensor on the meta device has none")
    numbers: Tensor = tensor.detach()
    # Only where it changes something: a graph holds nothing of it.
    if numbers.layout != strided:
        numbers = numbers.to_dense()
    if numbers.device.type != "cpu":
        numbers = numbers.cpu()
    return numbers.to(float32)


def pairs(view: str, tensor: Any) -> Tensor:
    """The tensor as float32, if its shape is (n, 2); else `ValueError`."""
    points = shaped(view, tensor, 2)
    if points.shape[1] != 2:
        raise ValueError(f"{view} shows points of two numbers each, got shape {tuple(points.shape)}")
    return points


def check_series(view: str, values: Tensor, names: Sequence[str] | None, roles: Sequence[str] | None) -> None:
    """Names and roles must be one for each series, and roles known."""
    count = values.shape[0] if values.ndim == 2 else 1
    one_each(view, names, count, "names", "series")
    check_roles(view, roles, count, "series")


def one_each(view: str, given: Sequence[str] | None, count: int, what: str, of: str) -> None:
    """Raises `ValueError` unless as many are given, if any."""
    # While a graph is traced, the count may be a symbol; it was compared when the figure was made.
    if given is not None and isinstance(count, int) and len(given) != count:
        raise ValueError(
            f"{view}: {what} has {len(given)} entries for {count} {of}, give one for each: {', '.join(given)}"
        )


def check_roles(view: str, roles: Sequence[str] | None, count: int, of: str) -> None:
    """Roles must be one for each, and known."""
    one_each(view, roles, count, "roles", of)
    for role in roles or ():
        check_role(view, role)


def check_role(view: str, role: str | None) -> None:
    """A role must be known."""
    if role is not None and role not in ROLES:
        raise ValueError(f"{view}: there is no role {role!r}; the roles are {', '.join(ROLES)}")


def rows_of(tensor: Tensor) -> Tensor:
    """One row a series, shape (series, n), of a tensor of shape (n,) or (series, n)."""
    return tensor.reshape(-1, tensor.shape[-1])
