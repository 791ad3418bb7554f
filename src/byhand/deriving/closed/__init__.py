"""Closed forms: the gradients that are asked for, in as few operations as were found.

Forward's own equations are read in several ways (`equations`); each reading makes a ring (`ring`)
of its own facts (`facts`), in which products and sums of broadcast arrays (`terms`, `poly`) are
simplified. The backward sweep runs in that ring (`backward`). What it gives is factored
(`factoring`) and what comes twice is shared (`cse`); the reading with the fewest operations wins
(`search`) and is written down (`statements`, `printing`), with the equations that were used
(`reasons`).

The ring is described in `terms`. What it knows besides arithmetic: sums over axes (`sums`), masks
and one-hot arrays (`masks`, `comparing`, `one_hot`), other places for the same axes (`views`,
`moves`), and a few functions (`identities`).
"""
