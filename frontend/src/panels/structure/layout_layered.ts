/** Layered layout of directed graphs (Sugiyama): ranks, order within each rank, positions. */

export interface Item {
  width: number;
  height: number;
  /** Place above or below all other items. */
  pin?: "top" | "bottom";
}

export interface Link {
  from: number;
  to: number;
  /** Horizontal positions of the link's ends, relative to the middles of its items. */
  fromX?: number;
  toX?: number;
}

interface Gaps {
  ranks: number;
  items: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface LayeredLayout {
  width: number;
  height: number;
  /** Middle of each item. */
  items: Point[];
  /** Points of each link, from its source's lower edge to its target's upper edge. */
  links: Point[][];
}

const SWEEPS = 8;
const ROUNDS = 40;
/** Weights of the main chain that are tried. The narrowest result is kept. */
const MAIN_WEIGHTS = [1, 30];

/** Return the links that close a cycle. They are drawn in reverse. */
function backEdges(count: number, links: readonly Link[]): Set<number> {
  const out: number[][] = Array.from({ length: count }, () => []);
  links.forEach(({ from }, i) => {
    out[from].push(i);
  });
  const state = new Uint8Array(count);
  const found = new Set<number>();
  for (let start = 0; start < count; start++) {
    if (state[start] !== 0) continue;
    const stack: [number, number][] = [[start, 0]];
    state[start] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const link = out[top[0]][top[1]];
      if (link === undefined) {
        state[top[0]] = 2;
        stack.pop();
        continue;
      }
      top[1] += 1;
      const next = links[link].to;
      if (state[next] === 1) found.add(link);
      else if (state[next] === 0) {
        state[next] = 1;
        stack.push([next, 0]);
      }
    }
  }
  return found;
}

/**
 * Return the rank of each item, which is one more than the largest rank of its predecessors. An item without
 * predecessors is directly above its successors.
 */
export function ranksOf(count: number, links: readonly { from: number; to: number }[]): Int32Array {
  const rank = new Int32Array(count);
  const into = new Int32Array(count);
  const out: number[][] = Array.from({ length: count }, () => []);
  for (const { from, to } of links) {
    into[to] += 1;
    out[from].push(to);
  }
  const sources = [...into.keys()].filter((i) => into[i] === 0);
  const ready = [...sources];
  for (let i = 0; i < ready.length; i++) {
    for (const next of out[ready[i]]) {
      rank[next] = Math.max(rank[next], rank[ready[i]] + 1);
      into[next] -= 1;
      if (into[next] === 0) ready.push(next);
    }
  }
  for (const i of sources) if (out[i].length > 0) rank[i] = Math.min(...out[i].map((next) => rank[next])) - 1;
  return rank;
}

/** Return ranks with pinned items above or below all others. */
function pinned(items: readonly Item[], ranks: readonly number[]): number[] {
  const free = ranks.filter((_, i) => items[i].pin === undefined);
  if (free.length === 0) return [...ranks];
  const ends = { top: Math.min(...free) - 1, bottom: Math.max(...free) + 1 };
  return ranks.map((rank, i) => {
    const { pin } = items[i];
    return pin === undefined ? rank : ends[pin];
  });
}

/**
 * Return the positions nearest to the desired ones (least squares) that keep the order and are at least `apart` from
 * each other.
 */
export function spread(
  wanted: readonly number[],
  weights: readonly number[],
  apart: readonly number[],
): number[] {
  const offset: number[] = [];
  wanted.forEach((_, i) => {
    offset.push(i === 0 ? 0 : offset[i - 1] + apart[i - 1]);
  });
  const blocks: { sum: number; weight: number; size: number }[] = [];
  wanted.forEach((want, i) => {
    let block = { sum: (want - offset[i]) * weights[i], weight: weights[i], size: 1 };
    for (
      let last = blocks.at(-1);
      last && last.sum / last.weight > block.sum / block.weight;
      last = blocks.at(-1)
    ) {
      blocks.pop();
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, size: last.size + block.size };
    }
    blocks.push(block);
  });
  const places = blocks.flatMap(({ sum, weight, size }) => Array<number>(size).fill(sum / weight));
  return places.map((place, i) => place + offset[i]);
}

interface Neighbour {
  node: number;
  /** Offset from the neighbour's middle at which the link between them is vertical. */
  shift: number;
}

function crossings(layers: readonly number[][], up: readonly Neighbour[][], place: Int32Array): number {
  let count = 0;
  for (const layer of layers) {
    const ends: number[] = [];
    for (const node of layer) {
      for (const end of up[node].map((one) => place[one.node]).sort((a, b) => a - b)) {
        for (const other of ends) if (other > end) count += 1;
        ends.push(end);
      }
    }
  }
  return count;
}

interface Ordered {
  /** Nodes of each rank from left to right. Those from `count` on are bends of links. */
  best: readonly number[][];
  up: readonly Neighbour[][];
  down: readonly Neighbour[][];
  widths: readonly number[];
  count: number;
  gap: number;
}

/**
 * Return the horizontal positions of nodes. `main` is the weight of links between items of adjacent ranks against
 * those that skip ranks. If it is large, a long chain is straight, and the links that skip its items go around them.
 */
function positions({ best, up, down, widths, count, gap }: Ordered, main: number) {
  const x = new Float64Array(widths.length);
  const apart = best.map((layer) =>
    layer.slice(1).map((node, i) => (widths[layer[i]] + widths[node]) / 2 + gap),
  );
  for (let round = 0; round < ROUNDS; round++) {
    const falling = round % 2 === 0;
    for (let k = 0; k < best.length; k++) {
      const at = falling ? k : best.length - 1 - k;
      const layer = best[at];
      const wanted = layer.map((node) => {
        // The first round knows no positions below. The last rounds use both directions.
        const near =
          round === 0
            ? up[node]
            : round < ROUNDS - 4
              ? (falling ? up : down)[node]
              : [...up[node], ...down[node]];
        if (near.length === 0) return x[node];
        let [sum, total] = [0, 0];
        for (const one of near) {
          const weight = node < count && one.node < count ? main : 1;
          sum += weight * (x[one.node] + one.shift);
          total += weight;
        }
        return sum / total;
      });
      // Bends have a larger weight than items, so that links become straight, unless chains must be straight.
      const weights = layer.map((node) =>
        node >= count ? 4 : main * (1 + up[node].length + down[node].length),
      );
      spread(wanted, weights, apart[at]).forEach((value, i) => {
        x[layer[i]] = value;
      });
    }
  }
  return {
    x,
    left: Math.min(...best.flat().map((node) => x[node] - widths[node] / 2)),
    right: Math.max(...best.flat().map((node) => x[node] + widths[node] / 2)),
  };
}

/** Lay out items from top to bottom along their links. */
export function layeredLayout(items: readonly Item[], links: readonly Link[], gaps: Gaps): LayeredLayout {
  const reversed = backEdges(items.length, links);
  const ways = links.map((link, i) =>
    reversed.has(i)
      ? { from: link.to, to: link.from, fromX: link.toX ?? 0, toX: link.fromX ?? 0 }
      : { fromX: 0, toX: 0, ...link },
  );
  const inner = ways.filter(({ from, to }) => from !== to);
  const rank: number[] = pinned(items, [...ranksOf(items.length, inner)]);
  const widths = items.map(({ width }) => width);
  const up: Neighbour[][] = items.map(() => []);
  const down: Neighbour[][] = items.map(() => []);
  const join = (from: number, to: number, shift: number) => {
    down[from].push({ node: to, shift: -shift });
    up[to].push({ node: from, shift });
  };
  const bends = ways.map(({ from, to, fromX, toX }) => {
    const chain: number[] = [];
    if (from === to) return chain;
    let last = from;
    for (let r = rank[from] + 1; r < rank[to]; r++) {
      const node = rank.length;
      rank.push(r);
      widths.push(4);
      up.push([]);
      down.push([]);
      join(last, node, last === from ? fromX : 0);
      chain.push(node);
      last = node;
    }
    join(last, to, (last === from ? fromX : 0) - toX);
    return chain;
  });

  const top = Math.min(0, ...rank);
  const layers: number[][] = [];
  rank.forEach((r, node) => {
    layers[r - top] ??= [];
    layers[r - top].push(node);
  });
  for (let r = 0; r < layers.length; r++) layers[r] ??= [];
  const place = new Int32Array(rank.length);
  const number = (layer: readonly number[]) =>
    layer.forEach((node, i) => {
      place[node] = i;
    });
  layers.forEach(number);
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers, up, place);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const falling = sweep % 2 === 0;
    const near = falling ? up : down;
    for (const layer of falling ? layers : [...layers].reverse()) {
      const middle = new Map(
        layer.map((node) => {
          const sum = near[node].reduce((all, one) => all + place[one.node], 0);
          return [node, near[node].length > 0 ? sum / near[node].length : place[node]] as const;
        }),
      );
      layer.sort((a, b) => middle.get(a)! - middle.get(b)! || place[a] - place[b]);
      number(layer);
    }
    const now = crossings(layers, up, place);
    if (now < fewest) {
      fewest = now;
      best = layers.map((layer) => [...layer]);
    }
  }

  const { x, left, right } = MAIN_WEIGHTS.map((main) =>
    positions({ best, up, down, widths, count: items.length, gap: gaps.items }, main),
  ).reduce((one, other) => (other.right - other.left < one.right - one.left ? other : one));
  const tops: number[] = [];
  const heights = best.map((layer) => Math.max(0, ...layer.map((node) => items[node]?.height ?? 0)));
  heights.forEach((_, r) => {
    tops.push(r === 0 ? 0 : tops[r - 1] + heights[r - 1] + gaps.ranks);
  });
  const middleOf = (node: number): Point => {
    const r = rank[node] - top;
    return { x: x[node] - left, y: tops[r] + heights[r] / 2 };
  };
  return {
    width: items.length > 0 ? right - left : 0,
    height: (tops.at(-1) ?? 0) + (heights.at(-1) ?? 0),
    items: items.map((_, i) => middleOf(i)),
    links: ways.map(({ from, to, fromX, toX }, i) => {
      const [a, b] = [middleOf(from), middleOf(to)];
      const points = [{ x: a.x + fromX, y: a.y + items[from].height / 2 }];
      // Next to a taller item of the same rank, a link is vertical.
      const bottom = tops[rank[from] - top] + heights[rank[from] - top];
      if (from !== to && bottom - points[0].y > 0.5) points.push({ x: points[0].x, y: bottom });
      for (const bend of bends[i]) {
        const r = rank[bend] - top;
        const at = middleOf(bend).x;
        points.push({ x: at, y: tops[r] }, { x: at, y: tops[r] + heights[r] });
      }
      const end = { x: b.x + toX, y: b.y - items[to].height / 2 };
      const above = tops[rank[to] - top];
      if (from !== to && end.y - above > 0.5) points.push({ x: end.x, y: above });
      points.push(end);
      return reversed.has(i) ? points.reverse() : points;
    }),
  };
}
