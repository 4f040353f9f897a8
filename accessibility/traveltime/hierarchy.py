"""Customizable contraction hierarchy: many searches on one network, at any speeds.

The order of the nodes and the shortcuts are a `Topology`, made once a network. Customizing gives
the shortcuts the weights of one speed table, and a search goes up from a site to the few nodes
above it, then in one sweep down to all others, sixteen sites at once. Every time is exactly that of
Dijkstra's search, as all weights are whole deciseconds.

Notes
-----
Dibbelt, Strasser and Wagner, *Customizable contraction hierarchies*, ACM JEA 21 (2016); the sweep:
Delling, Goldberg, Nowatzyk and Werneck, *PHAST*, IPDPS 2011.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from accessibility.traveltime.links import Ints, Links, Seeds
from accessibility.traveltime.search import UNREACHABLE, Times
from accessibility.traveltime.topology import Int32s, Topology

UInt32s = npt.NDArray[np.uint32]

#: Of more than this share of the arcs, weights are worked out anew rather than one by one.
FEW = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkArcs:
    """Where the links of a network lie on the arcs of a topology.

    Parameters
    ----------
    topology
        The order and the arcs.
    tail, head
        Ends of all links.
    links
        Which of them have an arc: all but those that lead back to where they begin.
    arcs, upward
        Per such link: its arc, and whether it leads upward.
    """

    topology: Topology
    tail: Ints = field(repr=False)
    head: Ints = field(repr=False)
    links: Ints = field(repr=False)
    arcs: Ints = field(repr=False)
    upward: npt.NDArray[np.bool_] = field(repr=False)

    def are(self, links: Links) -> bool:
        """Say whether links join the same nodes in the same order."""
        return all(
            mine is theirs or np.array_equal(mine, theirs)
            for mine, theirs in ((self.tail, links.tail), (self.head, links.head))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """A topology with the weights of one direction of search.

    Parameters
    ----------
    topology
        The order and the arcs.
    laid
        Which links its weights came from, and where they lie.
    own_up_ds, own_down_ds
        Per arc: the weight of the link that it stands for, each way; `UNREACHABLE` where none is.
    up_ds, down_ds
        Per arc: the shortest way between its ends over the nodes below, the link included.
    """

    topology: Topology
    laid: LinkArcs = field(repr=False)
    own_up_ds: UInt32s = field(repr=False)
    own_down_ds: UInt32s = field(repr=False)
    up_ds: UInt32s = field(repr=False)
    down_ds: UInt32s = field(repr=False)


def arcs_of_links(
    topology: Topology, links: Links, *, like: LinkArcs | None = None
) -> LinkArcs | None:
    """Find the arcs that links lie on; None where the topology lacks one.

    `like` is what was found for other links: as a rule these join the same nodes at other weights.
    """
    if topology.nodes != links.nodes:
        return None
    if like is not None and like.topology is topology and like.are(links):
        return like
    apart = np.flatnonzero(links.tail != links.head)  # a way back to where it begins shortens none
    arcs, upward = topology.arcs_of(links.tail[apart], links.head[apart])
    if (arcs < 0).any():
        return None
    return LinkArcs(
        topology=topology,
        tail=links.tail,
        head=links.head,
        links=apart,
        arcs=arcs,
        upward=upward,
    )


def customized(topology: Topology, links: Links, *, known: LinkArcs | None = None) -> Hierarchy:
    """Give the arcs of a topology the weights of links; `known` saves finding their arcs.

    Raises
    ------
    ValueError
        If the topology has no arc for some link.
    """
    from accessibility.traveltime.kernels.customization import customize

    laid = _laid(topology, links, known)
    own_up_ds, own_down_ds = _own_weights(laid, links)
    up_ds, down_ds = own_up_ds.copy(), own_down_ds.copy()
    customize(topology.up_first, topology.up_head, up_ds, down_ds)
    return Hierarchy(
        topology=topology,
        laid=laid,
        own_up_ds=own_up_ds,
        own_down_ds=own_down_ds,
        up_ds=up_ds,
        down_ds=down_ds,
    )


def customized_again(
    before: Hierarchy, links: Links, *, known: LinkArcs | None = None
) -> Hierarchy:
    """Give a hierarchy the weights of other links; where few differ, only what they touch changes.

    The result is that of `customized`.
    """
    from accessibility.traveltime.kernels.contraction import arcs_by_head
    from accessibility.traveltime.kernels.customization import customize_again

    topology = before.topology
    laid = _laid(topology, links, known)
    own_up_ds, own_down_ds = _own_weights(laid, links)
    changed = np.flatnonzero(
        (own_up_ds != before.own_up_ds) | (own_down_ds != before.own_down_ds)
    ).astype(np.int64)
    if len(changed) > FEW * topology.arcs:
        return customized(topology, links, known=laid)
    up_ds, down_ds = before.up_ds.copy(), before.down_ds.copy()
    if len(changed):
        customize_again(
            topology.up_first,
            topology.up_head,
            *arcs_by_head(topology.up_first, topology.up_head),
            own_up_ds,
            own_down_ds,
            changed,
            up_ds,
            down_ds,
        )
    return Hierarchy(
        topology=topology,
        laid=laid,
        own_up_ds=own_up_ds,
        own_down_ds=own_down_ds,
        up_ds=up_ds,
        down_ds=down_ds,
    )


def _laid(topology: Topology, links: Links, known: LinkArcs | None) -> LinkArcs:
    found = known or arcs_of_links(topology, links)
    if found is None:
        raise ValueError("the topology has no arc for some links; contract the network anew")
    return found


def _own_weights(laid: LinkArcs, links: Links) -> tuple[UInt32s, UInt32s]:
    from accessibility.traveltime.kernels.customization import lay_weights

    up_ds = np.full(laid.topology.arcs, UNREACHABLE, dtype=np.uint32)
    down_ds = up_ds.copy()
    lay_weights(laid.arcs, laid.upward, links.weight_ds[laid.links], up_ds, down_ds)
    return up_ds, down_ds


@dataclass(frozen=True, slots=True)
class _Room:
    """What one thread writes to while it searches."""

    scratch_ds: UInt32s
    visited: Int32s
    touched: npt.NDArray[np.uint8]
    lanes_ds: UInt32s


class HierarchySearch:
    """Searches on a hierarchy, from sites to all nodes or to some.

    Parameters
    ----------
    hierarchy
        With the weights in the direction of the search.
    nodes
        The nodes whose times are wanted; None: all.
    """

    def __init__(self, hierarchy: Hierarchy, nodes: Ints | None = None) -> None:
        from accessibility.traveltime.kernels.sweeps import ancestors

        topology = hierarchy.topology
        self.hierarchy = hierarchy
        if nodes is None:
            self._place_of = np.arange(topology.nodes, dtype=np.int32)
            self._first, self._head = topology.up_first, topology.up_head
            self._ds = hierarchy.down_ds
            self._column_of = topology.place
        else:
            places = topology.place[nodes]
            swept = ancestors(topology.up_first, topology.up_head, places.astype(np.int64))
            self._place_of = np.full(topology.nodes, -1, dtype=np.int32)
            self._place_of[swept] = np.arange(len(swept), dtype=np.int32)
            sizes = np.diff(topology.up_first)[swept]
            self._first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
            start = np.repeat(topology.up_first[swept] - self._first[:-1], sizes)
            arcs = np.arange(self._first[-1]) + start
            self._head = self._place_of[topology.up_head[arcs]]
            self._ds = hierarchy.down_ds[arcs]
            self._column_of = self._place_of[places]
        self._rooms: list[_Room] = []

    def search(self, seeds: Seeds, found_ds: Times) -> None:
        """Write the times from up to 16 sites to the wanted nodes, shape (sites, nodes)."""
        from accessibility.traveltime.kernels.sweeps import search_lanes

        hierarchy, topology = self.hierarchy, self.hierarchy.topology
        room = self._take_room()
        search_lanes(
            topology.up_first,
            topology.up_head,
            hierarchy.up_ds,
            seeds.first,
            topology.place[seeds.node].astype(np.int64),
            seeds.ds,
            self._place_of,
            self._first,
            self._head,
            self._ds,
            room.scratch_ds,
            room.visited,
            room.touched,
            room.lanes_ds,
            self._column_of,
            found_ds,
        )
        self._rooms.append(room)

    def _take_room(self) -> _Room:
        """Take the room that another batch has left, or make new."""
        from accessibility.traveltime.kernels.lanes import LANES

        try:
            return self._rooms.pop()
        except IndexError:
            nodes, swept = self.hierarchy.topology.nodes, len(self._first) - 1
            return _Room(
                np.full(nodes, UNREACHABLE, dtype=np.uint32),
                np.empty(nodes, dtype=np.int32),
                np.zeros(swept, dtype=np.uint8),
                np.empty((swept, LANES), dtype=np.uint32),
            )
