/** An item of a panel that can be selected: a parameter, a call of a layer, or a layer. */
interface Named {
  name: string;
  /** Dotted name of the owning module, or the item's own name if it is a module. */
  module: string;
}

/**
 * Return the index of the item that matches a selection made in another panel, or -1. In order of preference: the item
 * itself, the first item of the same module (`fc1.weight` selects `fc1` among layers), the first item inside the
 * selected module or block, the first item of the nearest enclosing module.
 *
 * >>> choose("blocks.1.conv", [{ name: "blocks.1.conv.weight", module: "blocks.1.conv" }])
 * 0
 */
export function choose(selected: string | null, things: readonly Named[]): number {
  if (selected === null) return -1;
  const exact = things.findIndex(({ name }) => name === selected);
  if (exact >= 0) return exact;
  // A block's key ends in `.*` (`~2.*` for its second occurrence), a call's name in `#n`, a map's in `@attention`.
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
