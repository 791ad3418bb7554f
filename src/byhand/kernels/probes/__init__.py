"""Probes: what looks for one danger each, one file each; in the order in which they are asked."""

from byhand.kernels.probes.alignment import ALIGNMENT
from byhand.kernels.probes.edge import EDGE
from byhand.kernels.probes.in_place import IN_PLACE
from byhand.kernels.probes.layout import LAYOUT
from byhand.kernels.probes.low_precision import LOW_PRECISION
from byhand.kernels.probes.needs import NEEDS
from byhand.kernels.probes.never_ran import NEVER_RAN
from byhand.kernels.probes.nondeterministic import NONDETERMINISTIC
from byhand.kernels.probes.probe import Probe
from byhand.kernels.probes.self_comparison import SELF_COMPARISON
from byhand.kernels.probes.unwritten import UNWRITTEN
from byhand.kernels.probes.upstream import UPSTREAM

PROBES: tuple[Probe, ...] = (
    NEVER_RAN,
    SELF_COMPARISON,
    NONDETERMINISTIC,
    UNWRITTEN,
    IN_PLACE,
    UPSTREAM,
    NEEDS,
    LAYOUT,
    ALIGNMENT,
    EDGE,
    LOW_PRECISION,
)
