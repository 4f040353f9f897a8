"""Which nodes a hierarchy contracts in which order, and the shortcuts that this makes.

That depends on which nodes are joined, not on any weight or direction: it is made once a network
and serves all speeds, seasons and scenarios.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import spilu

from accessibility.traveltime.links import Ints

Int32s = npt.NDArray[np.int32]

#: Raised whenever topologies are made or laid out in another way.
LAYOUT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """An order of the nodes, and the arcs upward in it, shortcuts included.

    Parameters
    ----------
    place
        Per node: its place in the order, the first to be contracted first.
    up_first
        Arcs upward of the node at place p are up_first[p] to up_first[p + 1] - 1.
    up_head
        Per arc: the place that it leads up to; rising for each node.
    key
        What it was made from, see `topology_key`.
    """

    place: Int32s = field(repr=False)
    up_first: Ints = field(repr=False)
    up_head: Int32s = field(repr=False)
    key: str

    def __post_init__(self) -> None:
        nodes, arcs = len(self.place), len(self.up_head)
        if len(self.up_first) != nodes + 1 or self.up_first[0] or self.up_first[-1] != arcs:
            raise ValueError("up_first must say for every node where its arcs begin")
        if self.up_head.dtype != np.int32 or self.place.dtype != np.int32:
            raise ValueError("places must be 32-bit integers")

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.place)

    @property
    def arcs(self) -> int:
        """Number of arcs, shortcuts included."""
        return len(self.up_head)

    def arcs_of(self, tail: Ints, head: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Find the arc of each link (-1: there is none), and whether it leads upward."""
        from accessibility.traveltime.kernels.contraction import arcs_between

        tail_place, head_place = self.place[tail], self.place[head]
        low, high = np.minimum(tail_place, head_place), np.maximum(tail_place, head_place)
        return arcs_between(self.up_first, self.up_head, low, high), tail_place < head_place

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Give the arrays that it can be made from again; `key` is not among them."""
        return {"place": self.place, "up_first": self.up_first, "up_head": self.up_head}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], *, key: str) -> Topology:
        """Make a topology from what `to_arrays` gave.

        Raises
        ------
        ValueError
            If the arrays do not fit each other.
        """
        # copies may be written to: compiled kernels are made for one kind of array
        place, up_head = np.array(arrays["place"]), np.array(arrays["up_head"])
        up_first = np.array(arrays["up_first"])
        rising = bool((np.diff(up_first) >= 0).all())
        tails = np.repeat(np.arange(len(place)), np.diff(up_first)) if rising else up_head
        if (
            not rising
            or len(tails) != len(up_head)
            or not np.array_equal(np.bincount(place, minlength=len(place)), np.ones(len(place)))
            or not ((tails < up_head) & (up_head < len(place))).all()
        ):
            raise ValueError("the arrays are no topology")
        return cls(place=place, up_first=up_first, up_head=up_head, key=key)


def topology_key(nodes: int, tail: Ints, head: Ints) -> str:
    """Name a topology by the pairs of nodes that links join, whatever their direction or order."""
    digest = hashlib.blake2b(f"{LAYOUT} {nodes} ".encode(), digest_size=16)
    digest.update(_pair_numbers(nodes, tail, head).astype("<i8").data)
    return digest.hexdigest()


def _pair_numbers(nodes: int, tail: Ints, head: Ints) -> Ints:
    """Number the pairs of different nodes that links join: rising, each once."""
    numbers = np.minimum(tail, head) * nodes + np.maximum(tail, head)
    numbers = np.sort(numbers[tail != head])  # np.unique takes several times as long
    keep = np.ones(len(numbers), dtype=bool)
    keep[1:] = numbers[1:] != numbers[:-1]
    return np.asarray(numbers[keep], dtype=np.int64)


def _pairs(nodes: int, tail: Ints, head: Ints) -> tuple[Ints, Ints]:
    """List the pairs of different nodes that links join, each once."""
    low, high = np.divmod(_pair_numbers(nodes, tail, head), max(nodes, 1))
    return low, high


def contract(nodes: int, tail: Ints, head: Ints) -> Topology:
    """Order the nodes and contract them.

    Parameters
    ----------
    nodes
        Number of nodes.
    tail, head
        Links; which way each leads makes no difference.

    Notes
    -----
    The order is SuperLU's multiple minimum degree, which leaves few shortcuts on road networks:
    3.5 to 4.7 arcs a node at 20,000 to 4 million nodes. It comes with an incomplete factorisation
    that keeps next to nothing; a whole one takes twice the time and memory. Then nodes are numbered
    in postorder of the elimination tree, so that what is joined lies close together.
    """
    from accessibility.traveltime.kernels import contraction

    low, high = _pairs(nodes, tail, head)
    order = _minimum_degree(nodes, low, high)
    tree = contraction.elimination_tree(*_neighbours(nodes, order[low], order[high]))
    place = contraction.postorder(tree)[order]
    joined = _neighbours(nodes, place[low], place[high])
    tree = contraction.elimination_tree(*joined)
    counts = contraction.count_arcs(*joined, tree)
    up_first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    up_head = np.empty(up_first[-1], dtype=np.int32)
    contraction.fill_arcs(*joined, tree, up_first, up_head)
    return Topology(
        place=place.astype(np.int32),
        up_first=up_first,
        up_head=up_head,
        key=topology_key(nodes, tail, head),
    )


def _minimum_degree(nodes: int, low: Ints, high: Ints) -> Int32s:
    degree = np.bincount(low, minlength=nodes) + np.bincount(high, minlength=nodes)
    every = np.arange(nodes)
    rows = np.concatenate([low, high, every])
    columns = np.concatenate([high, low, every])
    values = np.concatenate([np.full(2 * len(low), -1.0), degree + 1.0])  # no pivot is zero
    matrix = csc_array((values, (rows, columns)), shape=(nodes, nodes))
    found = spilu(
        matrix,
        permc_spec="MMD_AT_PLUS_A",
        drop_tol=1e3,
        fill_factor=1,
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    return np.asarray(found.perm_c, dtype=np.int32)


def _neighbours(nodes: int, one: Int32s, other: Int32s) -> tuple[Ints, Int32s]:
    """List each node's neighbours, rising: where they begin, and the neighbours."""
    rows, columns = np.concatenate([one, other]), np.concatenate([other, one])
    joined = csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(nodes, nodes))
    joined.sort_indices()
    return joined.indptr.astype(np.int64), joined.indices.astype(np.int32)
