"""The language server: what `byhand check` says of a file, while it is written, in any editor.

server.py       the features, by their names in the protocol
session.py      which texts are open, and when each is judged
asking.py       one job at a time, asked of the process apart
trust.py        the folders whose code may be run
exercise_cells.py   the exercises in a notebook of the course
texts.py        a file or a notebook as it stands in the editor, and where its lines are
verdict.py      what was found out about a text
diagnostics.py  what is underlined of it
hover.py, shapes.py, lenses.py, actions.py: what else is shown, and what can be done
pages.py        the mistakes' pages as files, so that an editor can open them
"""
