"""Operators that are made of others, written with these, so that the exporter need not trace a program again.

Where a program holds an operator that the exporter cannot translate, it traces the whole program a second time to take
it apart ("decomposition"), which is two thirds of its time. The operators below stand in nearly every figure, and are
taken apart here; with others a program takes the longer way.
"""

from collections.abc import Callable, Set
from typing import Any

import torch
from torch._ops import OpOverload
from torch.export import ExportedProgram
from torch.fx import GraphModule, Node

aten = torch.ops.aten

# What each is made of, as a function of `call`, which adds an operator to the program, and the operator's arguments.
# Whether memory is copied or shared is of no concern to a graph.
MADE_OF: dict[Any, Callable[..., Node]] = {
    aten.to.dtype: lambda call, x, dtype, *memory, **_: call(aten._to_copy.default, x, dtype=dtype),
    aten.to.dtype_layout: lambda call, x, *, dtype, **_: call(aten._to_copy.default, x, dtype=dtype),
    aten.to.device: lambda call, x, device, dtype, *memory, **_: call(aten._to_copy.default, x, dtype=dtype),
    aten.detach_.default: lambda call, x: call(aten.detach.default, x),
    aten.item.default: lambda call, x: call(aten._local_scalar_dense.default, x),
    aten.numpy_T.default: lambda call, x: call(
        aten.permute.default, x, [*reversed(range(x.meta["val"].ndim))]
    ),
    aten.square.default: lambda call, x: call(aten.mul.Tensor, x, x),
    aten.rsub.Scalar: lambda call, x, y, alpha=1: call(aten.add.Scalar, call(aten.mul.Scalar, x, -alpha), y),
    aten.__and__.Tensor: lambda call, x, y: call(aten.bitwise_and.Tensor, x, y),
    aten.__or__.Tensor: lambda call, x, y: call(aten.bitwise_or.Tensor, x, y),
}
# What says something about shapes and types, and computes nothing.
SAYS = {aten._assert_tensor_metadata.default}


def take_apart(program: ExportedProgram, known: Set[Any]) -> bool:
    """Writes the program, in place, without the operators above, if the exporter can then translate all of it.

    `known` are the operators that the exporter can translate. Returns whether it was done.
    """
    graph = program.graph
    left = {node.target for node in graph.nodes if node.op == "call_function"} - MADE_OF.keys() - SAYS
    nested = sum(isinstance(module, GraphModule) for module in program.graph_module.modules()) > 1
    if nested or not left <= known:
        return False

    def call(target: OpOverload, x: Node, *args: Any, **kwargs: Any) -> Node:
        added: Node = graph.call_function(target, (x, *args), kwargs)
        added.meta = dict(x.meta)  # in between, all is of the type and shape of its first argument
        return added

    for node in graph.nodes:
        if node.target in MADE_OF:
            with graph.inserting_before(node):
                made = MADE_OF[node.target](call, *node.args, **node.kwargs)
            made.meta = dict(node.meta)
            node.replace_all_uses_with(made)
        if node.target in SAYS or node.target in MADE_OF:
            graph.erase_node(node)
    return True
