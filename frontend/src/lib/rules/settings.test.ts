import { expect, test } from "vitest";
import { bodyOf, readSettings, withLimit, withRule, writeSettings } from "./settings";

test("readSettings undoes writeSettings", () => {
  const text = "loss/plateau:off,update/too_large:limit=0.1:lasting=3";
  const settings = readSettings(text);
  expect(writeSettings(settings)).toBe(text);
  expect(bodyOf(settings)).toEqual({ "loss/plateau": null, "update/too_large": { limit: 0.1, lasting: 3 } });
});

test("readSettings ignores what is no setting", () => {
  expect(readSettings(null).size).toBe(0);
  expect(readSettings(":off,,loss/plateau,a:=3").size).toBe(0);
  expect(writeSettings(new Map())).toBeNull();
});

test("bodyOf sends a text that is no number as it is, and keys of Object.prototype", () => {
  const body = bodyOf(readSettings("loss/spike:limit=abc,__proto__:off,loss/stuck:limit=1e999"));
  expect(JSON.stringify(body)).toBe(
    '{"loss/spike":{"limit":"abc"},"__proto__":null,"loss/stuck":{"limit":"1e999"}}',
  );
});

test("withLimit sets a limit, and removes one that equals the default", () => {
  const set = withLimit(new Map(), "loss/spike", "limit", " 4 ", 3);
  expect(writeSettings(set)).toBe("loss/spike:limit=4");
  expect(writeSettings(withLimit(set, "loss/spike", "lasting", "2", 1))).toBe("loss/spike:limit=4:lasting=2");
  expect(withLimit(set, "loss/spike", "limit", "3.0", 3).size).toBe(0);
  expect(withLimit(set, "loss/spike", "limit", null, 3).size).toBe(0);
});

test("withRule switches a rule off, and back to its defaults", () => {
  const off = withRule(withLimit(new Map(), "loss/spike", "limit", "4", 3), "loss/spike", false);
  expect(writeSettings(off)).toBe("loss/spike:off");
  expect(withRule(off, "loss/spike", true).size).toBe(0);
});
