import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

/** What each folder may import; itself always. `types` is src/types.ts, `text` src/text.ts. */
const ALLOWED: Record<string, string[]> = {
  types: [],
  text: [],
  derive: ["types", "d3-array", "virtual:ramps"],
  charts: ["derive", "types"],
  store: ["derive", "types", "@preact/signals"],
  api: ["types"],
  host: ["types"],
  views: ["store", "charts", "derive", "types", "text", "panels", "preact", "preact/hooks"],
  panels: ["views", "store", "charts", "derive", "types", "text", "preact", "preact/hooks"],
};
/** They put the parts together. */
const ROOTS = ["main", "testing", "entry"];

const SRC = resolve(import.meta.dirname, "../src");

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    const path = join(folder, one.name);
    return one.isDirectory() ? sources(path) : /\.tsx?$/.test(one.name) ? [path] : [];
  });
}

const partOf = (path: string) =>
  relative(SRC, path)
    .split("/")[0]
    .replace(/\.tsx?$/, "");

function imports(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/^(?:import|export|\})(?:[^\n"]* from)? "([^"]+)"/gm)].map(([, name]) =>
    name.startsWith(".") ? partOf(resolve(dirname(path), name)) : name,
  );
}

const files = sources(SRC).filter((path) => !ROOTS.includes(partOf(path)));

test("there are sources to look at, and imports are found in them", () => {
  expect(files.length).toBeGreaterThan(30);
  expect(imports(join(SRC, "store/store.ts"))).toContain("derive");
});

test.each(files.map((path) => [relative(SRC, path), path]))(
  "%s imports what its place allows",
  (_name, path) => {
    const part = partOf(path);
    expect(ALLOWED).toHaveProperty(part);
    expect(imports(path).filter((one) => one !== part && !ALLOWED[part].includes(one))).toEqual([]);
  },
);

test("derivations know no DOM", () => {
  for (const path of files.filter((one) => partOf(one) === "derive")) {
    const code = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    expect(code, path).not.toMatch(/\b(document|HTMLElement|HTMLCanvasElement)\b|\bwindow\./);
  }
});

test("no file is a giant, but the words, which are all in one", () => {
  for (const path of files.filter((one) => partOf(one) !== "text"))
    expect(readFileSync(path, "utf8").split("\n").length, path).toBeLessThanOrEqual(400);
});

test("no panel knows another", () => {
  for (const path of files.filter((one) => partOf(one) === "panels")) {
    const own = relative(SRC, path).split("/")[1];
    const text = readFileSync(path, "utf8");
    const others = [...text.matchAll(/from "(\.[^"]+)"/g)]
      .map(([, name]) => relative(SRC, resolve(dirname(path), name)).split("/"))
      .filter(([part, folder]) => part === "panels" && folder !== own && own !== "registry.ts");
    expect(others, path).toEqual([]);
  }
});

test("what users see stands in text.ts: no words between tags elsewhere", () => {
  for (const path of files.filter((one) => one.endsWith(".tsx"))) {
    const words = [...readFileSync(path, "utf8").matchAll(/>\s*([A-Za-z][a-z]+[^<>{}=;|&.]*)</g)].map(
      ([, text]) => text.trim(),
    );
    expect(words, path).toEqual([]);
  }
});
