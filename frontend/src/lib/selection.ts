/** What can be selected: a parameter, a call of a layer, or a layer itself. */
interface Named {
  name: string;
  /** Dotted name of the module that owns it; its own name where it is one. */
  module: string;
}

/**
 * Which of a panel's own things a selection made elsewhere speaks of, or -1: the thing itself, else the first of the
 * same module (`fc1.weight` selects `fc1` among layers), else the first within the module or block that is selected,
 * else the first of the nearest module that holds it.
 *
 * >>> choose("blocks.1.conv", [{ name: "blocks.1.conv.weight", module: "blocks.1.conv" }])
 * 0
 */
export function choose(selected: string | null, things: readonly Named[]): number {
  if (selected === null) return -1;
  const exact = things.findIndex(({ name }) => name === selected);
  if (exact >= 0) return exact;
  // A block's key ends in `.*` (`~2.*` where it appears again), a call's name in `#n`, a map's in `@attention`.
  let path = selected.replace(/(~\d+)?\.\*$/, "").replace(/[#@][^.]*$/, "");
  const within = (module: string) => module === path || module.startsWith(`${path}.`);
  while (path !== "") {
    const own = things.findIndex(({ module }) => module === path);
    if (own >= 0) return own;
    const inside = things.findIndex(({ module }) => within(module));
    if (inside >= 0) return inside;
    path = path.slice(0, Math.max(0, path.lastIndexOf(".")));
  }
  return -1;
}
