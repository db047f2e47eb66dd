import { expect, test } from "vitest";
import { svgElement } from "./svg_picture";

test("svgElement escapes values, rounds numbers and leaves out what is unset", () => {
  expect(svgElement("rect", { x: 1.23456, y: 0, rx: undefined, fill: 'a"<&>' })).toBe(
    '<rect x="1.23" y="0" fill="a&quot;&lt;&amp;&gt;"/>',
  );
  expect(svgElement("g", {}, "<path/>")).toBe("<g><path/></g>");
});
