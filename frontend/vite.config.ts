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
 * The server answers `index.js` from static/index.js and `static/X` from static/X: chunks are referred to as
 * ./static/X but lie flat beside index.js. The entry is written by hand, without Vite's preload helper.
 */
function entry(): Plugin {
  return {
    name: "entry",
    generateBundle(_options, bundle) {
      const main = Object.values(bundle).find((file) => file.type === "chunk" && file.isEntry);
      const source = readFileSync(fromHere("src/entry.js"), "utf8").replace("MAIN", main?.fileName ?? "");
      this.emitFile({ type: "asset", fileName: "index.js", source });
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
  const hex = (css: string) =>
    css.startsWith("#")
      ? css.slice(1)
      : (css.match(/\d+/g) ?? []).map((part) => Number(part).toString(16).padStart(2, "0")).join("");
  const sample = (interpolate: (t: number) => string) =>
    Array.from({ length: 256 }, (_, i) => hex(interpolate(i / 255))).join("");
  return {
    name: "ramps",
    resolveId: (id) => (id === "virtual:ramps" ? `\0${id}` : null),
    load: (id) =>
      id === "\0virtual:ramps"
        ? Object.entries(RAMPS)
            .map(([name, one]) => `export const ${name} = "${sample(one)}";`)
            .join("\n")
        : null,
  };
}

export default defineConfig({
  base: "./",
  plugins: [ramps(), entry()],
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    outDir: fromHere("../tb_nnviz/plugin/static"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: true,
    rollupOptions: {
      input: fromHere("src/main.tsx"),
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "[name]-[hash].js", chunkFileNames: "[name]-[hash].js" },
    },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.ts", "test/**/*.test.tsx"] },
} as Parameters<typeof defineConfig>[0]);
