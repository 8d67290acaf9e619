/** Bugs of CPython's past that the collector could have: planted, and found. */

import { assert, assertEquals } from "@std/assert";
import { check, ROOT } from "../checker/check.ts";
import { models, newcomer } from "../models/historic_gc.ts";

const QSBR = "src/threads/qsbr.ts";
const COLLECTOR = "src/gc/free_threaded.ts";

for (const model of models) {
  Deno.test(model.name, async () => {
    const { finding, isComplete } = await check(model);
    assertEquals([finding?.text, isComplete], [undefined, true]);
  });
}

Deno.test("planted: threads counted before the sequence is read (gh-118843, gh-129732)", async () => {
  const source = await Deno.readTextFile(new URL(QSBR, ROOT));
  const right = "  let min = Atomics.load(i32, WR_SEQ);\n" +
    "  const used = threadsUsed(m);\n";
  assertEquals(source.split(right).length, 2, "the text must be there once");
  const wrong = "  const used = threadsUsed(m);\n" +
    "  let min = Atomics.load(i32, WR_SEQ);\n";
  const overrides = new Map([[QSBR, source.replace(right, wrong)]]);
  const { finding } = await check(newcomer(2), { overrides });
  assert(finding !== undefined);
});

/** Copies the library, with one text of a file replaced. */
async function copyWith(
  path: string,
  text: string,
  instead: string,
): Promise<string> {
  const folder = await Deno.makeTempDir();
  await copyFolder(new URL("src/", ROOT), `${folder}/src`);
  const file = `${folder}/${path}`;
  const source = await Deno.readTextFile(file);
  assertEquals(source.split(text).length, 2, "the text must be there once");
  await Deno.writeTextFile(file, source.replace(text, () => instead));
  await Deno.copyFile(new URL("mod.ts", ROOT), `${folder}/mod.ts`);
  return folder;
}

async function copyFolder(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) {
      await copyFolder(new URL(`${name}/`, from), `${to}/${name}`);
    } else await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}

/**
 * Freezes an object whose last reference is in a queue, and collects.
 *
 * @returns Blocks of OBJ that are left. Count.
 */
async function frozenInQueue(root: string): Promise<number> {
  const { attach, checkHeap, createHeap } = await import(`${root}mod.ts`);
  const { open, UserType } = await import(`${root}src/objects/mod.ts`);
  const { Gc } = await import(`${root}src/gc/mod.ts`);
  using heap = createHeap({
    build: "free-threaded",
    maxBytes: 16 * 1024 * 1024,
  });
  const o = open(heap.core);
  const gc = new Gc(o);
  const type = UserType.define(o, "Queued", { fields: 1, refs: [0] });
  const op = UserType.create(o, type);
  heap.threads.detach();
  const second = attach(heap.handle);
  const other = open(second.core);
  second.threads.detach();
  heap.threads.attach();
  // The second worker drops it while the owner is attached: it is enqueued.
  const { m } = second.core;
  const { ThreadStates } = await import(`${root}src/threads/mod.ts`);
  ThreadStates.attach(m);
  other.lists = o.lists;
  other.decref(op);
  ThreadStates.detach(m);
  assertEquals(gc.getObjects(), [op]);
  o.decref(op); // that of getObjects()
  gc.freeze();
  gc.collect();
  gc.unfreeze();
  assertEquals(gc.getObjects(), []);
  const count = checkHeap(heap).blocks[2]; // OBJ
  heap.threads.detach();
  second.close();
  heap.threads.attach();
  return count;
}

Deno.test("a frozen object in a queue dies in the next collection (gh-142975)", async () => {
  assertEquals(await frozenInQueue(ROOT.href), 0);
});

Deno.test("planted: what is frozen is not deallocated after a merge (gh-142975)", async () => {
  const folder = await copyWith(
    COLLECTOR,
    "if (Biased.merge(m, op) === Biased.DEAD) dead.push(op);",
    "if (Biased.merge(m, op) === Biased.DEAD &&\n" +
      "  (m.i32[(op >>> 2) + PyObject.OB_GC_BITS] & GcBits.FROZEN) === 0) dead.push(op);",
  );
  try {
    assertEquals(await frozenInQueue(`file://${folder}/`), 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
