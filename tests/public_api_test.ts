/**
 * What the package exports, frozen: a name that comes, goes or changes from a
 * value to a type changes this list, and is a line of the changelog.
 */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

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
  "DomainName: typeAlias",
  "F32Field: class",
  "F64Field: class",
  "FatalError: class",
  "Field: interface",
  "HandleError: class",
  "Heap: class",
  "HeapBuffer: interface",
  "HeapHandle: interface",
  "HeapMark: class",
  "HeapOptions: interface",
  "HeapReports: class",
  "HeapStats: interface",
  "HeapUsage: interface",
  "I16Field: class",
  "I32Field: class",
  "I64Field: class",
  "I8Field: class",
  "ItemsOf: typeAlias",
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
  "RawDomain: class",
  "RawPtr: typeAlias",
  "RevokeReport: interface",
  "SIZE_MAX: variable",
  "ScalarType: class",
  "Sized: interface",
  "StructAccessor: typeAlias",
  "StructFields: typeAlias",
  "StructType: class",
  "StructValue: typeAlias",
  "ThreadStateError: class",
  "ThreadStateName: typeAlias",
  "Threads: class",
  "TrimReport: interface",
  "Type: interface",
  "TypedPtr: typeAlias",
  "U16Field: class",
  "U32Field: class",
  "U64Field: class",
  "U8Field: class",
  "Usage: interface",
  "ValueOf: typeAlias",
  "Views: interface",
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

/** C names of `src/capi/mod.ts`; the rest is what they need from mod.ts. */
const CAPI = [
  "NULL: variable",
  "PYMEM_ALLOCATOR_DEBUG: variable",
  "PYMEM_ALLOCATOR_DEFAULT: variable",
  "PYMEM_ALLOCATOR_MALLOC: variable",
  "PYMEM_ALLOCATOR_MALLOC_DEBUG: variable",
  "PYMEM_ALLOCATOR_MIMALLOC: variable",
  "PYMEM_ALLOCATOR_MIMALLOC_DEBUG: variable",
  "PYMEM_ALLOCATOR_NOT_SET: variable",
  "PYMEM_ALLOCATOR_PYMALLOC: variable",
  "PYMEM_ALLOCATOR_PYMALLOC_DEBUG: variable",
  "PYMEM_DOMAIN_MEM: variable",
  "PYMEM_DOMAIN_OBJ: variable",
  "PYMEM_DOMAIN_RAW: variable",
  "PY_SSIZE_T_MAX: variable",
  "PyErr_Clear: function",
  "PyErr_ExceptionMatches: function",
  "PyErr_GetRaisedException: function",
  "PyErr_NoMemory: function",
  "PyErr_Occurred: function",
  "PyErr_SetRaisedException: function",
  "PyEval_AcquireThread: function",
  "PyEval_ReleaseThread: function",
  "PyEval_RestoreThread: function",
  "PyEval_SaveThread: function",
  "PyExc_MemoryError: variable",
  "PyExceptionClass: typeAlias",
  "PyGILState_Check: function",
  "PyGILState_Ensure: function",
  "PyGILState_GetThisThreadState: function",
  "PyGILState_LOCKED: variable",
  "PyGILState_Release: function",
  "PyGILState_STATE: typeAlias",
  "PyGILState_UNLOCKED: variable",
  "PyInterpreterState: typeAlias",
  "PyInterpreterState_Get: function",
  "PyMemAllocatorEx: interface",
  "PyMemAllocatorOut: typeAlias",
  "PyMem_Calloc: function",
  "PyMem_DEL: function",
  "PyMem_Del: function",
  "PyMem_FREE: function",
  "PyMem_Free: function",
  "PyMem_GetAllocator: function",
  "PyMem_MALLOC: function",
  "PyMem_Malloc: function",
  "PyMem_NEW: function",
  "PyMem_New: function",
  "PyMem_REALLOC: function",
  "PyMem_RESIZE: function",
  "PyMem_RawCalloc: function",
  "PyMem_RawFree: function",
  "PyMem_RawMalloc: function",
  "PyMem_RawRealloc: function",
  "PyMem_Realloc: function",
  "PyMem_Resize: function",
  "PyMem_SetAllocator: function",
  "PyMem_SetupDebugHooks: function",
  "PyMutex: variable",
  "PyMutex_IsLocked: function",
  "PyMutex_Lock: function",
  "PyMutex_Unlock: function",
  "PyObject_Calloc: function",
  "PyObject_DEL: function",
  "PyObject_Del: function",
  "PyObject_FREE: function",
  "PyObject_Free: function",
  "PyObject_MALLOC: function",
  "PyObject_Malloc: function",
  "PyObject_REALLOC: function",
  "PyObject_Realloc: function",
  "PyThreadState: interface",
  "PyThreadState_Get: function",
  "PyThreadState_GetInterpreter: function",
  "PyThreadState_GetUnchecked: function",
  "PyThreadState_Swap: function",
  "Py_BEGIN_ALLOW_THREADS: function",
  "Py_BLOCK_THREADS: function",
  "Py_END_ALLOW_THREADS: function",
  "Py_FatalError: function",
  "Py_Finalize: function",
  "Py_FinalizeEx: function",
  "Py_Initialize: function",
  "Py_IsInitialized: function",
  "Py_UNBLOCK_THREADS: function",
  "_PyMem_DebugEnabled: function",
  "_PyMem_GetAllocatorName: function",
  "_PyMem_GetCurrentAllocatorName: function",
  "_PyMem_IsPtrFreed: function",
  "_PyObject_DebugDumpAddress: function",
  "_PyObject_DebugMallocStats: function",
  "_Py_GetGlobalAllocatedBlocks: function",
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
  const ofC = names.filter((name) => /^(Py|_Py|PY|NULL)/.test(name));
  assertEquals(ofC, CAPI);
  const others = names.filter((name) => !ofC.includes(name));
  assertEquals(others.filter((name) => !MOD.includes(name)), []);
});
