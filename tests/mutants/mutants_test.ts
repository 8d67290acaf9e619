import { assert, assertEquals, assertThrows } from "@std/assert";
import { explore, loader, prepare } from "../checker/check.ts";
import { reasonOf, unused } from "./equivalent.ts";
import { HISTORY, planted, STRICT } from "./history.ts";
import { judge, trial } from "./judge.ts";
import { apply, keyOf, mutantsOf } from "./operators.ts";
import { scenario } from "./scenario.ts";
import { STORIES } from "./stories.ts";
import { TARGETS } from "./targets.ts";

const SOURCE = `
export function take(i32: Int32Array, at: number): boolean {
  const seen = Atomics.compareExchange(i32, at, 0, 1);
  if (seen === 0) return true;
  Atomics.store(i32, at + 1, 2);
  Atomics.notify(i32, at);
  return false;
}
`;

Deno.test("each operator makes its mutants", () => {
  const mutants = mutantsOf("x.ts", SOURCE);
  const kinds = new Set(mutants.map(({ operator }) => operator));
  assertEquals([...kinds].sort(), [
    "condition",
    "constant",
    "delete",
    "flip",
    "return",
    "silence",
    "split",
    "swap",
  ]);
  const texts = mutants.map((one) => apply(SOURCE, one));
  assertEquals(new Set(texts).size, texts.length);
  assert(!texts.includes(SOURCE));
  assert(mutants.every((one) => keyOf(one).startsWith("x.ts take ")));
});

Deno.test("planted bugs apply to the code as it is", () => {
  for (const bug of HISTORY) planted(bug, loader().textOf(bug.path));
  const [bug] = HISTORY;
  assertThrows(() => planted(bug, "something else"), Error, "does not apply");
});

Deno.test("all files have mutants and models, and models of their own hold", async () => {
  for (const { path, trials } of TARGETS) {
    assert(mutantsOf(path, loader().textOf(path)).length > 0, path);
    assert(trials.length > 0, path);
  }
  for (const model of STRICT) {
    const { finding, isComplete } = explore(await prepare(model));
    assertEquals(finding, undefined);
    assert(isComplete, model.name);
  }
});

Deno.test("each key of an equivalent mutant is that of some mutant", () => {
  const all = TARGETS.flatMap(({ path }) =>
    mutantsOf(path, loader().textOf(path))
  );
  assertEquals(unused(all), []);
});

Deno.test("stories are the same twice", async () => {
  const trials = STORIES.map((model) => trial(model));
  for (const time of ["first", "second"]) {
    assertEquals((await judge(new Map(), trials)).text, "", time);
  }
});

Deno.test("a story finds what counts wrong, and what does not end", async () => {
  const model = scenario("free-threaded");
  await judge(new Map(), [trial(model)]);
  const path = "src/pools/pool.ts";
  const before = "i32[pool + COUNT] = i32[pool + COUNT] + 1;";
  const text = loader().textOf(path).replace(before, ";");
  const verdict = await judge(new Map([[path, text]]), [trial(model)]);
  assertEquals(verdict.kind, "error");
  const endless = loader().textOf(path).replace("offset += size;", ";");
  const { text: why } = await judge(new Map([[path, endless]]), [trial(model)]);
  assert(why.includes("No end after"), why);
});

Deno.test("a change that changes nothing survives, and is no equivalent by itself", async () => {
  const path = "src/sync/event.ts";
  const text = loader().textOf(path) + "\n// no change\n";
  const { trials } = TARGETS.find((one) => one.path === path)!;
  const verdict = await judge(new Map([[path, text]]), trials.slice(1, 2));
  assertEquals(verdict.kind, "");
  assertEquals(reasonOf(mutantsOf("x.ts", SOURCE)[0]), undefined);
});
