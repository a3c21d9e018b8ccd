"""One table of transforms: every public module and function of the package under everything PyTorch may do to it.

`rows` lists the calls, one line a module or function; `columns` lists the transforms; a `cell` says how the two meet:
the transform gives what the plain call gives, or the package refuses it with a sentence, or there is nothing to ask.
The book shows the table, from `book/transforms.json`; `make transforms` writes it anew.
"""
