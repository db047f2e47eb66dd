/**
 * Serve the built page with synthetic runs, in an iframe as TensorBoard does: `npm run build && npm run dev`.
 * `?mode=empty|error|series-error|many` on the outer page selects other states.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { listing, scalars, series } from "./data.mjs";

const STATIC = new URL("../../tb_nnviz/plugin/static/", import.meta.url);
const port = Number(process.env.PORT ?? 6007);
let mode = "";

const CSP =
  "default-src 'self';font-src 'self' data:;img-src 'self' data: blob:;object-src 'none';style-src 'self' data: 'unsafe-inline';connect-src 'self';script-src 'self' 'unsafe-inline'";
const OUTER = `<!doctype html><meta charset="utf-8"><title>nnviz</title><style>body{margin:0;font-family:Roboto,Helvetica,Arial}header{height:64px;background:#f57c00;color:#fff;display:flex;align-items:center;padding:0 16px;font-size:20px;gap:28px}header b{font-size:13px;font-weight:500}.dark-mode header{background:#e65100}iframe{border:0;width:100%;height:calc(100vh - 64px);display:block}</style><header>TensorBoard <b>NNVIZ</b><button onclick="document.body.classList.toggle('dark-mode')">dark</button></header><script>if(location.search.includes('dark'))document.body.classList.add('dark-mode')</script><iframe src="data/plugin_entry.html"></iframe>`;
const INNER = `<!doctype html><head><base href="plugin/nnviz/"></head><body><script>import("./index.js").then((m)=>void m.render())</script></body>`;

function manyRuns() {
  const base = listing().runs[0];
  const runs = Array.from({ length: 200 }, (_, i) => ({
    ...base,
    run: i < 5 ? listing().runs[i].run : `sweep/lr-${i}`,
    first_wall_time: i,
  }));
  return { version: 1, runs };
}

createServer(async (request, response) => {
  const send = (code, type, body) => {
    response.writeHead(code, {
      "Content-Type": type,
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-cache",
    });
    response.end(body);
  };
  const url = new URL(request.url, "http://host");
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : null;
  const route = url.pathname.split("/data/plugin/nnviz/")[1];
  if (url.pathname === "/favicon.ico") return send(204, "image/x-icon", "");
  if (url.pathname === "/") {
    mode = url.searchParams.get("mode") ?? "";
    return send(200, "text/html", OUTER);
  }
  if (url.pathname.endsWith("plugin_entry.html")) {
    response.setHeader("Content-Security-Policy", CSP);
    return send(200, "text/html", INNER);
  }
  if (route === "runs") {
    if (mode === "error") return send(500, "text/plain", "invalid log directory: it could not be read");
    const json = mode === "empty" ? { version: 1, runs: [] } : mode === "many" ? manyRuns() : listing();
    return send(200, "application/json", JSON.stringify(json));
  }
  if (route === "series") {
    if (mode === "series-error") return send(400, "text/plain", "unknown kind: nothing");
    return send(200, "application/octet-stream", series(body));
  }
  if (route === "scalars") return send(200, "application/octet-stream", scalars(body));
  if (route) {
    const file = await readFile(new URL(route.replace(/^static\/[^/]+\//, ""), STATIC)).catch(() => null);
    if (file) return send(200, "text/javascript", file);
  }
  send(404, "text/plain", `unknown path: ${url.pathname}`);
}).listen(port, () => console.log(`http://localhost:${port}/`));
