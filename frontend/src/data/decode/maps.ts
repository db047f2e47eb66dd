import type {
  AxisNorms,
  ListedMap,
  MapEvent,
  MapHeader,
  MapsAnswer,
  UnitStatistics,
} from "../../lib/answers/maps";
import { WEIGHT_PREFIX } from "../../lib/tags";
import {
  array,
  ascending,
  count,
  Fields,
  finite,
  invalid,
  listOf,
  mapOf,
  nullable,
  numbers,
  orElse,
  text,
} from "./check";
import { items, missingOf } from "./items";
import { readRow } from "./rows";

/** Axes that a weight map may have. */
const WEIGHT_AXES = ["row,column", "reduction,row,column", "out,in,height,width"];
const REDUCTIONS = 3;

/** Read the answer of `POST maps`, with or without a tag. */
export function decodeMaps(header: unknown, body: { prefix?: string }): MapsAnswer {
  const answer = new Fields(header, "answer");
  const missing = missingOf(answer);
  const isWeight = body.prefix === WEIGHT_PREFIX;
  const headerOf = (one: Fields) => readHeader(one.get("header"), isWeight);
  const step = (one: Fields) => one.read("step", finite);
  if (answer.get("tag") == null) {
    const listed = items(
      answer,
      "maps",
      missing,
      (one): ListedMap => ({
        run: one.read("run", text),
        tag: one.read("tag", text),
        step: step(one),
        header: headerOf(one),
        row: one.read("row", nullable(readRow)),
      }),
    );
    return { listed, steps: [], maps: [], missing };
  }
  const maps = items(answer, "maps", missing, (one): MapEvent => {
    const found = headerOf(one);
    const size = found.shape.reduce((product, n) => product * n, 1);
    return {
      run: one.read("run", text),
      step: step(one),
      header: found,
      values: numbers(one.get("values"), "values", [Uint8Array], size),
      units: readUnits(one.get("units")),
    };
  });
  const steps = items(answer, "steps", missing, (one) => ({
    run: one.read("run", text),
    steps: one.read("steps", ascending),
  }));
  return { listed: [], steps, maps, missing };
}

function readHeader(value: unknown, isWeight: boolean): MapHeader {
  const of = new Fields(value, "header");
  const axes = of.read("axes", listOf(text));
  const shape = of.read("shape", listOf(count));
  if (axes.length !== shape.length) throw invalid("axes", axes, `${shape.length} names`);
  const order = of.get("unit_order");
  const known = (key: string) => of.get(key) != null;
  const header: MapHeader = {
    axes,
    shape,
    scale: of.read("scale", finite),
    offset: of.read("offset", finite),
    nonfinite: of.read("nonfinite", orElse(count, 0)),
    downsampled: of.read("downsampled", nullable(mapOf(readShortened))),
    unit_order: Array.isArray(order) ? listOf(count)(order, "unit_order") : null,
    unit_orders: order != null && !Array.isArray(order) ? mapOf(listOf(count))(order, "unit_order") : null,
    ...(known("labels") && { labels: of.read("labels", listOf(readLabel)) }),
    ...(known("values") && { values: of.read("values", listOf(listOf(finite))) }),
    ...(known("zero") && { zero: of.read("zero", finite) }),
    ...(known("norms") && { norms: of.read("norms", mapOf(readNorms)) }),
    ...(known("tensor") && { tensor: new Fields(of.get("tensor"), "tensor").read("shape", listOf(count)) }),
  };
  if (isWeight) checkWeight(header);
  return header;
}

/** Check the parts of a weight map that depend on each other. */
function checkWeight({ axes, shape, unit_orders, norms }: MapHeader): void {
  if (!WEIGHT_AXES.includes(axes.join())) throw invalid("axes", axes, WEIGHT_AXES.join(" or "));
  if (axes[0] === "reduction" && shape[0] !== REDUCTIONS)
    throw invalid("shape", shape, `${REDUCTIONS} reductions`);
  if (shape.includes(0)) throw invalid("shape", shape, "sizes above 0");
  const sizeOf = (axis: string) => shape[axes.indexOf(axis)];
  for (const [axis, order] of unit_orders ?? [])
    if (order.length !== sizeOf(axis))
      throw invalid(`unit_order of ${axis}`, order, `${sizeOf(axis)} indices`);
  for (const [axis, { min, max }] of norms ?? [])
    if (min && min.length !== max.length) throw invalid(`norms of ${axis}`, min, `${max.length} numbers`);
}

function readShortened(value: unknown, thing: string): readonly [number, number, string] {
  const [size, kept, how] = array(value, thing);
  return [count(size, thing), count(kept, thing), text(how, thing)];
}

const readLabel = (value: unknown, thing: string) =>
  Array.isArray(value) ? listOf(text)(value, thing) : text(value, thing);

function readNorms(value: unknown, thing: string): AxisNorms {
  const of = new Fields(value, thing);
  const norms = listOf(nullable(finite));
  return { max: of.read("max", norms), ...(of.get("min") != null && { min: of.read("min", norms) }) };
}

function readUnits(value: unknown): UnitStatistics {
  const of = new Fields(value ?? {}, "units");
  const found: UnitStatistics = {};
  for (const key of ["min", "max", "mean"] as const)
    if (of.get(key) != null)
      found[key] = numbers(of.get(key), `units.${key}`, [Float64Array], found.min?.length);
  return found;
}
