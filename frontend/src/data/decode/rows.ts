import type { Missing, Row } from "../../lib/types";
import { count, Fields, flag, integer, listOf, nullable, orElse, text } from "./check";
import { messageOf } from "./items";

export const sizes = listOf(nullable(count));

/** Read a row of a layout, as documented in docs/schema.md. */
export function readRow(value: unknown, thing: string): Row {
  const row = new Fields(value, thing);
  const axis = row.get("unit_axis");
  const [dtype, trainable, parameter] = [row.get("dtype"), row.get("trainable"), row.get("parameter")];
  return {
    name: row.read("name", text),
    module: row.read("module", orElse(text, "")),
    call: row.read("call", orElse(count, 0)),
    type: row.read("type", orElse(text, "")),
    shape: row.read("shape", orElse(sizes, [])),
    numel: row.read("numel", nullable(count)),
    role: row.read("role", orElse(text, "other")),
    ...(axis !== undefined && { unit_axis: row.read("unit_axis", nullable(integer)) }),
    ...(dtype != null && { dtype: row.read("dtype", text) }),
    ...(trainable != null && { trainable: row.read("trainable", flag) }),
    ...(parameter != null && { parameter: row.read("parameter", text) }),
  };
}

export const readRows = listOf(readRow);

/** Layouts of an answer by id. A series of an invalid layout cannot be drawn, and its reason is the layout's. */
export class Layouts {
  private readonly rows = new Map<string, Row[]>();
  private readonly faults = new Map<string, unknown>();

  constructor(answer: Fields, missing: Missing[]) {
    let layouts: Iterable<[string, unknown]> = [];
    try {
      layouts = new Fields(answer.get("layouts"), "layouts").entries();
    } catch (error) {
      missing.push({ run: null, reason: messageOf(error), unread: true });
    }
    for (const [id, value] of layouts) {
      try {
        this.rows.set(id, readRows(value, "rows"));
      } catch (error) {
        this.faults.set(id, error);
      }
    }
  }

  /** Return the rows of a layout, those of `known` if it has the layout. */
  of(value: unknown, known: ReadonlyMap<string, Row[]> = new Map()): Row[] {
    const id = String(value);
    if (this.faults.has(id)) throw this.faults.get(id);
    const rows = known.get(id) ?? this.rows.get(id);
    if (!rows) throw new RangeError(`missing layout: ${id}`);
    return rows;
  }

  all(): ReadonlyMap<string, Row[]> {
    return this.rows;
  }
}
