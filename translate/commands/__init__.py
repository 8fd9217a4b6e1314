"""The commands, a file a group: what each is called and takes, and what it does.

A module has `add`, which gives the parser its words and names the function that does the work (`do`). What the work
needs is imported when it runs, so that `translate --help` answers at once and `translate run` never meets torch.
"""

from translate.commands import compare, data, evaluate, export, run, train

__all__ = ["compare", "data", "evaluate", "export", "run", "train"]
