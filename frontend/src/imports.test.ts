import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

/** Folders and packages that each folder may import, besides itself. Each panel is a separate folder. */
const ALLOWED: Record<string, string[]> = {
  lib: ["d3-array", "virtual:ramps"],
  plot: ["lib", "d3-array"],
  data: ["lib", "@preact/signals", "preact", "preact/hooks"],
  ui: ["data", "plot", "lib", "preact", "preact/hooks"],
  panels: ["ui", "data", "plot", "lib", "@preact/signals", "preact", "preact/hooks"],
  app: ["panels", "ui", "data", "plot", "lib", "@preact/signals", "preact", "preact/hooks"],
  testing: ["lib", "vitest"],
};

/** Files that use neither the DOM nor a framework, recognized by their folder or name. */
const PURE = /^lib\/|(^|\/)(model|layout|paint|csv)(_\w+)?\.ts$/;
/** Packages that pure files may import. */
const PURE_PACKAGES = ["d3-array", "virtual:ramps"];

const MAX_FILES = 20;
const MAX_LINES = 400;

const SRC = import.meta.dirname;

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    const path = join(folder, one.name);
    return one.isDirectory() ? walk(path) : [path];
  });
}

const all = walk(SRC).map((path) => relative(SRC, path));
const isTest = (path: string) => /\.test\.tsx?$/.test(path);
/** Source files in folders, as paths relative to `src`. */
const files = all.filter((path) => path.includes("/") && /\.tsx?$/.test(path) && !isTest(path));
const known = new Set(all);

const read = (path: string) => readFileSync(join(SRC, path), "utf8");

/** Return a file's code without comments. */
const codeOf = (path: string) => read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");

/** Return the file that a relative import names. */
function found(from: string, name: string): string {
  const base = relative(SRC, resolve(SRC, dirname(from), name.replace(/\?.*$/, "")));
  const path = ["", ".ts", ".tsx", "/index.tsx"].map((end) => base + end).find((one) => known.has(one));
  if (!path) throw new Error(`unknown import: ${name} in ${from}`);
  return path;
}

/** Return the files and packages that a file imports, types included, and with `lazily` also its dynamic imports. */
function imports(path: string, lazily = false): string[] {
  const text = read(path);
  const names = [...text.matchAll(/^(?:import|export|\})(?:[^\n"]* from)? "([^"]+)"/gm)];
  if (lazily) names.push(...text.matchAll(/\bimport\("([^"]+)"\)/g));
  return names.map(([, name]) => (name.startsWith(".") ? found(path, name) : name));
}

const partOf = (path: string) => (known.has(path) ? path.split("/")[0] : path);

test("sources and their imports are found", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(imports("data/store.ts")).toContain("lib/gain.ts");
  expect(imports("app/registry.ts", true)).toContain("panels/curves/index.tsx");
});

test.each(files)("%s imports what its place allows", (path) => {
  const part = partOf(path);
  expect(ALLOWED).toHaveProperty(part);
  const allowed = [part, ...ALLOWED[part]];
  expect(imports(path, true).filter((one) => !allowed.includes(partOf(one)))).toEqual([]);
});

test("panels do not import each other", () => {
  for (const path of files.filter((one) => partOf(one) === "panels")) {
    const own = path.split("/").slice(0, 2).join("/");
    const others = imports(path, true).filter(
      (one) => one.startsWith("panels/") && !one.startsWith(`${own}/`),
    );
    expect(others, path).toEqual([]);
  }
});

test("pure files import and use neither DOM nor framework", () => {
  const pure = files.filter((path) => PURE.test(path));
  expect(pure.length).toBeGreaterThan(50);
  for (const path of pure) {
    expect(codeOf(path), path).not.toMatch(/\b(document|HTMLElement|HTMLCanvasElement)\b|\bwindow\./);
    const others = imports(path, true).filter((one) => !PURE.test(one) && !PURE_PACKAGES.includes(one));
    expect(others, path).toEqual([]);
  }
});

test("drawing files import no framework", () => {
  for (const path of files.filter((one) => /(^|\/)draw(_\w+)?\.ts$/.test(one)))
    expect(
      imports(path).filter((one) => /preact/.test(one)),
      path,
    ).toEqual([]);
});

test("imports form no circle", () => {
  const done = new Set<string>();
  const visit = (path: string, way: string[]) => {
    expect(way, [...way, path].join(" -> ")).not.toContain(path);
    if (done.has(path)) return;
    for (const one of imports(path, true)) if (/\.tsx?$/.test(one)) visit(one, [...way, path]);
    done.add(path);
  };
  for (const path of files) visit(path, []);
});

test(`folders have at most ${MAX_FILES} sources`, () => {
  const counts = new Map<string, number>();
  for (const path of all.filter((one) => !isTest(one)))
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > MAX_FILES)).toEqual([]);
});

test(`files have at most ${MAX_LINES} lines`, () => {
  for (const path of all.filter((one) => /\.(tsx?|css)$/.test(one)))
    expect(read(path).split("\n").length - 1, path).toBeLessThanOrEqual(MAX_LINES);
});

test("components contain no literal texts", () => {
  for (const path of files.filter((one) => one.endsWith(".tsx"))) {
    const words = [...read(path).matchAll(/>\s*([A-Za-z][a-z]+[^<>{}=;|&.]*)</g)].map(([, text]) =>
      text.trim(),
    );
    expect(words, path).toEqual([]);
  }
});
