"""The language server: what `byhand check` says of a file, while it is written, in any editor.

server.py       the features, by their names in the protocol
session.py      which texts are open, and when each is judged
texts.py        a file or a notebook as it stands in the editor, and where its lines are
forms.py        whether a text has a backward at all, without running it
trust.py        the folders whose code may be run
asking.py       one job at a time, asked of the process apart
diagnostics.py  a verdict as what an editor underlines
pages.py        the mistakes' pages as files, so that an editor can open them
"""
