"""Running people's files in a process of its own, which has imported everything beforehand.

What a file does (never end, exit, run out of memory, print, change NumPy) concerns one job and
nothing else. A server that has imported everything reads jobs from its standard input, one line of
JSON each, and forks for each of them.

    process.py    who asks: keeps a server ready, hands it jobs, cancels one
    server.py     the process that waits, and forks
    jobs.py       what can be asked for, by name
    told.py       what is told of a report, in which order
"""
