/**
 * What factorisation and solves share: the table of fronts and where everything lies. The host lays out memory and fills the
 * tables once per geometry (multifrontal-kernel.ts).
 *
 * A front is a dense matrix of `size` nodes, its first `pivots` eliminated here. It is kept column by column, each column
 * rounded up to a multiple of four numbers: what lies beyond `size`, and above the diagonal, may be computed with but is never
 * used. A panel is the first `pivots` columns after elimination: L, with the inverse of its diagonal in the diagonal's place.
 */

/** Bytes of a front in the table: eight 32-bit integers. */
const RECORD: usize = 32;

export let frontCount: i32 = 0;
let fronts: usize = 0;
let nodeList: usize = 0;
let placeList: usize = 0;
let entryPositionList: usize = 0;
let entryEdgeList: usize = 0;
let panels: usize = 0;

/** Room for the largest front, for the stack of updates, and for the numbers of the fronts that lie on it. */
export let square: usize = 0;
export let stack: usize = 0;
export let waiting: usize = 0;

/** Makes `bytes` of memory usable from the returned address on. What was there stays. */
export function ensureBytes(bytes: usize): usize {
  const base = (__heap_base + 63) & ~63;
  const pages = <i32>((base + bytes + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) return 0;
  return base;
}

export function describe(
  count: i32,
  frontsAt: usize,
  nodesAt: usize,
  placesAt: usize,
  entryPositionsAt: usize,
  entryEdgesAt: usize,
  panelsAt: usize,
  squareAt: usize,
  stackAt: usize,
  waitingAt: usize,
): void {
  frontCount = count;
  fronts = frontsAt;
  nodeList = nodesAt;
  placeList = placesAt;
  entryPositionList = entryPositionsAt;
  entryEdgeList = entryEdgesAt;
  panels = panelsAt;
  square = squareAt;
  stack = stackAt;
  waiting = waitingAt;
}

// @ts-ignore: decorator
@inline
function field(front: i32, number: usize): i32 {
  return load<i32>(fronts + <usize>front * RECORD + (number << 2));
}

// @ts-ignore: decorator
@inline
export function sizeOf(front: i32): i32 {
  return field(front, 0);
}

// @ts-ignore: decorator
@inline
export function pivotsOf(front: i32): i32 {
  return field(front, 1);
}

/** Bytes from one column of the front to the next. */
// @ts-ignore: decorator
@inline
export function strideOf(size: i32): usize {
  return (<usize>((size + 3) & ~3)) << 3;
}

/** Node numbers, 32 bits each: pivots, then the boundary. */
// @ts-ignore: decorator
@inline
export function nodesOf(front: i32): usize {
  return nodeList + ((<usize>field(front, 2)) << 2);
}

/** Place of every boundary node in the parent's front, 32 bits each. */
// @ts-ignore: decorator
@inline
export function placesOf(front: i32): usize {
  return placeList + ((<usize>(field(front, 2) + pivotsOf(front))) << 2);
}

// @ts-ignore: decorator
@inline
export function panelOf(front: i32): usize {
  return panels + ((<usize>field(front, 3)) << 3);
}

// @ts-ignore: decorator
@inline
export function firstEntryOf(front: i32): i32 {
  return field(front, 4);
}

// @ts-ignore: decorator
@inline
export function entryCountOf(front: i32): i32 {
  return field(front, 5);
}

// @ts-ignore: decorator
@inline
export function childrenOf(front: i32): i32 {
  return field(front, 6);
}

/** Column (upper 16 bits) and row (lower) of an off-diagonal entry in its front. */
// @ts-ignore: decorator
@inline
export function entryPosition(entry: i32): u32 {
  return load<u32>(entryPositionList + ((<usize>entry) << 2));
}

// @ts-ignore: decorator
@inline
export function entryEdge(entry: i32): i32 {
  return load<i32>(entryEdgeList + ((<usize>entry) << 2));
}
