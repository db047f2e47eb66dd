interface Union<T> {
  rows: T[];
  /** For each layout, the index in that layout of each union row, or -1 if it lacks the row. */
  index: Int32Array[];
}

/**
 * Merge layouts by row name, in the order of the first (reference) layout. A row that the reference lacks follows its
 * predecessor in its own layout.
 */
export function unionRows<T extends { name: string }>(layouts: readonly (readonly T[])[]): Union<T> {
  const rows: T[] = [];
  const position = new Map<string, number>();
  const renumber = (from: number) => {
    for (let i = from; i < rows.length; i++) position.set(rows[i].name, i);
  };
  for (const layout of layouts) {
    let after = -1;
    for (const row of layout) {
      const at = position.get(row.name);
      if (at !== undefined) {
        after = at;
      } else {
        after += 1;
        rows.splice(after, 0, row);
        renumber(after);
      }
    }
  }
  const index = layouts.map((layout) => {
    const result = new Int32Array(rows.length).fill(-1);
    layout.forEach((row, i) => {
      result[position.get(row.name)!] = i;
    });
    return result;
  });
  return { rows, index };
}
