import { expect, test } from "vitest";
import { headlines, headlineTag, runColour, runOrder, shortNames, shownRuns } from "../data/runs";
import { info } from "../testing/helpers";
import { statisticName } from "../ui/text";
import { apart, exact, metric, parseFilter, parseNumber, quantity, short, tick } from "./format";

test("apart has as many digits as tell two values apart", () => {
  expect(apart(0.047319945, 0.04740027)).toEqual(["0.0473", "0.0474"]);
  expect(apart(0.47319945, 0.4732027)).toEqual(["0.473199", "0.473203"]);
  expect(apart(12, 12)).toEqual(["12", "12"]);
  expect(apart(3.0234e-10, Number.NaN)).toEqual(["3.02e-10", "NaN"]);
  expect(apart(1e9, -1e9)).toEqual(["1e9", "-1e9"]);
});

test("short formats three significant digits", () => {
  expect([0, 0.27123, 12.345, 1234.5, 3.0234e-10, 123456, -0.5].map(short)).toEqual([
    "0",
    "0.271",
    "12.3",
    "1235",
    "3.02e-10",
    "1.23e5",
    "-0.500",
  ]);
  expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(short)).toEqual([
    "NaN",
    "Inf",
    "-Inf",
  ]);
});

test("exact formats the shortest decimal of a float32", () => {
  expect(exact(Math.fround(0.1))).toBe("0.1");
  expect(exact(Math.fround(1 / 3))).toBe("0.33333334");
  expect(exact(Math.fround(2.7e-10))).toBe("2.7e-10");
  expect(exact(16777216)).toBe("1.6777216e7");
  expect(exact(0)).toBe("0");
  expect(exact(Number.NaN)).toBe("NaN");
});

test("tick, quantity, metric and parseNumber convert examples", () => {
  expect([1e-6, 0.01, 1, 30, 2e5, 0, 1e-3].map(tick)).toEqual([
    "1e-6",
    "0.01",
    "1",
    "30",
    "2e5",
    "0",
    "1e-3",
  ]);
  expect([144, 2304, 16400, 1.25e6, 7e9, 123456].map(quantity)).toEqual([
    "144",
    "2.3k",
    "16.4k",
    "1.3M",
    "7B",
    "123k",
  ]);
  expect(metric("test_accuracy", 0.9427)).toBe("94.3%");
  expect(metric("accuracy_percent", 94.27)).toBe("94.3");
  expect(metric("loss", 0.5)).toBe("0.500");
  expect(["", " 1e-6 ", "x", "1,5"].map(parseNumber)).toEqual([null, 1e-6, null, null]);
});

test("parseFilter of an invalid pattern is null", () => {
  expect(parseFilter("lr|sig")?.test("deep-SIGmoid")).toBe(true);
  expect(parseFilter("(")).toBeNull();
});

test("runs are coloured by first event and shown with the reference first", () => {
  const order = runOrder([info("z", 1), info("a", 2), info("m", 1)]);
  expect([...order]).toEqual([
    ["m", 0],
    ["z", 1],
    ["a", 2],
  ]);
  expect(shownRuns(["a", "m", "z"], "a", order)).toEqual(["a", "m", "z"]);
  expect(shownRuns(["a", "m"], "z", order)).toEqual(["m", "a"]);
  expect(runColour(0, false)).toBe("#425066");
  expect(runColour(0, true)).toBe("#8e98a3");
  expect(runColour(8, true)).toBe("#12b5cb");
});

test("headlines prefer shared metrics, else use a run's own", () => {
  expect(headlineTag(["nnviz/log/loss", "nnviz/log/val_accuracy", "nnviz/log/train_acc"], "nnviz/log/")).toBe(
    "nnviz/log/val_accuracy",
  );
  expect(headlineTag(["nnviz/log/loss", "nnviz/log/top5_acc"], "nnviz/log/")).toBe("nnviz/log/top5_acc");
  expect(headlineTag(["nnviz/log/loss", "nnviz/log/val_loss"], "nnviz/log/")).toBe("nnviz/log/val_loss");
  expect(headlineTag([], "nnviz/log/")).toBeNull();
  const one = (run: string, tag: string, value: number) => ({
    run,
    tag,
    steps: Float64Array.of(9),
    wall_times: Float64Array.of(9),
    values: Float32Array.of(value),
  });
  const found = headlines(
    [one("a", "nnviz/log/loss", 2), one("a", "nnviz/log/test_accuracy", 0.5), one("b", "nnviz/log/loss", 3)],
    "nnviz/log/",
  );
  expect(found.get("a")).toEqual({ name: "test_accuracy", value: 0.5, step: 9 });
  expect(found.get("b")?.name).toBe("loss");
});

test("shortNames drops shared folders only", () => {
  expect([...shortNames(["cnn/a", "cnn/b"]).values()]).toEqual(["a", "b"]);
  expect([...shortNames(["cnn/a", "mlp/a"]).values()]).toEqual(["cnn/a", "mlp/a"]);
  expect([...shortNames(["cnn/a"]).values()]).toEqual(["cnn/a"]);
  expect([...shortNames(["cnn", "cnn/a"]).values()]).toEqual(["cnn", "cnn/a"]);
});

test("statisticName makes unknown statistics readable", () => {
  expect(statisticName("gradient", "norm")).toBe("Gradient norm");
  expect(statisticName("activation", "dead_fraction")).toBe("Activation dead fraction");
  expect(statisticName("gradient", "norm~")).toBe("Gradient norm (estimate)");
  expect(statisticName("new_kind", "odd_figure")).toBe("new kind odd figure");
});
