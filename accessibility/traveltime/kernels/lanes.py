"""Sixteen searches side by side: what a sweep does with them, as one vector of the processor.

Written as plain loops, numba keeps a node's sixteen times in memory while it goes through the arcs,
and moves them one by one into the rows of the result. Here both steps are given to LLVM as vectors
of sixteen: on a million nodes a sweep takes a sixth of the time, and laying out its result a fifth.
LLVM splits the vectors up for processors whose own are shorter; the integers are the same.

Both functions are called from compiled code alone. Numba keeps that code until the file of the
caller changes: whoever changes this file changes `LANES_STAMP` in `sweeps.py` too, as a test asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

#: Searches at once. Their times of one node fill one line of the processor's cache.
LANES = 16
UNREACHABLE = 2**31 - 1

_INT32, _INT64, _BYTES = ir.IntType(32), ir.IntType(64), ir.IntType(8).as_pointer()
_VECTOR = ir.VectorType(_INT32, LANES)
_ITEM = 4
_Typed = tuple[Any, Callable[..., Any]]


def _vectorised(typed: Callable[..., _Typed]) -> Callable[..., None]:
    """Make a function of compiled code from one that gives its signature and its instructions."""
    return cast("Callable[..., None]", intrinsic(typed))


def _data(context: Any, builder: Any, signature: Any, args: Any, which: int) -> Any:
    """Give the address of the data of an argument that is an array."""
    return context.make_array(signature.args[which])(context, builder, args[which]).data


def _vector_at(builder: Any, data: Any, row: Any) -> Any:
    """Give the address of a row of sixteen."""
    first = builder.gep(data, [builder.mul(row, _INT64(LANES))])
    return builder.bitcast(first, _VECTOR.as_pointer())


@_vectorised
def relax_arcs(
    typing_context: Any,
    lanes_ds: Any,
    heads: Any,
    weights_ds: Any,
    begin: Any,
    end: Any,
    node: Any,
    fresh: Any,
) -> _Typed:
    """Give a node the best of the ways over some arcs, in all lanes.

    Parameters
    ----------
    lanes_ds
        Times, shape (nodes, LANES), unsigned 32 bits, C order.
    heads, weights_ds
        Per arc: the node that it leads up to (32 bits), and its weight (unsigned 32 bits).
    begin, end
        The node's arcs.
    node
        Its row of `lanes_ds`, overwritten.
    fresh
        Whether it has no times yet; else those that it has are kept where they are better.
    """
    signature = types.void(
        lanes_ds, heads, weights_ds, types.int64, types.int64, types.int64, types.boolean
    )

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes, head_of, ds_of = (_data(context, builder, signature, args, at) for at in range(3))
        begin, end, node, fresh = args[3:]
        row = _vector_at(builder, lanes, node)
        nothing = ir.Constant(_VECTOR, [UNREACHABLE] * LANES)
        start = builder.select(fresh, nothing, builder.load(row, align=_ITEM))
        before = builder.block
        loop, after = builder.append_basic_block("arc"), builder.append_basic_block("done")
        builder.cbranch(builder.icmp_signed("<", begin, end), loop, after)

        builder.position_at_end(loop)
        arc, best = builder.phi(_INT64), builder.phi(_VECTOR)
        head = builder.sext(builder.load(builder.gep(head_of, [arc])), _INT64)
        above = builder.load(_vector_at(builder, lanes, head), align=_ITEM)
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        ds = builder.load(builder.gep(ds_of, [arc]))
        ds = builder.insert_element(undefined, ds, _INT32(0))
        ds = builder.shuffle_vector(ds, undefined, ir.Constant(_VECTOR, [0] * LANES))
        way = builder.add(above, ds)
        better = builder.select(builder.icmp_unsigned("<", way, best), way, best)
        following = builder.add(arc, _INT64(1))
        arc.add_incoming(begin, before)
        arc.add_incoming(following, loop)
        best.add_incoming(start, before)
        best.add_incoming(better, loop)
        builder.cbranch(builder.icmp_signed("<", following, end), loop, after)

        builder.position_at_end(after)
        found = builder.phi(_VECTOR)
        found.add_incoming(start, before)
        found.add_incoming(better, loop)
        builder.store(found, row, align=_ITEM)
        return context.get_dummy_value()

    return signature, emit


@_vectorised
def lay_columns(
    typing_context: Any, lanes_ds: Any, nodes: Any, found_ds: Any, begin: Any, sites: Any
) -> _Typed:
    """Turn sixteen nodes' lanes into sixteen columns of the result, a row a search.

    Parameters
    ----------
    lanes_ds
        Times, shape (nodes, LANES), unsigned 32 bits, C order.
    nodes
        Per column of the result: its node (signed 32 bits); at least `begin` + LANES long.
    found_ds
        Shape (sites, columns), 32 bits, C order; the columns from `begin` on are overwritten.
    begin, sites
        First of the columns, and how many rows there are, at most LANES.
    """
    signature = types.void(lanes_ds, nodes, found_ds, types.int64, types.int64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes, node_of = (_data(context, builder, signature, args, at) for at in range(2))
        found = context.make_array(signature.args[2])(context, builder, args[2])
        stride = builder.extract_value(found.strides, 0)  # bytes from search to search
        begin, sites = args[3:]
        lines = []
        for column in range(LANES):
            place = builder.gep(node_of, [builder.add(begin, _INT64(column))])
            node = builder.sext(builder.load(place), _INT64)
            lines.append(builder.load(_vector_at(builder, lanes, node), align=_ITEM))
        for step in (8, 4, 2, 1):
            lines = _swap_blocks(builder, lines, step)
        first = builder.bitcast(found.data, _BYTES)
        for lane, line in enumerate(lines):
            with builder.if_then(builder.icmp_signed(">", sites, _INT64(lane))):
                offset = builder.mul(stride, _INT64(lane))
                offset = builder.add(offset, builder.mul(begin, _INT64(_ITEM)))
                place = builder.bitcast(builder.gep(first, [offset]), _VECTOR.as_pointer())
                builder.store(line, place, align=_ITEM)
        return context.get_dummy_value()

    return signature, emit


def _swap_blocks(builder: Any, lines: list[Any], step: int) -> list[Any]:
    """Swap the blocks of `step` x `step` beside the diagonal: one of four steps of transposing."""
    low = [at if not at & step else LANES + at - step for at in range(LANES)]
    high = [at + step if not at & step else LANES + at for at in range(LANES)]
    swapped = list(lines)
    for line in range(LANES):
        if not line & step:
            pair = lines[line], lines[line + step]
            swapped[line] = builder.shuffle_vector(*pair, ir.Constant(_VECTOR, low))
            swapped[line + step] = builder.shuffle_vector(*pair, ir.Constant(_VECTOR, high))
    return swapped
