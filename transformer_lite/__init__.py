"""A small, exact Transformer in PyTorch, written to be read.

One concept a file: open ``attention.py``, ``masks.py`` or ``positions.py`` and read it from top to bottom.
Nothing is imported here, so a chapter pays only for what it uses::

    from transformer_lite import masks
    from transformer_lite.attention import MultiHeadAttention, attention

Five conventions hold in every file.

**Shapes.** Tensors are batch first, and the comment at the end of a line gives the shape it produces:

===========  =====================================================================
``batch``    examples computed together
``T``        positions that ask: the queries, or the target sentence
``S``        positions that answer: the keys and values, or the source sentence
``d_model``  features of one position between the layers
``heads``    h, the attention heads
``d_k``      features of one query or key in one head
``d_v``      features of one value in one head
``...``      any number of leading axes, batch and heads among them
===========  =====================================================================

**Masks.** A mask is boolean, and ``True`` means *may attend*. (``torch.nn.MultiheadAttention`` says the
opposite; ``torch.nn.functional.scaled_dot_product_attention`` says the same.) A number added to the
scores is never called a mask here, but a ``bias``. A query that may attend to nothing receives zeros.

**Names.** Symbols are those of the papers (``d_k``, ``T``, ``W_Q``). The tensors come first, by position;
every hyper-parameter is given by name, so that ``heads`` and ``d_model`` cannot be exchanged by accident.

**Looking inside.** A module returns one tensor and keeps nothing. To see what happened on the way, hand it
an empty dictionary: ``layer(x, record=seen)`` fills ``seen`` with the queries, keys, values, scores,
weights and so on, nested as the modules are. Without a dictionary, none of this is computed or held.

**Bad input.** A ``ValueError`` says what was given and what would do. What cannot be seen is not checked: the numbers
of a tensor while a graph is traced, on the meta device, and inside ``torch.func``. Kinds of numbers may differ inside
``torch.autocast``, which makes them differ.
"""

__version__ = "0.1.0"
