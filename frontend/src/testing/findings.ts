import type { Finding } from "../lib/rules/findings";

/** The places of findings, no two of which are equal. */
let places = 0;

/** Return a finding of a run with some keys set. */
export const finding = (run: string, rule: string, more: Partial<Finding> = {}): Finding => ({
  run,
  rule,
  severity: "warning",
  title: `Title of ${rule}`,
  kind: "gradient",
  statistic: "norm",
  row: "fc.weight",
  layer: "fc",
  since: 10,
  step: 14,
  value: 1e-9,
  limit: null,
  usual: null,
  evidence: "norm 1e-9",
  advice: ["Do this."],
  explains: [],
  place: places++,
  cause: null,
  source: "",
  layers: [],
  scalar: null,
  global: null,
  quantity: "",
  usualIs: "",
  reference: null,
  ...more,
});
