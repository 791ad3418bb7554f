"""The course: lessons with a reading and exercises, and where a learner stands in them.

A lesson is a folder with `reading.md` and, for each exercise, a `NAME.toml` with its hints. What an
exercise asks for is left out of a problem file that is right as it lies there: a model of the zoo
(`model` and `ask` in the TOML file), or `NAME.py`, in which comments mark the solution. The order
of everything is in `course.toml`.

    course.py     lessons and exercises, as the files say
    blanks.py     the learner's copy of a problem file
    learner.py    the learner's folder
    progress.py   what happened there
    database.py   SQLite files, which progress and grading keep
    judge.py      a learner's file, checked for what the exercise asks
    author.py     what must hold of every exercise
    skeleton.py   the files of a new lesson
"""
