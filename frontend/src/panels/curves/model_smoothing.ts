/**
 * Smooth values as TensorBoard does, with an exponential moving average that is corrected for its start at 0. NaN and
 * Inf are kept and do not affect later values. Constant values are unchanged.
 */
export function smooth(values: ArrayLike<number>, weight: number): Float64Array {
  const result = Float64Array.from(values);
  if (weight <= 0 || values.length === 0) return result;
  let constant = true;
  for (let i = 1; i < values.length && constant; i++) constant = values[i] === values[0];
  if (constant) return result;
  let last = 0;
  let bias = 1;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    last = last * weight + (1 - weight) * values[i];
    bias *= weight;
    result[i] = last / (weight === 1 ? 1 : 1 - bias);
  }
  return result;
}
