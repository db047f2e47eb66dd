import { describe, expect, it } from "vitest";
import { withoutShared } from "../data/runs";
import { distinction, elide } from "./layout_names";

const within = (most: number) => (text: string) => text.length <= most;
/** Shorten each name of a list to a number of characters. */
const all = (names: readonly string[], most: number) =>
  names.map((name) => elide(name, within(most), distinction(name, names)));

describe("elide", () => {
  it("keeps a text that fits", () => {
    expect(elide("fc1.weight", within(10))).toBe("fc1.weight");
  });
  it("keeps beginning and end", () => {
    const text = elide("encoder.layers.11.attention.weight", within(16));
    expect(text).toBe("encod…ion.weight");
    expect(text.length).toBe(16);
  });
  it("keeps the end if there is room for little", () => {
    expect(elide("experiment_7", within(2))).toBe("…7");
    expect(elide("experiment_7", within(0))).toBe("…");
  });
  it("keeps whole characters", () => {
    for (let most = 1; most < 12; most++)
      expect(elide("🙂🙂🙂🙂🙂🙂", within(most))).not.toMatch(
        /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/,
      );
  });
});

describe("names of a list", () => {
  const layers = Array.from({ length: 12 }, (_, i) =>
    ["query_projection", "key_projection", "output_projection"].map(
      (name) => `encoder_of_the_model.transformer_blocks.${i}.self_attention.${name}.weight`,
    ),
  ).flat();
  it("differ when shortened, wherever the names differ", () => {
    for (const names of [
      layers,
      [
        "lr_0.0010_decay_0.1_seed_0",
        "lr_0.0010_decay_0.1_seed_1",
        "lr_0.0300_decay_0.1_seed_0",
        "lr_0.0010_decay_0.5_seed_0",
      ],
      Array.from({ length: 40 }, (_, i) => `a/very/long/folder/of/an/experiment/run_${i}/with_the_same_end`),
      [
        "a_long_beginning_that_differs.and.a.shared.end.of.a.name",
        "b_long_beginning_that_differs.and.a.shared.end.of.a.name",
      ],
    ])
      expect(new Set(all(names, 20)).size).toBe(names.length);
  });
  it("show whole numbers", () => {
    expect(all(layers, 30)[33]).toMatch(/(^|\D)11(\D|$)/);
    expect(all(layers, 30)[3]).toMatch(/(^|\D)1(\D|$)/);
  });
  it("differ if only their last words do", () => {
    const names = [0, 1, 2].flatMap((i) =>
      ["weight", "bias"].map(
        (last) => `encoder_of_the_model.transformer_blocks.${i}.query_key_projection.${last}`,
      ),
    );
    for (const most of [14, 20, 40]) expect(new Set(all(names, most)).size).toBe(names.length);
  });
  it("without words or letters, are no error", () => {
    expect(
      all(["------------", "----//------", "日本語の名前とても長い一", "日本語の名前とても長い二"], 6),
    ).toHaveLength(4);
  });
  it("show the words that differ and no others if there is little room", () => {
    const runs = ["lr_0.0010_decay_0.1_seed_0", "lr_0.0300_decay_0.1_seed_0", "lr_0.0010_decay_0.5_seed_0"];
    expect(all(runs, 12)).toEqual(["…0.0010…0.1…", "…0.0300…0.1…", "…0.0010…0.5…"]);
    expect(all(runs, 10)).toEqual(["0.0010…0.1", "0.0300…0.1", "0.0010…0.5"]);
  });
  it("are no longer than the room", () => {
    for (const most of [1, 5, 12, 30, 60, 200])
      for (const text of all(layers, most)) expect(text.length).toBeLessThanOrEqual(most);
  });
});

describe("withoutShared", () => {
  it("removes the leading parts that all share", () => {
    expect(withoutShared(["m.a.b", "m.a.c.d", "m.a.e"], ".")).toEqual(["b", "c.d", "e"]);
    expect(withoutShared(["x/a", "x/b"], "/")).toEqual(["a", "b"]);
  });
  it("keeps the last part, and a name alone", () => {
    expect(withoutShared(["m.a", "m.a.b"], ".")).toEqual(["a", "a.b"]);
    expect(withoutShared(["m.a.b"], ".")).toEqual(["m.a.b"]);
    expect(withoutShared([], ".")).toEqual([]);
  });
});
