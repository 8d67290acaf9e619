/**
 * What the recovery of dead workers stands on, as Deno 2.9.6 does it. A test
 * that fails here says that the platform has changed: then `src/recovery` and
 * the words about death in ARCHITECTURE.md want a new look.
 */

import { assert, assertEquals } from "@std/assert";
import { ask } from "./ask.ts";

const PROBES = new URL("./probes.ts", import.meta.url);

/** What a probe saw, in a process of its own. */
function probe(name: string): Promise<Record<string, unknown>> {
  return ask(Deno.execPath(), ["run", "-A", PROBES.href, name]);
}

Deno.test("terminate() does not stop a busy Web Worker", async () => {
  assertEquals(await probe("busy"), { livesOn: true });
});

Deno.test("terminate() leaves a parked Web Worker, which runs when notified", async () => {
  assertEquals(await probe("zombie"), { woken: 1, runs: true });
});

Deno.test("terminate() does not stop a busy worker of node:worker_threads", async () => {
  assertEquals(await probe("node_busy"), { livesOn: true });
});

Deno.test("terminate() kills a worker of node:worker_threads in a Web Lock", async () => {
  const { ms, ...seen } = await probe("kill");
  assertEquals(seen, { counted: true, caught: 0, finally: 0 });
  assert((ms as number) < 75, `It ran on for ${ms} ms`);
});

Deno.test("terminate() kills it in Atomics.wait, which no notify reaches then", async () => {
  const dead = { woken: 0, runs: false, caught: 0, finally: 0 };
  assertEquals(await probe("kill_parked"), dead);
});

Deno.test("a Web Lock is given back when its worker ends, however it ends", async () => {
  const released = { close: true, throw: true, terminate: true, kill: true };
  assertEquals(await probe("certificate"), released);
});

Deno.test("a Web Lock stays with a Web Worker that terminate() did not stop", async () => {
  const seen = await probe("certificate_of_zombie");
  assertEquals(seen, { released: false, livesOn: true });
});

Deno.test("a stack overflow lands behind stores, at entries and in builtins", async () => {
  const { reached, livesOn } = await probe("overflow");
  const [outside, atCallee, inBuiltin] = reached as number[];
  assert(outside > 0 && atCallee > 0 && inBuiltin > 0, `${reached}`);
  assert(livesOn);
});

Deno.test("Node: terminate() stops a worker, busy or parked", async () => {
  const script = new URL("./node_kill.mjs", import.meta.url);
  let seen;
  try {
    seen = await ask("node", [decodeURIComponent(script.pathname)]);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("No node on the path: what it does was not looked at");
    return;
  }
  for (const how of ["busy", "parked"]) {
    const { ms, ...rest } = seen[how] as Record<string, unknown>;
    assertEquals(rest, { woken: 0, runs: false, caught: 0, finally: 0 }, how);
    assert((ms as number) < 1000, `${how}: it took ${ms} ms`);
  }
});
