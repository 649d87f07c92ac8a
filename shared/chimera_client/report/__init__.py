"""The health report of a dataset: whether to believe it and to train on it.

`gather` counts while samples stream; `model` is what was counted, and `report.json`; `sections` put it into sentences,
plots and tables; `html` and `pages` write these. So a report can be drawn again from its `report.json` alone.
"""
