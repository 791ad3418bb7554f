"""Grading: what a learner handed in, run apart from everything and compared by us.

A submission computes, in a process that can reach nothing; what comes back are numbers, and these
are compared here. docs/grading.md says against what this protects.

    submissions.py  the files that were handed in, read without trusting them
    notebooks.py    the answers in a notebook of the course
    exam.py         an exercise as it is graded: inputs at several sizes, and what is right
    mark.py         what came back, compared: a verdict and points for each gradient
    worker.py       one submission, from its file to its marks
    grader.py       many of them, on any executor; what is graded already stays
    state.py        what is graded already, in SQLite
    similarity.py   submissions that are alike beyond what is usual, where that is asked for
    outputs.py      CSV, JSON, feedback, Gradescope

What runs apart:

    sandbox.py      starts the process, in bubblewrap where it works
    conversation.py feeds it and listens to it, within limits, and ends it
    sandbox_bundle.py  the modules it may use, as code
    boot.py         the first thing that runs there
    sandbox_main.py runs the submission and sends what it computed
    sitting.py      what it is run on, and what it gives there
    feedback_main.py the whole check, for the words of the feedback alone
    confine.py      limits, and no way back; seccomp.py and landlock.py do it
    wire.py         what crosses: plain numbers
"""
