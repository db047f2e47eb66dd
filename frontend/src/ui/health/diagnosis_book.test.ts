import { expect, test } from "vitest";
import type { HealthAnswer } from "../../lib/rules/health";
import type { RunInfo } from "../../lib/types";
import { DiagnosisBook, markOf } from "./diagnosis_book";

const ANSWER: HealthAnswer = { runs: [], rules: [], missing: [] };
const info = (steps: number): RunInfo => ({
  run: "a",
  kinds: new Map([["gradient", ["norm"]]]),
  first_wall_time: 1,
  steps,
  notices: [],
});

/** Return a book with a clock that a test sets, and a function that keeps an answer. */
function make() {
  const clock = { ms: 0 };
  const book = new DiagnosisBook(() => clock.ms);
  const put = (listing: number, mark: string, took = 5, key = "a") =>
    book.put(key, key, { answer: ANSWER, error: null, listing, mark }, took);
  return { clock, book, put };
}

test("isCurrent, a run that grows, waits ten seconds", () => {
  const { clock, book, put } = make();
  expect(book.isCurrent("a", 1, "5")).toBe(false);
  put(1, "5");
  expect(book.isCurrent("a", 1, "5")).toBe(true);
  clock.ms = 4000;
  expect(book.isCurrent("a", 2, "6")).toBe(true);
  expect(book.dueIn("a", 2, "6")).toBe(6000);
  clock.ms = 10_000;
  expect(book.isCurrent("a", 2, "6")).toBe(false);
  expect(book.dueIn("a", 2, "6")).toBe(0);
  put(2, "6");
  expect(book.isCurrent("a", 3, "7")).toBe(true);
});

test("isCurrent, a run that no longer grows, is asked for once more and then never again", () => {
  const { clock, book, put } = make();
  put(1, "5");
  clock.ms = 60_000;
  expect(book.isCurrent("a", 2, "5")).toBe(false);
  put(2, "5");
  clock.ms = 600_000;
  expect(book.isCurrent("a", 3, "5")).toBe(true);
  expect(book.dueIn("a", 3, "5")).toBeNull();
  expect(book.isCurrent("a", 4, "6")).toBe(false);
});

test("isCurrent, diagnoses that take long, are made for a tenth of the time", () => {
  const { clock, book, put } = make();
  for (const key of ["a", "b", "c"]) put(1, "5", 4000, key);
  clock.ms = 119_000;
  expect(book.isCurrent("b", 2, "6")).toBe(true);
  clock.ms = 120_000;
  expect(book.isCurrent("b", 2, "6")).toBe(false);
  // A server that is fast again is asked as often as before.
  put(2, "6", 3, "b");
  clock.ms = 130_000;
  expect(book.isCurrent("b", 3, "7")).toBe(false);
});

test("isCurrent, a failed request, is repeated after each reload and on demand", () => {
  const { book, put } = make();
  put(1, "5");
  book.put("a", "a", { answer: null, error: "503", listing: 2, mark: "6" }, 5);
  expect([book.get("a")?.answer, book.get("a")?.error]).toEqual([ANSWER, "503"]);
  expect(book.isCurrent("a", 2, "6")).toBe(true);
  expect(book.isCurrent("a", 3, "6")).toBe(false);
  book.retry();
  expect(book.isCurrent("a", 2, "6")).toBe(false);
  expect(book.newestOf("a")).toBe(ANSWER);
});

test("markOf changes with steps, start and statistics", () => {
  const marks = [
    info(5),
    info(6),
    { ...info(5), first_wall_time: 2 },
    { ...info(5), kinds: new Map([["gradient", ["norm", "rms"]]]) },
  ].map(markOf);
  expect(new Set(marks).size).toBe(4);
  expect(markOf(info(5))).toBe(marks[0]);
});
