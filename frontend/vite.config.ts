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
 * Emit the entry file unchanged, without Vite's preload helper. It imports `./static/BUILD/main.js`. The server replaces
 * BUILD with the hash of all files and serves `static/<hash>/X` from static/X, so that chunks are beside index.js.
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

/** Provide colour ramps as tables, which are much smaller than the library that computes them. */
function ramps(): Plugin {
  const parts = (css: string) =>
    css.startsWith("#")
      ? [1, 3, 5].map((at) => Number.parseInt(css.slice(at, at + 2), 16))
      : (css.match(/\d+/g) ?? []).map(Number);
  // Differences between successive colours are small, and encoding each as one letter compresses well.
  const sample = (interpolate: (t: number) => string) => {
    const colours = Array.from({ length: 256 }, (_, i) => parts(interpolate(i / 255)));
    const steps = colours.slice(1).map((colour, i) => colour.map((part, k) => part - colours[i][k]));
    if (steps.flat().some((step) => Math.abs(step) > 12))
      throw new RangeError("invalid ramp: successive colours differ too much");
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

/** Return the panels that import a module statically, directly or indirectly. */
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
      // Panels import shared code from the main chunk directly.
      preserveEntrySignatures: "allow-extension",
      output: {
        // File names are stable, since the path contains the build's hash. A change then affects only its own chunks.
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        // Code shared by several panels is in the main chunk. Separate chunks would need a request each, and
        // TensorBoard's server handles requests one after the other.
        manualChunks: (id, { getModuleInfo }) => {
          const importers = (one: string) => getModuleInfo(one)?.importers ?? [];
          return id === MAIN || panelsOf(id, importers, new Set()).size > 1 ? "main" : undefined;
        },
      },
    },
  },
  // Test files that need a DOM enable it themselves, because creating one takes longer than most test files.
  test: { environment: "node", include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
} as Parameters<typeof defineConfig>[0]);
