import type { Missing } from "../types";
import type { Finding } from "./findings";

/** Verdicts on a run, the worst first. */
export const VERDICTS = ["severe", "warning", "notice", "nothing found", "not checkable"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Diagnosis of a run, as sent by `POST health`. */
export interface RunHealth {
  run: string;
  verdict: Verdict;
  /** First and last step that were checked; null without any. */
  steps: readonly [number | null, number | null];
  /** Causes before their effects. */
  findings: readonly Finding[];
  /** The place where the run parts from the reference run; null if it does not, or if none was requested. */
  parted: Finding | null;
  /** Names of the rules that were checked. */
  checked: readonly string[];
  unchecked: readonly { rule: string; reason: string }[];
  /** Parts of the log that cannot be read, with reasons. */
  unread: readonly string[];
}

/** The rule that compares a run with the reference run. Its finding is no problem of the run. */
export const PARTED = "runs/parted";

/** Words for a limit, to read in front of its value and behind it. */
export interface LimitWords {
  text: string;
  unit: string;
}

/** A rule with its default limits by name. */
export interface RuleInfo {
  name: string;
  title: string;
  limits: ReadonlyMap<string, number>;
  words: ReadonlyMap<string, LimitWords>;
  source: string;
}

export interface HealthAnswer {
  runs: RunHealth[];
  rules: RuleInfo[];
  missing: Missing[];
}
