/**
 * What the package exports, frozen: a name that comes, goes or changes from a
 * value to a type changes this list, and is a line of the changelog.
 */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { CAPI } from "./capi/exports.ts";

/** Exports of `mod.ts`. */
const MOD = [
  "AccessorOf: typeAlias",
  "AddressInfo: class",
  "AddressState: typeAlias",
  "ArrayOf: class",
  "ArrayType: class",
  "BaseType: class",
  "Build: typeAlias",
  "CheckReport: interface",
  "DomainFilter: class",
  "DomainName: typeAlias",
  "F32Field: class",
  "F64Field: class",
  "FatalError: class",
  "Field: interface",
  "FieldType: typeAlias",
  "FieldValue: typeAlias",
  "FieldValues: typeAlias",
  "Filter: class",
  "Forgotten: interface",
  "FormatOptions: interface",
  "Frame: class",
  "GcCallback: typeAlias",
  "GcInfo: interface",
  "GcTriple: typeAlias",
  "GenerationStats: interface",
  "Handle: class",
  "HandleError: class",
  "HandleOf: typeAlias",
  "Heap: class",
  "HeapBuffer: interface",
  "HeapGc: class",
  "HeapHandle: interface",
  "HeapMark: class",
  "HeapObjects: class",
  "HeapOptions: interface",
  "HeapReports: class",
  "HeapStats: interface",
  "HeapUsage: interface",
  "I16Field: class",
  "I32Field: class",
  "I64Field: class",
  "I8Field: class",
  "ItemsOf: typeAlias",
  "KeyType: typeAlias",
  "LeakGroup: interface",
  "LeakOptions: interface",
  "LeakReport: class",
  "MallocName: typeAlias",
  "MemDomain: class",
  "MemPtr: typeAlias",
  "MemoryError: class",
  "ObjDomain: class",
  "ObjPtr: typeAlias",
  "PointerError: class",
  "PtrField: class",
  "PyAnySet: class",
  "PyBool: class",
  "PyBytes: class",
  "PyComplex: class",
  "PyDict: class",
  "PyFloat: class",
  "PyFrozenSet: class",
  "PyInstance: class",
  "PyInt: class",
  "PyList: class",
  "PyNone: class",
  "PyObject: class",
  "PySequence: class",
  "PySet: class",
  "PyStr: class",
  "PyTuple: class",
  "PyType: class",
  "PyWeakref: class",
  "RawDomain: class",
  "RawFrame: typeAlias",
  "RawPtr: typeAlias",
  "RawTrace: typeAlias",
  "RevokeReport: interface",
  "SIZE_MAX: variable",
  "ScalarType: class",
  "SetLike: typeAlias",
  "Share: interface",
  "ShareToken: interface",
  "Sized: interface",
  "Snapshot: class",
  "Statistic: class",
  "StatisticDiff: class",
  "StructAccessor: typeAlias",
  "StructFields: typeAlias",
  "StructType: class",
  "StructValue: typeAlias",
  "ThreadStateError: class",
  "ThreadStateName: typeAlias",
  "Threads: class",
  "ToJSOptions: interface",
  "Trace: class",
  "TraceFilter: interface",
  "Traceback: class",
  "Tracemalloc: class",
  "Traces: class",
  "TrimReport: interface",
  "Type: interface",
  "TypeFields: typeAlias",
  "TypeOptions: interface",
  "TypedPtr: typeAlias",
  "U16Field: class",
  "U32Field: class",
  "U64Field: class",
  "U8Field: class",
  "UnshareOptions: interface",
  "Usage: interface",
  "ValueOf: typeAlias",
  "Views: interface",
  "WorkerFilter: class",
  "alignof: function",
  "array: function",
  "attach: function",
  "checkHeap: function",
  "createHeap: function",
  "createViews: function",
  "f32: variable",
  "f64: variable",
  "i16: variable",
  "i32: variable",
  "i64: variable",
  "i8: variable",
  "memPtr: variable",
  "objPtr: variable",
  "offsetof: function",
  "ptr: variable",
  "rawPtr: variable",
  "sizeof: function",
  "struct: function",
  "u16: variable",
  "u32: variable",
  "u64: variable",
  "u8: variable",
];

/** The part of the JSON of `deno doc` that is read here. */
interface Doc {
  nodes: Record<
    string,
    { symbols: { name: string; declarations: { kind: string }[] }[] }
  >;
}

/** Exports of a file, as "name: kind", sorted. */
async function exportsOf(path: string): Promise<string[]> {
  const file = fileURLToPath(import.meta.resolve(path));
  const { success, stdout, stderr } = await new Deno.Command(
    Deno.execPath(),
    { args: ["doc", "--json", file] },
  ).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const doc: Doc = JSON.parse(new TextDecoder().decode(stdout));
  return Object.values(doc.nodes).flatMap(({ symbols }) =>
    symbols.map(({ name, declarations }) => `${name}: ${declarations[0].kind}`)
  ).sort();
}

Deno.test("mod.ts exports what it should, and nothing else", async () => {
  assertEquals(await exportsOf("../mod.ts"), MOD);
});

Deno.test("src/capi exports CPython's names, and what they need", async () => {
  const names = await exportsOf("../src/capi/mod.ts");
  const ofC = names.filter((name) =>
    /^(Py|_Py|PY|NULL|gcvisitobjects_t)/.test(name)
  );
  assertEquals(ofC, CAPI);
  const others = names.filter((name) => !ofC.includes(name));
  assertEquals(others.filter((name) => !MOD.includes(name)), []);
});
