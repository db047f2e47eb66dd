import { expect, test, vi } from "vitest";
import { encode, series as mockSeries } from "../../dev/data.mjs";
import { HttpSource } from "./client";
import { decode } from "./wire";

const bytes = (buffer: Uint8Array): ArrayBuffer => new Uint8Array(buffer).buffer as ArrayBuffer;

/** Response written byte by byte from http_api.md, independently of the dev server's encoder. */
function byHand(): ArrayBuffer {
  let header =
    '{"version":1,"values":{"dtype":"float32","shape":[2],"offset":0},"steps":{"dtype":"float64","shape":[1],"offset":8},"absent":{"dtype":"uint8","shape":[1,3],"offset":16}}';
  while ((4 + header.length) % 8 !== 0) header += " ";
  const buffer = new ArrayBuffer(4 + header.length + 24);
  const view = new DataView(buffer);
  view.setUint32(0, header.length, true);
  new Uint8Array(buffer, 4).set(new TextEncoder().encode(header));
  const start = 4 + header.length;
  view.setFloat32(start, 0.5, true);
  view.setUint32(start + 4, 0x7fc00000, true);
  view.setFloat64(start + 8, 1234567890123, true);
  new Uint8Array(buffer, start + 16).set([1, 0, 1]);
  return buffer;
}

test("decode, response made by hand, returns its arrays", () => {
  const found = decode(byHand()) as { values: Float32Array; steps: Float64Array; absent: Uint8Array };
  expect([...found.values]).toEqual([0.5, Number.NaN]);
  expect([...found.steps]).toEqual([1234567890123]);
  expect([...found.absent]).toEqual([1, 0, 1]);
});

/** Response with a header in the words of http_api.md, and no arrays. */
function withHeader(text: string): ArrayBuffer {
  const encoded = new TextEncoder().encode(text);
  const length = encoded.length + ((8 - ((4 + encoded.length) % 8)) % 8);
  const buffer = new ArrayBuffer(4 + length);
  new DataView(buffer).setUint32(0, length, true);
  new Uint8Array(buffer, 4).fill(32);
  new Uint8Array(buffer, 4).set(encoded);
  return buffer;
}

test.each([
  ['{"$dtype":"?","$shape":[],"$offset":7}', { dtype: "?", shape: [], offset: 7 }],
  [
    '{"$dtype":{"$$":1},"$shape":[{"$a":null}],"$offset":0,"$more":true}',
    { dtype: { $: 1 }, shape: [{ a: null }], offset: 0, more: true },
  ],
  ['{"$$dtype":"uint8","$$shape":[0],"$$offset":0}', { $dtype: "uint8", $shape: [0], $offset: 0 }],
  ['{"$a":1,"b":2}', { $a: 1, b: 2 }],
  ['{"dtype":"float32","shape":[2]}', { dtype: "float32", shape: [2] }],
  ["{}", {}],
])("decode, document %s, is no reference", (text, document) => {
  expect(decode(withHeader(`{"graph":{"modules":[${text}]},"layouts":{"1":[${text}]}}`))).toEqual({
    graph: { modules: [document] },
    layouts: { "1": [document] },
  });
});

test("decode, keys of Object.prototype, are own keys", () => {
  const found = decode(withHeader('{"__proto__":{"$a":1},"constructor":{"b":[2]}}')) as object;
  expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
  expect(Object.entries(found)).toEqual([
    ["__proto__", { a: 1 }],
    ["constructor", { b: [2] }],
  ]);
});

test("decode, broken responses, raise with the reason", () => {
  expect(() => decode(new ArrayBuffer(3))).toThrow("invalid response: 3 bytes");
  expect(() => decode(byHand().slice(0, -8))).toThrow(/invalid array: 3 of uint8/);
  const buffer = byHand();
  new DataView(buffer).setUint32(0, 5, true);
  expect(() => decode(buffer)).toThrow("invalid header length: 5");
  expect(() => decode(bytes(encode({ x: { dtype: "int4", shape: [1], offset: 0 } })))).toThrow(
    "unknown dtype: int4",
  );
});

test("HttpSource, known layouts, are not sent again", async () => {
  const sent: { known: string[] }[] = [];
  vi.stubGlobal("fetch", async (_url: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string);
    sent.push(body);
    return new Response(bytes(mockSeries(body)));
  });
  const source = new HttpSource();
  const request = { runs: ["cnn/healthy"], kind: "gradient", statistics: ["norm"] };
  const signal = new AbortController().signal;
  const first = await source.series(request, signal);
  const second = await source.series(request, signal);
  expect(sent.map(({ known }) => known.length)).toEqual([0, 1]);
  expect(second.series[0].rows).toBe(first.series[0].rows);
  expect(first.series[0].rows[0].name).toBe("stem.weight");
  expect(first.series[0].values.get("norm")!.length).toBe(
    first.series[0].steps.length * first.series[0].rows.length,
  );
  vi.unstubAllGlobals();
});

test("HttpSource, error response, throws its text", async () => {
  vi.stubGlobal(
    "fetch",
    async () => new Response("unknown kind: nothing", { status: 400, statusText: "Bad Request" }),
  );
  await expect(new HttpSource().runs(new AbortController().signal)).rejects.toThrow(
    "400 Bad Request: unknown kind: nothing",
  );
  vi.unstubAllGlobals();
});

test.each([
  ['{"dtype":"float32","shape":[-1],"offset":0}', "invalid shape: [-1]"],
  ['{"dtype":"float32","shape":[1.5],"offset":0}', "invalid shape: [1.5]"],
  ['{"dtype":"float32","shape":null,"offset":0}', "invalid shape: null"],
  ['{"dtype":"uint8","shape":[4294967296,4294967296],"offset":0}', "invalid array"],
  ['{"dtype":"uint8","shape":[0],"offset":-8}', "invalid offset: -8"],
  ['{"dtype":"uint8","shape":[0],"offset":3}', "invalid offset: 3"],
  ['{"dtype":"uint8","shape":[0],"offset":"0"}', 'invalid offset: "0"'],
  ['{"dtype":"uint8","shape":[1],"offset":1e15}', "invalid array"],
  ['{"dtype":"constructor","shape":[0],"offset":0}', "unknown dtype: constructor"],
])("decode, reference %s, is an error", (text, message) => {
  expect(() => decode(withHeader(`{"a":${text}}`))).toThrow(message);
});
