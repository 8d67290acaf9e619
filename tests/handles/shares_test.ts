/**
 * Tokens: received once, wherever; what is never received is found and taken
 * back, also if who has shared it is gone.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  attach,
  createHeap,
  HandleError,
  type Heap,
  type PyList,
  type ShareToken,
} from "../../mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { Fleet } from "../helpers/workers.ts";
import { assertEmpty, inBoth } from "./scene.ts";

const WORKER = new URL("handles_worker.ts", import.meta.url);
const AGAIN = "the token was received or taken back already";

inBoth("A token is received once", (heap) => {
  using list = heap.from([1]);
  const token = structuredClone(heap.share(list));
  assertEquals(list.refcount, 2);
  using found = heap.receive(token);
  assert(found.is(list));
  assertThrows(() => heap.receive(token), HandleError, AGAIN);
  assertThrows(() => heap.unshare(token), HandleError, AGAIN);
  assertEquals(list.refcount, 2);
});

inBoth("A token that was never posted is taken back", (heap) => {
  using list = heap.from([1]);
  const token = heap.share(list);
  heap.unshare(token);
  assertEquals(list.refcount, 1);
  assertThrows(() => heap.receive(token), HandleError, AGAIN);
});

inBoth("The heap holds what is shared", (heap) => {
  const ring = heap.from([1.5] as unknown[]);
  ring.append(ring);
  const token = heap.share(ring);
  ring.close();
  assertEquals(heap.gc.collect(), 0);
  const found = heap.receive<PyList>(token);
  assertEquals(found.getJS(0), 1.5);
  found.close();
  assertEquals(heap.gc.collect(), 1);
});

inBoth("Forged and foreign tokens are refused", (heap) => {
  using other = createHeap({ maxBytes: 16 * 1024 * 1024 });
  using list = heap.from([1]);
  const token = heap.share(list);
  const foreign = other.share(other.from([1]));
  const cases: [unknown, string][] = [
    [undefined, "no token of heap.share()"],
    [null, "no token of heap.share()"],
    [{}, "no token of heap.share()"],
    [heap.handle, "no token of heap.share()"],
    [foreign, "the token is of another heap"],
    [{ ...token, heap: undefined }, "the token is of another heap"],
    [{ ...token, entry: 1e6 }, "no such token was made"],
    [{ ...token, entry: -1 }, "no such token was made"],
    [{ ...token, entry: "0" }, "no such token was made"],
    [{ ...token, entry: token.entry + 1 }, "no such token was made"],
    [{ ...token, generation: token.generation + 1 }, "no such token"],
    [{ ...token, generation: token.generation + 2 }, "no such token"],
    [{ ...token, generation: NaN }, "no such token was made"],
    [{ ...token, generation: token.generation - 2 }, AGAIN],
  ];
  for (const [value, message] of cases) {
    const error = assertThrows(
      () => heap.receive(value as ShareToken),
      HandleError,
      message,
    );
    assert(error.message.startsWith("Cannot receive an object: "));
  }
  assertEquals(list.refcount, 2);
  heap.unshare(token);
});

inBoth("Many tokens, in any order", (heap) => {
  const tokens: ShareToken[] = [];
  for (let k = 0; k < 1000; k++) {
    using list = heap.from([k]);
    tokens.push(heap.share(list));
    if (k % 3 === 2) {
      heap.receive(tokens.splice(k % tokens.length, 1)[0]).close();
    }
  }
  assertEquals(new Set(tokens.map(({ entry }) => entry)).size, tokens.length);
  for (const token of tokens.reverse()) heap.receive(token).close();
  assertEquals(heap.shares(), []);
});

inBoth("The list says what nobody has received", (heap) => {
  using text = heap.from("x".repeat(1000));
  using list = heap.from([1, "two"]);
  const tokens = [heap.share(list), heap.share(text), heap.share(list)];
  heap.receive(tokens[2]).close();
  const [first, second, ...more] = heap.shares();
  assertEquals(more, []);
  assertEquals(first.token, tokens[0]);
  assertEquals([first.worker, first.isGone], [heap.threads.id, false]);
  assertEquals([first.typeName, first.text], ["list", "[1, 'two']"]);
  assert(first.ageMs >= 0 && first.ageMs < 60_000);
  assertEquals(second.text.length, 201);
  assertEquals(heap.unshareAll({ olderThanMs: 1e9 }), 0);
  assertEquals(heap.unshareAll({ of: heap.threads.id + 1 }), 0);
  assertEquals(heap.unshareAll({ of: heap.threads.id }), 2);
  assertEquals(heap.shares(), []);
  assertEquals([text.refcount, list.refcount], [1, 1]);
});

for (const build of BUILDS) {
  Deno.test(`What a dead worker has shared (${build})`, () => {
    using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
    heap.gc.disable();
    heap.threads.detach();
    const other = attach(heap.handle);
    using list = other.from([1.5]);
    const tokens = [other.share(list), other.share(list)];
    heap.revoke(other.threads.id, { dead: true });
    heap.threads.attach();
    const found = heap.shares();
    assertEquals(found.map((each) => each.isGone), [true, true]);
    using mine = heap.receive(tokens[0]);
    assertEquals(mine.toJS(), [1.5]);
    assertEquals(heap.unshareAll({ of: found[0].worker }), 1);
    assert(heap.check().ok);
  });

  Deno.test(`Tokens between real workers (${build})`, async () => {
    await using fleet = await Fleet.start(WORKER, 3);
    using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
    heap.gc.disable();
    heap.threads.detach();
    await fleet.askAll("join", () => heap.handle);

    // From one to another, and not twice.
    const value = { a: [1, 2.5, "x"], b: null };
    const token = await fleet.ask<ShareToken>(0, "share", value);
    assertEquals(await fleet.ask(1, "receive", token), value);
    const again = await fleet.ask<string>(2, "receive", token);
    assert(again.includes(AGAIN), again);

    // A message that is lost.
    await fleet.ask(0, "share", ["lost"]);
    heap.threads.attach();
    assertEquals(heap.shares().map((each) => each.text), ["['lost']"]);
    assertEquals(heap.unshareAll(), 1);

    // All want all of them.
    using list = heap.from([1.5]);
    const tokens = Array.from({ length: 300 }, () => heap.share(list));
    heap.threads.detach();
    const counts = await fleet.askAll<number>("receiveAny", () => tokens);
    assertEquals(counts.reduce((a, b) => a + b), 300);

    // Who has shared leaves; the object stays.
    const last = await fleet.ask<ShareToken>(0, "share", ["mine"]);
    await fleet.ask(0, "leave", null);
    heap.threads.attach();
    assertEquals(heap.shares().map((each) => each.isGone), [true]);
    {
      using left = heap.receive(last);
      assertEquals(left.toJS(), ["mine"]);
    }
    heap.threads.detach();
    for (const k of [1, 2]) await fleet.ask(k, "leave", null);
    heap.threads.attach();
    assertEquals(list.refcount, 1);
    list.close();
    assertAllGone(heap);
  });
}

/** Claims that nothing is left. */
function assertAllGone(heap: Heap): void {
  assertEquals(heap.shares(), []);
  assertEmpty(heap);
}
