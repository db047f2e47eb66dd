import { expect, test } from "vitest";
import { cell, csvFile, csvLine } from "./csv";

test.each([
  "=1+1",
  "+cmd|' /C calc'!A0",
  "-2+3",
  "@SUM(1)",
  "\t=1",
  "\r=1",
  "\n=1",
  "＝1+1",
  "-",
  "=",
  "-Infinity+1",
])("cell, formula %j, is a text", (name) => {
  const made = cell(name);
  const inner = made.startsWith('"') ? made.slice(1, -1).replaceAll('""', '"') : made;
  expect(inner).toBe(`'${name}`);
});

test.each(["-1", "+1", "-0.5", "-1e-7", "-2e+30", "-.5", "-Inf", "NaN", "1", "", "a=1", "a@b", "fc.weight"])(
  "cell, %j, stays as it is",
  (name) => {
    expect(cell(name)).toBe(name);
  },
);

test.each([
  ["a,b", '"a,b"'],
  ['a"b', '"a""b"'],
  ["a\nb", '"a\nb"'],
  ["a\rb", '"a\rb"'],
  ["a\r\nb", '"a\r\nb"'],
  ["a\tb", '"a\tb"'],
  ["a;=1", '"a;=1"'],
  ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
])("cell, %j, is quoted", (name, made) => {
  expect(cell(name)).toBe(made);
});

/** Read CSV by the rules of RFC 4180, with a line feed at the end of a line. */
function parsed(text: string): string[][] {
  const rows: string[][] = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const row = rows[rows.length - 1];
    const [one, next] = [text[i], text[i + 1]];
    if (quoted && one === '"' && next === '"') row[row.length - 1] += text[i++];
    else if (one === '"') quoted = !quoted;
    else if (!quoted && one === ",") row.push("");
    else if (!quoted && one === "\n") rows.push([""]);
    else row[row.length - 1] += one;
  }
  return rows.slice(0, -1);
}

test("csvFile, names with separators and quotes, can be read again", () => {
  const names = ["a,b", 'c"d"', "e\r\nf", "\rg", "h;i", "j\tk", "__proto__", "", " l ", "𝟘\u202e"];
  const text = csvFile(names, [csvLine(names), csvLine([1, -2.5, Number.NaN, Number.NEGATIVE_INFINITY])]);
  const safe = names.map((name) => (name === "\rg" ? "'\rg" : name));
  expect(parsed(text)).toEqual([safe, safe, ["1", "-2.5", "NaN", "-Inf"]]);
});
