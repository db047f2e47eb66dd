/** Decoder of the binary responses in http_api.md: a JSON header that refers to the arrays after it. */

interface ArrayRef {
  dtype: string;
  shape: number[];
  offset: number;
}

type Decoded = Float32Array | Float64Array | Int32Array | Uint8Array;

const REFERENCE = ["dtype", "shape", "offset"];
/** Character before each key of a document's object that could otherwise be taken for a reference. */
const ESCAPE = "$";

function view(buffer: ArrayBuffer, start: number, ref: ArrayRef): Decoded {
  const length = ref.shape.reduce((product, n) => product * n, 1);
  const at = start + ref.offset;
  const size = { float32: 4, float64: 8, int32: 4, uint8: 1 }[ref.dtype];
  if (size === undefined) throw new RangeError(`unknown dtype: ${ref.dtype}`);
  if (at + length * size > buffer.byteLength) {
    throw new RangeError(
      `invalid array: ${length} of ${ref.dtype} at ${ref.offset} in ${buffer.byteLength} bytes`,
    );
  }
  if (ref.dtype === "float32") return new Float32Array(buffer, at, length);
  if (ref.dtype === "float64") return new Float64Array(buffer, at, length);
  if (ref.dtype === "int32") return new Int32Array(buffer, at, length);
  return new Uint8Array(buffer, at, length);
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
    const object = value as Record<string, unknown>;
    const keys = Object.keys(object);
    if (keys.length > 0 && keys.every((key) => key.startsWith(ESCAPE))) {
      return Object.fromEntries(keys.map((key) => [key.slice(ESCAPE.length), resolve(object[key])]));
    }
    if (REFERENCE.every((key) => Object.hasOwn(object, key))) {
      return view(buffer, start, value as ArrayRef);
    }
    for (const key of keys) object[key] = resolve(object[key]);
    return object;
  };
  return resolve(JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))));
}
