import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  interpolateCividis,
  interpolateMagma,
  interpolateRdBu,
  interpolateViridis,
} from "d3-scale-chromatic";
import { defineConfig, type Plugin } from "vite";

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Emits the entry as it is written, without Vite's preload helper. It imports `./static/BUILD/main.js`: the server
 * replaces BUILD by the hash of all files and answers `static/<hash>/X` from static/X, so chunks lie beside index.js.
 */
function entry(): Plugin {
  return {
    name: "entry",
    generateBundle() {
      this.emitFile({
        type: "asset",
        fileName: "index.js",
        source: readFileSync(fromHere("src/app/entry.js"), "utf8"),
      });
    },
  };
}

const RAMPS = {
  viridis: interpolateViridis,
  magma: interpolateMagma,
  cividis: interpolateCividis,
  rdbu: interpolateRdBu,
};

/** Colour ramps as tables: the library that knows them is several times as large as what we use of it. */
function ramps(): Plugin {
  const parts = (css: string) =>
    css.startsWith("#")
      ? [1, 3, 5].map((at) => Number.parseInt(css.slice(at, at + 2), 16))
      : (css.match(/\d+/g) ?? []).map(Number);
  // Differences from one colour to the next are few and small: a letter each, and easy to compress.
  const sample = (interpolate: (t: number) => string) => {
    const colours = Array.from({ length: 256 }, (_, i) => parts(interpolate(i / 255)));
    const steps = colours.slice(1).map((colour, i) => colour.map((part, k) => part - colours[i][k]));
    if (steps.flat().some((step) => Math.abs(step) > 12)) throw new RangeError("invalid ramp: it jumps");
    const letters = [0, 1, 2].map((k) => steps.map((step) => String.fromCharCode(109 + step[k])).join(""));
    return JSON.stringify([colours[0], letters]);
  };
  return {
    name: "ramps",
    resolveId: (id) => (id === "virtual:ramps" ? `\0${id}` : null),
    load: (id) =>
      id === "\0virtual:ramps"
        ? Object.entries(RAMPS)
            .map(([name, one]) => `export const ${name} = ${sample(one)};`)
            .join("\n")
        : null,
  };
}

const MAIN = fromHere("src/app/main.tsx");
const PANEL = /\/src\/panels\/(\w+)\/index\.tsx$/;

/** Panels that lead to a module by static imports. */
function panelsOf(id: string, importers: (id: string) => readonly string[], seen: Set<string>): Set<string> {
  const found = new Set<string>();
  if (seen.has(id)) return found;
  seen.add(id);
  const panel = PANEL.exec(id)?.[1];
  if (panel) return found.add(panel);
  for (const one of importers(id)) for (const name of panelsOf(one, importers, seen)) found.add(name);
  return found;
}

export default defineConfig({
  base: "./",
  plugins: [ramps(), entry()],
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    outDir: fromHere("../tb_nnviz/plugin/static"),
    emptyOutDir: true,
    target: "es2022",
    minify: "terser",
    terserOptions: { module: true, ecma: 2022, compress: { passes: 3 }, format: { comments: false } },
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: true,
    rollupOptions: {
      input: MAIN,
      // Panels import from the main chunk what they share with it, without a file between them.
      preserveEntrySignatures: "allow-extension",
      output: {
        // Stable names: the path holds the build's hash, so a change shows only in the chunks that it concerns.
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        // What several panels share comes with the main chunk: on its own each piece would be a request of its own, and
        // TensorBoard's server answers one after the other.
        manualChunks: (id, { getModuleInfo }) => {
          const importers = (one: string) => getModuleInfo(one)?.importers ?? [];
          return id === MAIN || panelsOf(id, importers, new Set()).size > 1 ? "main" : undefined;
        },
      },
    },
  },
  // Files that need a DOM say so: to make one costs more than all the tests of a file that needs none.
  test: { environment: "node", include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
} as Parameters<typeof defineConfig>[0]);
