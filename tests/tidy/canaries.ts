/**
 * What each rule must find, and what it must leave alone.
 *
 * @module
 */

/** Files as path and text. */
type File = readonly [path: string, source: string];

/** What a rule is tried on. */
export interface Canary {
  /** Files with one finding each. */
  readonly bad: readonly File[];
  /** Files without any. */
  readonly good: readonly File[];
}

const HEAD = "/**\n * Pools.\n *\n * @module\n */\n";
const THREADS = "/**\n * Pools.\n *\n * ## Threads\n *   None.\n *\n" +
  " * @module\n */\n";

/** A function of that many lines. */
function longFunction(lines: number): string {
  return `function f() {${"\n".repeat(lines - 1)}}\n`;
}

/** A word that this file may not contain itself. */
function word(...parts: string[]): string {
  return parts.join("");
}

/** Canaries by the name of the rule. */
export const CANARIES: Readonly<Record<string, Canary>> = {
  "layers": {
    bad: [
      ["src/layout/a.ts", 'import * as B from "./b.ts";'],
      ["src/layout/a.ts", 'export * from "../errors.ts";'],
      ["src/errors.ts", 'import "./memory/mod.ts";'],
      ["src/memory/a.ts", 'import { x } from "../sync/mod.ts";'],
      ["src/raw/a.ts", 'import type { X } from "../pools/mod.ts";'],
      ["src/types/a.ts", 'import { x } from "../domains/mod.ts";'],
      ["src/pools/a.ts", 'export { x } from "../../mod.ts";'],
      ["src/face/a.ts", 'const x = await import("../capi/mod.ts");'],
      ["src/face/a.ts", 'import { x } from "../../workers/protocol.ts";'],
      ["mod.ts", 'import { x } from "./tests/helpers/prng.ts";'],
    ],
    good: [
      ["src/pools/a.ts", 'import { x } from "./b.ts";'],
      ["src/pools/a.ts", 'import { x } from "../raw/mod.ts";'],
      ["src/types/a.ts", 'import { x } from "../errors.ts";'],
      ["src/tools/a.ts", 'import { x } from "../../mod.ts";'],
      ["src/tools/a/b.ts", 'import { x } from "../../../workers/x.ts";'],
      ["mod.ts", 'export * from "./src/face/heap.ts";'],
    ],
  },
  "no-bare-import": {
    bad: [
      ["mod.ts", 'import "@std/assert";'],
      ["src/raw/a.ts", 'import "node:fs";'],
      ["src/raw/a.ts", 'export * from "https://x.y/z.ts";'],
      ["src/raw/a.ts", "const x = await import(name);"],
      ["src/tools/a.ts", 'import "jsr:@std/fmt";'],
    ],
    good: [
      ["src/raw/a.ts", 'import "../errors.ts";'],
      ["src/tools/a.ts", 'import "node:fs";'],
      ["tests/a.ts", 'import "@std/assert";'],
    ],
  },
  "layout-as-namespace": {
    bad: [
      ["src/raw/a.ts", 'import { COUNT } from "../layout/pool_record.ts";'],
      ["src/raw/a.ts", 'import * as pool from "../layout/pool_record.ts";'],
    ],
    good: [
      ["src/raw/a.ts", 'import * as Pool from "../layout/pool_record.ts";'],
    ],
  },
  "file-length": {
    bad: [["tests/a.ts", "1;\n".repeat(601)]],
    good: [["tests/a.ts", "1;\n".repeat(600)]],
  },
  "function-length": {
    bad: [
      ["src/a.ts", longFunction(71)],
      ["src/a.ts", `class A { m() {${"\n".repeat(70)}} }`],
      ["src/a.ts", `g(() => {${"\n".repeat(70)}});`],
    ],
    good: [["src/a.ts", longFunction(70)]],
  },
  "top-level-function": {
    bad: [
      ["src/a.ts", "const f = () => 1;"],
      ["src/a.ts", "const f = function () {};"],
    ],
    good: [["src/a.ts", "function f() { const g = () => 1; return g; }"]],
  },
  "module-doc": {
    bad: [
      ["src/a.ts", "const a = 1;"],
      ["src/a.ts", "/** Constant. */\nconst a = 1;\n/** @module */"],
    ],
    good: [["src/a.ts", HEAD], ["tests/a.ts", ""]],
  },
  "threads-section": {
    bad: [
      ["src/a.ts", `${HEAD}Atomics.load(i32, 0);`],
      ["src/a.ts", `${HEAD}function f(m: Memory) {}`],
    ],
    good: [
      ["src/a.ts", `${THREADS}Atomics.load(i32, 0);`],
      ["src/a.ts", `${THREADS}function f(m: Memory) {}`],
      ["src/a.ts", HEAD],
    ],
  },
  "export-doc": {
    bad: [
      ["src/a.ts", "export const a = 1;"],
      ["src/a.ts", "// Not a doc.\nexport function f() {}"],
    ],
    good: [
      ["src/a.ts", "/** One. */\nexport const a = 1;"],
      ["src/a.ts", 'export { b } from "./b.ts";'],
    ],
  },
  "erasable": {
    bad: [
      ["tests/a.ts", "enum A { B }"],
      ["tests/a.ts", "const enum A { B }"],
      ["tests/a.ts", "namespace A { export const b = 1; }"],
      ["tests/a.ts", "class A { constructor(readonly b: number) {} }"],
    ],
    good: [["tests/a.ts", "type A = 1; class B { readonly c = 1; }"]],
  },
  "no-default-export": {
    bad: [["src/a.ts", "export default 1;"]],
    good: [["src/a.ts", "export const a = 1;"]],
  },
  "no-double-cast": {
    bad: [["tests/a.ts", "const a = 1 as unknown as string;"]],
    good: [["tests/a.ts", "const a = 1 as unknown;"]],
  },
  "no-any": {
    bad: [["src/a.ts", "const a: any = 1;"]],
    good: [["src/a.ts", "const a: unknown = 1;"]],
  },
  "no-random": {
    bad: [["tests/a.ts", "Math.random();"]],
    good: [["tests/a.ts", "random.next();"]],
  },
  "no-console": {
    bad: [["src/raw/a.ts", 'console.log("x");']],
    good: [["src/tools/a.ts", 'console.log("x");']],
  },
  "no-bulk-access": {
    bad: [
      ["src/pools/a.ts", "i32.fill(0);"],
      ["src/face/a.ts", "m.u8.copyWithin(1, 2, 3);"],
      ["src/pools/a.ts", "m.u8.subarray(1);"],
      ["src/pools/a.ts", "m.u8.set(other, 1);"],
      ["src/raw/a.ts", "new DataView(m.buffer);"],
    ],
    good: [
      ["src/memory/a.ts", "m.f64.fill(0);"],
      ["src/tools/a.ts", "m.u8.subarray(1);"],
      ["src/face/a.ts", "current.set(id, core);"],
      ["src/pools/a.ts", "EvalBreaker.set(m, slot, 1);"],
    ],
  },
  "atomics-by-name": {
    bad: [
      ["src/a.ts", "const { load } = Atomics;"],
      ["src/a.ts", "const load = Atomics.load;"],
    ],
    good: [["src/a.ts", "const x = Atomics.load(i32, 0);"]],
  },
  "no-disabled-test": {
    bad: [
      ["tests/a.ts", 'Deno.test.ignore("a", f);'],
      ["tests/a.ts", 'it.only("a", f);'],
      ["tests/a.ts", "const a = { ignore: true };"],
    ],
    good: [["tests/a.ts", 'Deno.test("a", f);']],
  },
  "no-unfinished": {
    bad: [
      ["tests/a.ts", word("// TO", "DO: later")],
      ["src/a.ts", word("// FIX", "ME")],
      ["src/a.ts", `fail("${word("not imple", "mented")}");`],
    ],
    good: [["src/a.ts", "// Todos are things."]],
  },
};
