import { type Item, type LayeredLayout, type Link, layeredLayout, type Point } from "./layout_layered";
import type { Flow, FlowNode } from "./model_dataflow";

export interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface FlowLayout {
  width: number;
  height: number;
  nodes: Map<string, Placed>;
  groups: Map<string, Placed>;
  /** Points of each edge, in the order of the flow's edges. */
  edges: Point[][];
}

const CALL = { width: 164, height: 40 };
/** Box of a layer of repeated blocks, and box of these blocks. */
const REPEATED = { width: 224, height: 42 };
const FOLD = { width: 240, height: 60 };
const JOIN_HEIGHT = 22;
const CHAR = 6.2;
/** Maximum number of characters of a label that are drawn. */
const MAX_CHARS = 22;
const GAPS = { ranks: 24, items: 20 };
const PAD = { side: 12, top: 20, bottom: 8 };
const MARGIN = 12;
/** Size of a port, at which an edge crosses the border of a group. */
const PORT = { width: 6, height: 0 };

export function sizeOf(node: FlowNode): Item {
  if (node.fold) return FOLD;
  if (node.kind !== "operator") return node.names.length > 1 ? REPEATED : CALL;
  return { width: Math.max(34, 16 + Math.min(MAX_CHARS, node.label.length) * CHAR), height: JOIN_HEIGHT };
}

interface Inner {
  layers: LayeredLayout;
  members: string[];
  /** For each edge that touches the group, its link in this layout. */
  links: Map<number, number>;
  /** Ports, named `in <source>` and `out <source>`, as indices of their items. */
  ports: Map<string, number>;
  width: number;
  height: number;
}

const GROUP = "group ";

/**
 * Lay out a dataflow from top to bottom. Each group is laid out separately and becomes one box in its enclosing
 * group, so that the contents of an open module stay together. Edges cross the border of a group at ports.
 */
export function layFlow(flow: Flow): FlowLayout {
  const nodes = new Map(flow.nodes.map((node): [string, FlowNode] => [node.id, node]));
  const parentOf = new Map(flow.groups.map(({ name, parent }): [string, string] => [name, parent]));
  const chainOf = (node: string) => {
    const chain: string[] = [];
    for (let at = nodes.get(node)?.parent ?? ""; at !== ""; at = parentOf.get(at) ?? "") chain.push(at);
    return ["", ...chain.reverse()];
  };
  const chains = new Map(flow.nodes.map(({ id }): [string, string[]] => [id, chainOf(id)]));
  /**
   * Return the item that represents a node within a group: the node, a group that contains it, or null if it is
   * outside.
   */
  const within = (node: string, group: string): string | null => {
    const chain = chains.get(node)!;
    const at = chain.indexOf(group);
    if (at < 0) return null;
    return at + 1 < chain.length ? GROUP + chain[at + 1] : node;
  };
  const laid = new Map<string, Inner>();
  const lay = (group: string): Inner => {
    const members = [
      ...flow.nodes.filter(({ parent }) => parent === group).map(({ id }) => id),
      ...flow.groups.filter(({ parent }) => parent === group).map(({ name }) => GROUP + name),
    ];
    const inner = new Map(
      members.filter((one) => one.startsWith(GROUP)).map((one) => [one, lay(one.slice(GROUP.length))]),
    );
    const items: Item[] = members.map((one) => inner.get(one) ?? sizeOf(nodes.get(one)!));
    const place = new Map(members.map((one, i): [string, number] => [one, i]));
    const ports = new Map<string, number>();
    const port = (key: string, pin: "top" | "bottom") => {
      let at = ports.get(key);
      if (at === undefined) {
        at = items.push({ ...PORT, pin }) - 1;
        ports.set(key, at);
      }
      return at;
    };
    const links: Link[] = [];
    const known = new Map<string, number>();
    const linkOf = new Map<number, number>();
    flow.edges.forEach(({ from, to }, i) => {
      const a = within(from, group);
      const b = within(to, group);
      if ((a === null && b === null) || (a !== null && a === b)) return;
      const [start, end] = [
        a === null ? port(`in ${from}`, "top") : place.get(a)!,
        b === null ? port(`out ${from}`, "bottom") : place.get(b)!,
      ];
      const fromX = a !== null && inner.has(a) ? portX(inner.get(a)!, `out ${from}`) : 0;
      const toX = b !== null && inner.has(b) ? portX(inner.get(b)!, `in ${from}`) : 0;
      const key = `${start} ${end} ${fromX} ${toX}`;
      const same = known.get(key) ?? links.push({ from: start, to: end, fromX, toX }) - 1;
      known.set(key, same);
      linkOf.set(i, same);
    });
    const layers = layeredLayout(items, links, GAPS);
    const result: Inner = {
      layers,
      members,
      links: linkOf,
      ports,
      width: layers.width + (group === "" ? 2 * MARGIN : 2 * PAD.side),
      height: layers.height + (group === "" ? 2 * MARGIN : PAD.top + PAD.bottom),
    };
    laid.set(group, result);
    return result;
  };
  const whole = lay("");

  const placed: FlowLayout = {
    width: whole.width,
    height: whole.height,
    nodes: new Map(),
    groups: new Map(),
    edges: [],
  };
  const origin = new Map<string, Point>();
  const put = (group: string, x: number, y: number) => {
    const inner = laid.get(group)!;
    const start = group === "" ? { x: x + MARGIN, y: y + MARGIN } : { x: x + PAD.side, y: y + PAD.top };
    origin.set(group, start);
    inner.members.forEach((one, i) => {
      const box = laid.get(one.slice(GROUP.length));
      const size = one.startsWith(GROUP) && box ? box : sizeOf(nodes.get(one)!);
      const { width, height } = size;
      const left = start.x + inner.layers.items[i].x - width / 2;
      const top = start.y + inner.layers.items[i].y - height / 2;
      if (one.startsWith(GROUP)) {
        placed.groups.set(one.slice(GROUP.length), { x: left, y: top, width, height });
        put(one.slice(GROUP.length), left, top);
      } else placed.nodes.set(one, { x: left, y: top, width, height });
    });
  };
  put("", 0, 0);
  placed.edges = flow.edges.map(({ from, to }, i) => {
    const [a, b] = [chains.get(from)!, chains.get(to)!];
    const shared = a.filter((group, k) => b[k] === group).at(-1)!;
    // The groups along the edge: from the source's innermost group to the common one, and to the target's.
    const way = [...a.slice(a.indexOf(shared) + 1).reverse(), shared, ...b.slice(b.indexOf(shared) + 1)];
    return way.flatMap((group) => {
      const inner = laid.get(group)!;
      const link = inner.links.get(i);
      const start = origin.get(group)!;
      if (link === undefined) return [];
      return inner.layers.links[link].map(({ x, y }) => ({ x: x + start.x, y: y + start.y }));
    });
  });
  return placed;
}

/** Return the position of a group's port, relative to the middle of the group. */
function portX({ layers, ports }: Inner, key: string): number {
  const at = ports.get(key);
  return at === undefined ? 0 : layers.items[at].x - layers.width / 2;
}

/** Return a smooth path through an edge's points that starts and ends vertically. */
export function curve(points: readonly Point[]): string {
  const n = (value: number) => Number(value.toFixed(1));
  let path = `M${n(points[0].x)} ${n(points[0].y)}`;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    if (Math.abs(a.x - b.x) < 0.05) path += `V${n(b.y)}`;
    else {
      const half = (b.y - a.y) / 2;
      path += `C${n(a.x)} ${n(a.y + half)} ${n(b.x)} ${n(b.y - half)} ${n(b.x)} ${n(b.y)}`;
    }
  }
  return path;
}
