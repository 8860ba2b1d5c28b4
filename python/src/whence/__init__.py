"""Which training sequences made this language model say that?

>>> import whence
>>> run = whence.fit("model", "corpus.jsonl", out="run")                # doctest: +SKIP
>>> results = run.attribute([whence.Query("dog:", " a domestic animal")])  # doctest: +SKIP
>>> results.influences                                                  # doctest: +SKIP
>>> results                       # shaded tokens, in a notebook        # doctest: +SKIP
"""

from ._index import Index
from ._launcher import WhenceError
from ._results import Results
from ._run import Query, Run, fit

__all__ = ["Index", "Query", "Results", "Run", "WhenceError", "fit"]
__version__ = "0.1.0"
