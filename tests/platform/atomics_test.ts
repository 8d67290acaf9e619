/**
 * The platform's Atomics, as far as locks stand on them: what `wait` answers,
 * which time-outs there are, and that `notify` wakes in order of arrival.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ask } from "./ask.ts";

function words(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(64));
}

Deno.test("Atomics.wait() answers not-equal, whatever the time-out", () => {
  for (const timeout of [0, -0, -1, 1, NaN, Infinity, undefined]) {
    assertEquals(Atomics.wait(words(), 0, 1, timeout), "not-equal");
  }
});

Deno.test("Atomics.wait() answers timed-out, at once for 0, -0 and less", () => {
  for (const timeout of [0, -0, -1, -Infinity]) {
    assertEquals(Atomics.wait(words(), 0, 0, timeout), "timed-out");
  }
  const start = performance.now();
  assertEquals(Atomics.wait(words(), 0, 0, 20), "timed-out");
  assert(performance.now() - start > 15);
});

Deno.test("Atomics.wait() for NaN ms is for ever, as for Infinity", async () => {
  for (const timeout of [NaN, Infinity, undefined]) {
    const shared = words();
    const answer = Atomics.waitAsync(shared, 0, 0, timeout);
    assert(answer.async);
    const late = Promise.withResolvers<string>();
    const timer = setTimeout(() => late.resolve("late"), 5000);
    assertEquals(Atomics.notify(shared, 0), 1);
    assertEquals(await Promise.race([answer.value, late.promise]), "ok");
    clearTimeout(timer);
  }
});

Deno.test("Atomics.notify() counts whom it wakes", () => {
  const shared = words();
  assertEquals(Atomics.notify(shared, 0), 0);
  for (let i = 0; i < 3; i++) Atomics.waitAsync(shared, 0, 0);
  Atomics.waitAsync(shared, 1, 0);
  assertEquals(Atomics.notify(shared, 0, 0), 0);
  assertEquals(Atomics.notify(shared, 0, 2), 2);
  assertEquals(Atomics.notify(shared, 0), 1);
  assertEquals(Atomics.notify(shared, 1, Infinity), 1);
});

Deno.test("Atomics.notify() wakes workers in the order in which they came", async () => {
  const probes = new URL("./probes.ts", import.meta.url);
  const args = ["run", "-A", probes.href, "order"];
  assertEquals(await ask(Deno.execPath(), args), { order: [0, 1, 2, 3] });
});

Deno.test("Atomics wrap around at 32 bits and return the old value", () => {
  const shared = words();
  assertEquals(Atomics.add(shared, 0, 0x7fffffff), 0);
  assertEquals(Atomics.add(shared, 0, 1), 0x7fffffff);
  assertEquals(Atomics.load(shared, 0), -0x80000000);
  assertEquals(Atomics.sub(shared, 0, 1), -0x80000000);
  assertEquals(Atomics.compareExchange(shared, 0, 0, 1), 0x7fffffff);
  assertEquals(Atomics.exchange(shared, 0, 6), 0x7fffffff);
  assertEquals(Atomics.and(shared, 0, 3), 6);
  assertEquals(Atomics.or(shared, 0, 4), 2);
  assertEquals(Atomics.xor(shared, 0, 1), 6);
  assertEquals(Atomics.load(shared, 0), 7);
});

Deno.test("Atomics.pause() is there, and waits for 32-bit words only", () => {
  assertEquals(typeof Atomics.pause, "function");
  const bytes = new Uint8Array(new SharedArrayBuffer(8));
  // @ts-expect-error: the compiler knows it, too
  assertThrows(() => Atomics.wait(bytes, 0, 0, 0), TypeError);
  const own = new Int32Array(new ArrayBuffer(8));
  assertThrows(() => Atomics.wait(own, 0, 0, 0), TypeError);
});
