"""The check: a hand-written backward, judged gradient by gradient by a referee.

`check` is the way in and gives a `Report`, which `byhand.rendering` shows.
"""
