"""The report of a loop: whether training on the dataset made the model better, how surely, and what it rests on.

`gains` says what was gained; the modules beside it put that, the trainings, the data and their lineage into sentences,
plots and tables; `files` writes them.
"""
