import { describe, expect, test } from "vitest";
import { short } from "../../lib/format";
import { captionOf, shorterNumbers } from "./model_caption";

const width = (text: string) => 6 * text.length;

describe("captionOf", () => {
  const caption = (value: number, room: number) =>
    captionOf(["ch 14", "14"], shorterNumbers(value, short), room, width);
  test("room, has both texts", () => {
    expect(caption(-0.1234, 80)).toEqual({ name: "ch 14", note: "-0.123" });
  });
  test("less room, has shorter texts and no cut number", () => {
    expect(caption(-0.1234, 64)).toEqual({ name: "14", note: "-0.123" });
    expect(caption(-0.1234, 46)).toEqual({ name: "14", note: "-0.12" });
    expect(caption(-0.1234, 40)).toEqual({ name: "14", note: "-0.1" });
    expect(caption(-0.1234, 36)).toEqual({ name: "ch 14", note: "" });
    expect(caption(-0.1234, 20)).toEqual({ name: "14", note: "" });
  });
});

describe("shorterNumbers", () => {
  test("values, are rounded and not cut", () => {
    expect(shorterNumbers(-4.567e-12, short)).toEqual(["-4.57e-12", "-4.6e-12", "-5e-12"]);
    expect(shorterNumbers(31415.9, short)).toEqual(["31416", "31000", "30000"]);
    expect(shorterNumbers(2, short)).toEqual(["2.00", "2"]);
    expect(shorterNumbers(0, short)).toEqual(["0"]);
    expect(shorterNumbers(Number.NaN, short)).toEqual(["NaN"]);
  });
});
