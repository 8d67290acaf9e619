/**
 * Handles that nobody has closed: their references are dropped at a safe point
 * after the engine has found them.
 */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { attach, createHeap } from "../../mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { assertEmpty } from "./scene.ts";

const ENTRY = fileURLToPath(new URL("forgetful.ts", import.meta.url));

for (const build of BUILDS) {
  Deno.test(`Handles that were forgotten are found (${build})`, async () => {
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "run",
          "-A",
          "--no-check",
          "--v8-flags=--expose-gc",
          ENTRY,
          build,
        ],
      },
    ).output();
    const decode = (it: Uint8Array) => new TextDecoder().decode(it);
    assertEquals([success, decode(stderr)], [true, ""]);
    assertEquals(JSON.parse(decode(stdout)), {
      // Nothing is dropped while the thread state is detached.
      detached: { forgotten: 20, told: 0 },
      attached: { forgotten: 20, told: 20, names: ["list"] },
      open: 1,
      refcount: 1,
      left: 0,
    });
  });

  Deno.test(`What a heap that is closed leaves behind (${build})`, () => {
    using heap = createHeap({ build, maxBytes: 32 * 1024 * 1024 });
    heap.threads.detach();
    const other = attach(heap.handle);
    const list = other.from([[1.5], "some text", { a: [2.5] }]);
    list.append(list);
    other.close();
    heap.threads.attach();
    assertEmpty(heap);
  });
}
