/**
 * CPython's `Lib/test/test_gc.py`, names as there, at the C face; what is a
 * function of the module `gc` in Python is a method of the collector.
 *
 * Instances of classes are objects of a type with one reference.
 *
 * Not here:
 * - what wants Python code: test_newstyleclass, test_method, test_function,
 *   test_function_tp_clear_leaves_consistent_state, test_frame, test_boom,
 *   test_boom2, test_boom_new, test_boom2_new, test_bug21435, test_ast_fini,
 *   test_get_referents_on_capsule, and all that run a script until its end
 *   (test_garbage_at_shutdown, test_gc_main_module_at_shutdown and so on:
 *   objects outlive a worker here);
 * - `tp_del`: test_legacy_finalizer, test_legacy_finalizer_newclass. There are
 *   finalizers only, and nothing is uncollectable;
 * - IncrementalGCTests: of the collector that CPython has taken back.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { FatalError, type Heap } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { DEBUG_SAVEALL, type Gc } from "../../src/gc/mod.ts";
import { objectsOf } from "../../src/gc/open.ts";
import { FreeLists } from "../../src/objects/mod.ts";
import { eachBuild } from "../capi/fixture.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { withWorkers } from "./objects_fleet.ts";

const { NULL } = C;

/** Declares a test that has a collector. */
function gcTest(name: string, test: (gc: Gc, heap: Heap) => void): void {
  eachBuild(name, (heap) => {
    const { gc } = objectsOf(heap.core)!;
    gc.collect();
    test(gc, heap);
    gc.collect();
    for (const op of gc.garbage.splice(0)) C.Py_DECREF(op);
    gc.debug = 0;
    gc.setThreshold(2000, 10, 10);
    gc.collect();
  });
}

/** A class with `self.attr`. */
function classOf(
  name: string,
  finalize?: (self: number) => void,
): number {
  const attr = {
    name: "attr",
    type: C.Py_T_OBJECT_EX,
    offset: 0,
    flags: C.Py_RELATIVE_OFFSET,
  };
  const slots: C.PyType_Slot[] = [{ slot: C.Py_tp_members, pfunc: [attr] }];
  if (finalize) slots.push({ slot: C.Py_tp_finalize, pfunc: finalize });
  const flags = C.Py_TPFLAGS_HAVE_GC | C.Py_TPFLAGS_MANAGED_WEAKREF;
  return C.PyType_FromSpec({ name, basicsize: -4, flags, slots });
}

/** Python: `op.attr = value`. */
function setAttr({ i32 }: Heap, op: number, value: number): void {
  const word = C.PyObject_GetTypeData(op, C.Py_TYPE(op)) >>> 2;
  C.Py_XSETREF(i32, word, C.Py_XNewRef(value));
}

/** An instance that refers to itself. The reference is the caller's. */
function selfCycle(heap: Heap, type: number): number {
  const op = C.PyType_GenericNew(type);
  setAttr(heap, op, op);
  return op;
}

function drop(...ops: readonly number[]): void {
  ops.forEach(C.Py_DECREF);
}

gcTest("test_list", (gc) => {
  const l = C.PyList_New(0);
  C.PyList_Append(l, l);
  gc.collect();
  drop(l);
  assertEquals(gc.collect(), 1);
});

gcTest("test_dict", (gc) => {
  const d = C.PyDict_New();
  C.PyDict_SetItem(d, C.PyLong_FromLong(1), d);
  gc.collect();
  drop(d);
  assertEquals(gc.collect(), 1);
});

gcTest("test_tuple", (gc) => {
  const l = C.PyList_New(0);
  const t = C.PyTuple_Pack(1, l);
  C.PyList_Append(l, t);
  gc.collect();
  drop(t, l);
  assertEquals(gc.collect(), 2);
});

gcTest("test_instance", (gc, heap) => {
  const a = selfCycle(heap, classOf("A"));
  gc.collect();
  drop(a);
  assertEquals(gc.collect(), 1);
});

gcTest("test_newinstance", (gc, heap) => {
  // a.a = a; a.b = B(); the list stands for the second attribute.
  const a = C.PyType_GenericNew(classOf("A"));
  const l = C.PyList_New(0);
  setAttr(heap, a, l);
  C.PyList_Append(l, a);
  drop(l, a);
  assertEquals(gc.collect(), 2);
});

gcTest("test_saveall", (gc) => {
  const l = C.PyList_New(0);
  C.PyList_Append(l, l);
  gc.debug = DEBUG_SAVEALL;
  drop(l);
  gc.collect();
  gc.debug = 0;
  assertEquals(gc.garbage, [l]);
  assertEquals(C.PyList_Size(l), 1);
  gc.garbage.length = 0;
  drop(l);
  assertEquals(gc.collect(), 1);
});

gcTest("test_del", (gc, heap) => {
  // Allocations during a collection schedule no other one that hangs.
  gc.setThreshold(40);
  gc.enable();
  const type = classOf("Del", () => drop(C.PyList_New(0)));
  drop(C.PyType_GenericNew(type));
  for (let k = 0; k < 1000; k++) drop(selfCycle(heap, type));
  heap.threads.safePoint();
  gc.disable();
  gc.collect();
});

gcTest("test_get_count", (gc, heap) => {
  FreeLists.clear(objectsOf(heap.core)!.objects);
  gc.collect();
  const [a, b, c] = gc.getCount();
  assert(a < 5);
  assertEquals([b, c], [0, 0]);
  const x = C.PyList_New(0);
  assert(gc.getCount()[0] > a);
  drop(x);
});

gcTest("test_collect_generations", (gc) => {
  gc.collect();
  const x = C.PyList_New(0);
  gc.collect(0);
  const isGil = gc.getCount()[1] === 1;
  if (isGil) {
    assertEquals(gc.getCount().slice(1), [1, 0]);
    gc.collect(1);
    assertEquals(gc.getCount().slice(1), [0, 1]);
    gc.collect(2);
    assertEquals(gc.getCount().slice(1), [0, 0]);
  } else assertEquals(gc.getCount().slice(1), [0, 0]);
  drop(x);
});

gcTest("test_trashcan", (_gc, heap) => {
  // Deep nesting dies without deep recursion, in objects of all kinds.
  const type = classOf("Ouch");
  let op = C.PyList_New(0);
  for (let k = 0; k < 20_000; k++) {
    let outer = NULL;
    if (k % 4 === 0) outer = C.PyTuple_Pack(1, op);
    else if (k % 4 === 1) {
      outer = C.PyList_New(1);
      C.PyList_SetItem(outer, 0, C.Py_NewRef(op));
    } else if (k % 4 === 2) {
      outer = C.PyDict_New();
      C.PyDict_SetItem(outer, C.Py_None(), op);
    } else {
      outer = C.PyType_GenericNew(type);
      setAttr(heap, outer, op);
    }
    drop(op);
    op = outer;
  }
  drop(op);
});

for (const build of BUILDS) {
  Deno.test(`test_trashcan_threads (${build})`, async () => {
    await withWorkers(build, 3, async ({ run }) => {
      const task = ["nest", 0, 10] as const;
      await run(task, task, task);
    });
  });
}

gcTest("test_get_referents", (gc) => {
  const a = C.PyList_New(0);
  for (const value of [1, 3, 5]) {
    C.PyList_Append(a, C.PyLong_FromLong(value));
  }
  const numbers = (ops: number[]) => {
    const values = ops.map((op) =>
      C.PyLong_Check(op) ? C.PyLong_AsLong(op) : -1
    );
    drop(...ops);
    return values.toSorted((x, y) => x - y);
  };
  assertEquals(numbers(gc.getReferents(a)), [1, 3, 5]);
  const b = C.PyTuple_Pack(1, C.PyLong_FromLong(2));
  assertEquals(numbers(gc.getReferents(a, b)), [1, 2, 3, 5]);
  const d = C.PyDict_New();
  C.PyDict_SetItem(d, C.PyLong_FromLong(7), C.PyLong_FromLong(8));
  assertEquals(numbers(gc.getReferents(d)), [7, 8]);
  assertEquals(gc.getReferents(C.PyLong_FromLong(1)), []);
  assertEquals(gc.getReferents(), []);
  drop(a, b, d);
});

gcTest("test_is_tracked", (gc) => {
  const atoms = [
    C.Py_None(),
    C.PyLong_FromLong(1),
    C.PyFloat_FromDouble(1),
    C.PyComplex_FromDoubles(1, 5),
    C.Py_True(),
    C.PyUnicode_FromString("a"),
    C.PyBytes_FromString("a"),
    C.PyList_Type(),
  ];
  const plain = C.PyType_FromSpec({ name: "object", basicsize: 0, slots: [] });
  const object = C.PyObject_New(plain);
  for (const op of [...atoms, object]) assert(!gc.isTracked(op));
  const containers = [
    C.PyType_GenericNew(classOf("UserClass")),
    C.PyList_New(0),
    C.PySet_New(NULL),
    C.PyDict_New(),
  ];
  for (const op of containers) assert(gc.isTracked(op));
  drop(...atoms, object, ...containers);
});

gcTest("test_track_literals, test_track_dynamic (test_tuple.py)", (gc) => {
  // The collector forgets tuples of what it need not look after.
  const list = C.PyList_New(0);
  const atoms = C.PyTuple_Pack(2, C.Py_None(), C.PyLong_FromLong(5));
  const nested = C.PyTuple_Pack(1, atoms);
  const mixed = C.PyTuple_Pack(2, atoms, list);
  assert(!gc.isTracked(C.PyTuple_New(0)));
  for (const op of [atoms, nested, mixed]) assert(gc.isTracked(op));
  gc.collect();
  gc.collect();
  assert(!gc.isTracked(atoms));
  assert(!gc.isTracked(nested));
  assert(gc.isTracked(mixed));
  drop(atoms, nested, mixed, list);
});

gcTest("test_is_finalized", (gc, heap) => {
  const storage: number[] = [];
  const type = classOf("Lazarus", (self) => {
    C.Py_INCREF(self);
    storage.push(self);
  });
  const lazarus = selfCycle(heap, type);
  assert(!gc.isFinalized(lazarus));
  drop(lazarus);
  gc.collect();
  assertEquals(storage, [lazarus]);
  assert(gc.isFinalized(lazarus));
  const list = C.PyList_New(0);
  assert(!gc.isFinalized(list));
  assert(!gc.isFinalized(C.PyLong_FromLong(3)));
  drop(list, lazarus);
});

gcTest("test_get_stats", (gc) => {
  const stats = gc.getStats();
  for (const row of stats) {
    const { collections, collected, uncollectable } = row;
    for (const value of [collections, collected, uncollectable]) {
      assert(Number.isInteger(value) && value >= 0);
    }
  }
  gc.collect(0);
  const young = gc.getStats();
  assertEquals(young[0].collections, stats[0].collections + 1);
  gc.collect(2);
  const full = gc.getStats();
  assertEquals(full[2].collections, young[2].collections + 1);
  assertEquals(full[0].collections, young[0].collections);
  const op = C.PyList_New(0);
  C.PyList_Append(op, op);
  drop(op);
  gc.collect();
  assertEquals(gc.getStats()[2].collected, full[2].collected + 1);
});

gcTest("test_freeze", (gc) => {
  const list = C.PyList_New(0);
  gc.freeze();
  assert(gc.getFreezeCount() > 0);
  C.PyList_Append(list, list);
  drop(list);
  assertEquals(gc.collect(), 0);
  gc.unfreeze();
  assertEquals(gc.getFreezeCount(), 0);
  assertEquals(gc.collect(), 1);
});

/** Whether an object is among some, whose references are dropped. */
function isIn(op: number, found: number[]): boolean {
  drop(...found);
  return found.includes(op);
}

gcTest("test_get_objects", (gc) => {
  gc.collect();
  const l = C.PyList_New(0);
  C.PyList_Append(l, l);
  assert(isIn(l, gc.getObjects()));
  C.PyList_Clear(l);
  drop(l);
});

gcTest("test_get_objects_generations", (gc, heap) => {
  gc.collect();
  const l = C.PyList_New(0);
  C.PyList_Append(l, l);
  const where = () => [0, 1, 2].map((g) => isIn(l, gc.getObjects(g)));
  if (heap.build === "gil") {
    assertEquals(where(), [true, false, false]);
    gc.collect(0);
    assertEquals(where(), [false, true, false]);
    gc.collect(1);
    assertEquals(where(), [false, false, true]);
    gc.collect(2);
    assertEquals(where(), [false, false, true]);
  } else assertEquals(where(), [true, true, true]);
  drop(l);
});

gcTest("test_get_objects_arguments", (gc) => {
  gc.collect();
  for (const generation of [-1, 3, 1000, 0.5]) {
    assertThrows(() => gc.getObjects(generation), RangeError, "generation");
  }
  // The compiler would not let it through; JavaScript does.
  assertThrows(() => gc.getObjects("1" as never), RangeError);
});

gcTest("test_resurrection_only_happens_once_per_object", (gc, heap) => {
  let resurrected = 0;
  let global = NULL;
  const type = classOf("Lazarus", (self) => {
    resurrected++;
    global = C.Py_NewRef(self);
  });
  drop(selfCycle(heap, type));
  assertEquals(resurrected, 0);
  gc.collect();
  assertEquals(resurrected, 1);
  assert(gc.isFinalized(global));
  drop(global);
  gc.collect();
  assertEquals(resurrected, 1);
});

gcTest("test_resurrection_is_transitive", (gc, heap) => {
  let lazarus = NULL;
  const type = classOf("Lazarus", (self) => lazarus = C.Py_NewRef(self));
  const a = C.PyType_GenericNew(type);
  const cargo = C.PyType_GenericNew(classOf("Cargo"));
  setAttr(heap, a, cargo);
  setAttr(heap, cargo, a);
  drop(a, cargo);
  assertEquals(gc.collect(), 0);
  assertEquals(lazarus, a);
  assert(isIn(cargo, gc.getReferents(a)));
  assertEquals(C.Py_REFCNT(cargo), 1);
  drop(lazarus);
  assertEquals(gc.collect(), 2);
});

gcTest(
  "test_resurrection_does_not_block_cleanup_of_other_objects",
  (gc, heap) => {
    const N = 100;
    const zs: number[] = [];
    const zombie = classOf("Zombie", (self) => zs.push(C.Py_NewRef(self)));
    const plain = classOf("Plain");
    for (let k = 0; k < N; k++) drop(selfCycle(heap, plain));
    assertEquals(gc.collect(), N);
    // One that comes back among many that do not.
    for (let k = 0; k < N; k++) drop(selfCycle(heap, plain));
    drop(selfCycle(heap, zombie));
    assertEquals(gc.collect(), N);
    assertEquals(zs.length, 1);
    drop(...zs);
    assertEquals(gc.collect(), 1);
  },
);

/** Notes what callbacks are told. */
function watch(gc: Gc): string[] {
  const seen: string[] = [];
  gc.callbacks.push((phase, { generation, collected, uncollectable }) => {
    seen.push(`${phase} ${generation} ${collected} ${uncollectable}`);
  });
  return seen;
}

gcTest("GCCallbackTests.test_collect", (gc) => {
  const seen = watch(gc);
  gc.collect();
  assertEquals(seen, ["start 2 0 0", "stop 2 0 0"]);
  gc.callbacks.length = 0;
});

gcTest("GCCallbackTests.test_collect_generation", (gc) => {
  const seen = watch(gc);
  gc.collect(1);
  assertEquals(seen.map((text) => text.slice(0, 7)), ["start 1", "stop 1 "]);
  gc.callbacks.length = 0;
});

gcTest("GCCallbackTests.test_collect_garbage", (gc) => {
  const seen = watch(gc);
  for (let k = 0; k < 2; k++) {
    const l = C.PyList_New(0);
    C.PyList_Append(l, l);
    drop(l);
  }
  gc.collect();
  assertEquals(seen.at(-1), "stop 2 2 0");
  gc.callbacks.length = 0;
});

gcTest("GCCallbackTests.test_refcount_errors", (gc) => {
  const a = C.PyList_New(0);
  const b = C.PyList_New(0);
  C.PyList_Append(a, b);
  C.PyList_Append(b, a);
  C.Py_SET_REFCNT(a, 1); // the caller's is not there any more
  C.PyList_Append(b, a);
  C.Py_SET_REFCNT(a, 1);
  const error = assertThrows(() => gc.collect(), FatalError);
  assert(error.message.includes("refcount is too small"), error.message);
  C.Py_SET_REFCNT(a, 3);
  drop(a, b);
  assertEquals(gc.collect(), 2);
});

gcTest("GCTogglingTests.test_bug1055820c", (gc, heap) => {
  // Two cycles, and a weak reference that only one of them has to the other.
  const type = classOf("C1055820");
  const c0 = selfCycle(heap, type);
  const c1 = selfCycle(heap, type);
  gc.collect();
  const c2 = C.PyType_GenericNew(type);
  const holder = C.PyList_New(0);
  setAttr(heap, c2, holder);
  C.PyList_Append(holder, c2);
  let calls = 0;
  const ref = C.PyWeakref_NewRef(c0, () => calls++);
  C.PyList_Append(holder, ref);
  drop(ref, c0, c1, c2, holder);
  // The weak reference is garbage, too: its callback is not called.
  gc.collect();
  assertEquals(calls, 0);
});

gcTest("GCTogglingTests.test_bug1055820d", (gc, heap) => {
  const type = classOf("C1055820");
  const c0 = selfCycle(heap, type);
  let calls = 0;
  const ref = C.PyWeakref_NewRef(c0, () => calls++);
  drop(c0);
  gc.collect();
  assertEquals(calls, 1);
  assertEquals(C.PyWeakref_IsDead(ref), 1);
  drop(ref);
});

gcTest("test_indirect_calls_with_gc_disabled", (gc, heap) => {
  const before = gc.getStats();
  const objects = Array.from({ length: 1000 }, () => C.PyList_New(0));
  heap.threads.safePoint();
  drop(...objects);
  gc.disable();
  for (const threshold of [1, 1000]) {
    gc.setThreshold(threshold, 0, 0);
    for (let k = 0; k < 2000; k++) {
      const list = C.PyList_New(0);
      C.PyList_Append(list, list);
      drop(list);
    }
    heap.threads.safePoint();
  }
  assertEquals(gc.getStats(), before);
  assertEquals(C.PyGC_Collect(), 0);
  assertEquals(gc.collect(), 4000);
});

gcTest(
  "test_bug_dead_callback (test_weakref.py, callbacks in cycles)",
  (gc, heap) => {
    const type = classOf("C");
    let calls = 0;
    // The weak reference is in the cycle of what it names: no call.
    const c = C.PyType_GenericNew(type);
    const list = C.PyList_New(0);
    setAttr(heap, c, list);
    const ref = C.PyWeakref_NewRef(c, () => calls++);
    C.PyList_Append(list, ref);
    C.PyList_Append(list, c);
    drop(ref, list, c);
    gc.collect();
    assertEquals(calls, 0);
  },
);
