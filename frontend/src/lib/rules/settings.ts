import { joinList, splitList } from "../links/list";

/** Settings by rule: texts of limits by name, or null for a rule that is off. */
export type RuleSettings = ReadonlyMap<string, ReadonlyMap<string, string> | null>;

const OFF = "off";

/**
 * Read settings from a URL key: `loss/plateau:off,update/too_large:limit=0.1`. Parts without a rule are ignored. The
 * server checks the rest.
 */
export function readSettings(text: string | null): RuleSettings {
  const result = new Map<string, Map<string, string> | null>();
  for (const item of splitList(text ?? "")) {
    const [rule, ...parts] = item.split(":");
    if (rule === "") continue;
    if (parts.length === 1 && parts[0] === OFF) {
      result.set(rule, null);
      continue;
    }
    const limits = new Map<string, string>();
    for (const part of parts) {
      const at = part.indexOf("=");
      if (at > 0) limits.set(part.slice(0, at), part.slice(at + 1));
    }
    if (limits.size > 0) result.set(rule, limits);
  }
  return result;
}

/** Write settings as a URL key, null for none. */
export function writeSettings(settings: RuleSettings): string | null {
  const items = [...settings].map(([rule, limits]) =>
    limits === null
      ? `${rule}:${OFF}`
      : [rule, ...[...limits].map(([name, value]) => `${name}=${value}`)].join(":"),
  );
  return items.length > 0 ? joinList(items) : null;
}

/** Return the settings as `POST health` takes them. A text that is no number is sent as it is, so that the server names it. */
export const bodyOf = (settings: RuleSettings) =>
  Object.fromEntries(
    [...settings].map(([rule, limits]) => [
      rule,
      limits && Object.fromEntries([...limits].map(([name, value]) => [name, numberOf(value)])),
    ]),
  );

function numberOf(text: string): number | string {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : text;
}

/** Return the settings with one limit changed. A value that equals the default, or null, removes the limit. */
export function withLimit(
  settings: RuleSettings,
  rule: string,
  name: string,
  value: string | null,
  initial: number,
): RuleSettings {
  const limits = new Map(settings.get(rule) ?? []);
  if (value === null || (value.trim() !== "" && Number(value) === initial)) limits.delete(name);
  else limits.set(name, value.trim().replace(/[:,]/g, " "));
  const result = new Map(settings);
  if (limits.size > 0) result.set(rule, limits);
  else result.delete(rule);
  return result;
}

/** Return the settings with a rule switched off, or at its defaults. */
export function withRule(settings: RuleSettings, rule: string, on: boolean): RuleSettings {
  const result = new Map(settings);
  if (on) result.delete(rule);
  else result.set(rule, null);
  return result;
}
