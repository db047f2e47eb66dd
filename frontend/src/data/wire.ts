/** Decoder of the binary responses in http_api.md: a JSON header that refers to the arrays after it. */

type Decoded = Float32Array | Float64Array | Int32Array | Uint8Array;

const ARRAYS = new Map<unknown, new (buffer: ArrayBuffer, at: number, length: number) => Decoded>([
  ["float32", Float32Array],
  ["float64", Float64Array],
  ["int32", Int32Array],
  ["uint8", Uint8Array],
]);
const BYTES = new Map<unknown, number>([
  ["float32", 4],
  ["float64", 8],
  ["int32", 4],
  ["uint8", 1],
]);
const ALIGNMENT = 8;
const REFERENCE = ["dtype", "shape", "offset"];
/** Character before each key of a document's object that could otherwise be taken for a reference. */
const ESCAPE = "$";

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Return the array that a reference describes, as a view. */
function view(buffer: ArrayBuffer, start: number, keys: ReadonlyMap<string, unknown>): Decoded {
  const [dtype, shape, offset] = REFERENCE.map((key) => keys.get(key));
  const [type, size] = [ARRAYS.get(dtype), BYTES.get(dtype)];
  if (!type || !size) throw new RangeError(`unknown dtype: ${String(dtype)}`);
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw new RangeError(`invalid shape: ${JSON.stringify(shape)} (expected integers of at least 0)`);
  if (!isSize(offset) || offset % ALIGNMENT !== 0)
    throw new RangeError(`invalid offset: ${JSON.stringify(offset)} (expected a multiple of ${ALIGNMENT})`);
  const length = shape.reduce((product, n) => product * n, 1);
  if (start + offset + length * size > buffer.byteLength)
    throw new RangeError(
      `invalid array: ${length} of ${String(dtype)} at ${offset} in ${buffer.byteLength} bytes`,
    );
  return new type(buffer, start + offset, length);
}

/** Return the header with each array reference replaced by its array (a view, no copy). */
export function decode(buffer: ArrayBuffer): unknown {
  if (buffer.byteLength < 8) throw new RangeError(`invalid response: ${buffer.byteLength} bytes`);
  const length = new DataView(buffer).getUint32(0, true);
  const start = 4 + length;
  if (start > buffer.byteLength || start % 8 !== 0) throw new RangeError(`invalid header length: ${length}`);
  const resolve = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    // Changed in place, because layouts are large and have no references.
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) value[i] = resolve(value[i]);
      return value;
    }
    const keys = Object.keys(value);
    if (keys.length > 0 && keys.every((key) => key.startsWith(ESCAPE)))
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key.slice(ESCAPE.length), resolve(inner)]),
      );
    if (REFERENCE.every((key) => Object.hasOwn(value, key)))
      return view(buffer, start, new Map(Object.entries(value)));
    // All keys are own ones, so `__proto__` is replaced like any other.
    for (const [key, inner] of Object.entries(value)) {
      const resolved = resolve(inner);
      if (resolved !== inner) Reflect.set(value, key, resolved);
    }
    return value;
  };
  return resolve(JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))));
}
