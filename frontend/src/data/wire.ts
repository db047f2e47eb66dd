/** Decoder of the binary responses in http_api.md: a JSON header that refers to the arrays after it. */

interface ArrayRef {
  dtype: string;
  shape: number[];
  offset: number;
}

type Decoded = Float32Array | Float64Array | Int32Array | Uint8Array;

const isRef = (value: unknown): value is ArrayRef =>
  typeof value === "object" && value !== null && "dtype" in value && "shape" in value && "offset" in value;

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
  const header: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const resolve = (value: unknown): unknown => {
    if (isRef(value)) return view(buffer, start, value);
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
    }
    return value;
  };
  // Layouts contain arbitrary names and no arrays, so they are not searched.
  const top = header as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(top).map(([key, value]) => [key, key === "layouts" ? value : resolve(value)]),
  );
}
