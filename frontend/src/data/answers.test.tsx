// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeSource, settle } from "../testing/helpers";
import { Answers } from "./answers";
import { AnswersContext, useAnswer } from "./use_answer";

let root: HTMLElement;
let source: FakeSource;
let answers: Answers;
let hidden: boolean;

beforeEach(() => {
  root = document.createElement("div");
  source = new FakeSource();
  hidden = false;
  answers = new Answers(source, () => hidden);
});
afterEach(() => render(null, root));

function Probe({ body }: { body: object | null }) {
  const { data, last, error, loading, retry } = useAnswer("things", body, (header) => String(header));
  return (
    <button type="button" onClick={retry}>
      {JSON.stringify({ data, last, error, loading })}
    </button>
  );
}

const show = (body: object | null) =>
  act(async () => {
    render(
      <AnswersContext.Provider value={answers}>
        <Probe body={body} />
      </AnswersContext.Provider>,
      root,
    );
    await settle();
  });
const state = () => JSON.parse(root.textContent ?? "");
const reply = (at: number, what: string | Error, bytes = 1) =>
  act(async () => {
    what instanceof Error ? source.posts[at].fail(what) : source.posts[at].answer(what, bytes);
    await settle();
  });

test("nothing is asked without a question", async () => {
  await show(null);
  expect(source.posts).toEqual([]);
  expect(state()).toEqual({ data: null, last: null, error: null, loading: false });
});

test("an answer, and the same question again without asking", async () => {
  await show({ step: 1 });
  expect(state().loading).toBe(true);
  await reply(0, "one");
  expect(state()).toEqual({ data: "one", last: "one", error: null, loading: false });
  await show({ step: 2 });
  expect(state()).toEqual({ data: null, last: "one", error: null, loading: true });
  await reply(1, "two");
  await show({ step: 1 });
  expect(state().data).toBe("one");
  expect(source.posts.length).toBe(2);
});

test("an answer that comes too late is dropped", async () => {
  await show({ step: 1 });
  await show({ step: 2 });
  expect(source.posts[0].signal.aborted).toBe(true);
  await reply(1, "two");
  await reply(0, "one");
  expect(state().data).toBe("two");
});

test("an error, and a retry that works", async () => {
  await show({ step: 1 });
  await reply(0, new Error("500 no"));
  expect(state()).toEqual({ data: null, last: null, error: "500 no", loading: false });
  await act(async () => {
    root.querySelector("button")!.click();
    await settle();
  });
  await reply(1, "one");
  expect(state()).toEqual({ data: "one", last: "one", error: null, loading: false });
});

test("a reload asks again and keeps the old answer meanwhile; a hidden tab waits until it is shown", async () => {
  await show({ step: 1 });
  await reply(0, "old");
  hidden = true;
  await act(async () => answers.reload());
  expect(source.posts.length).toBe(1);
  hidden = false;
  await act(async () => {
    answers.shown();
    await settle();
  });
  expect(source.posts.length).toBe(2);
  expect(state()).toEqual({ data: "old", last: "old", error: null, loading: false });
  await reply(1, "new");
  expect(state().data).toBe("new");
});

test("what is kept is bounded: the answer used longest ago goes first", async () => {
  for (const step of [1, 2, 3]) {
    await show({ step });
    await reply(step - 1, String(step), 40e6);
  }
  expect(answers.peek("things", { step: 1 })).toBeNull();
  expect(answers.peek("things", { step: 2 })).toBe("2");
});

test("the same question of several is asked once; it is given up when none of them waits any longer", async () => {
  const [first, second, third] = [0, 1, 2].map(() => new AbortController());
  const body = { step: 1 };
  const one = answers.ask("things", body, first.signal);
  const two = answers.ask("things", body, second.signal);
  expect([source.posts.length, answers.pending]).toEqual([1, 1]);
  first.abort();
  expect(source.posts[0].signal.aborted).toBe(false);
  source.posts[0].answer("answer", 1);
  expect(await two).toBe("answer");
  expect(await one).toBe("answer");
  expect([answers.pending, answers.peek("things", body)]).toEqual([0, "answer"]);
  // Given up by all: whoever asks afterwards asks anew, and one that fails is not kept either.
  const lost = answers.ask("things", { step: 2 }, third.signal);
  third.abort();
  expect(source.posts[1].signal.aborted).toBe(true);
  const again = answers.ask("things", { step: 2 }, second.signal);
  expect(source.posts.length).toBe(3);
  source.posts[1].fail(new Error("aborted"));
  await expect(lost).rejects.toThrow("aborted");
  source.posts[2].fail(new Error("500 no"));
  await expect(again).rejects.toThrow("500 no");
  void answers.ask("things", { step: 2 }, second.signal);
  expect(source.posts.length).toBe(4);
});
