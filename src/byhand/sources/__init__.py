"""Sources: the forms in which people have a forward and its backward, each read into a `Problem`.

One file a form. `load.py` recognises which one a file is.
"""
