/**
 * What do objects cost, beside their memory and beside CPython's?
 *
 *     deno run -A bench/objects/run.ts [--rounds N] [--json]
 *
 * Floats, ints and tuples are made and dropped, all from free lists; references
 * taken and dropped; lists appended to and read; a dict read and written by
 * interned strings; a million live objects collected. Each build in a process
 * of its own, and, where there are a C compiler and the headers of a `python3`,
 * the same loops in C through the API of that CPython.
 *
 * Each round runs a slice of every loop; of each the fastest slice counts,
 * which is what is left where other programs use the machine. The first row
 * does nothing, the last is known to be slow: an atomic operation.
 *
 * Not shown: objects that do not come from free lists; other workers, for those
 * see `words.ts`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { outputOf } from "../native.ts";

/** Figures by the name of the loop. */
type Figures = Record<string, number>;

const PAIR = "malloc and free, 16 bytes";
const BUILDS = ["gil", "free-threaded"] as const;

/** Path of a file of this folder. */
function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Figures of a build of ours. */
async function ours(build: string, rounds: string): Promise<Figures> {
  const args = ["run", "-A", pathOf("one.ts"), build, rounds];
  const text = await outputOf(Deno.execPath(), args);
  if (text === null) throw new Error(`Cannot measure the build ${build}`);
  return JSON.parse(text);
}

/** Figures of the machine's CPython, or null if they cannot be had. */
async function cpython(rounds: string): Promise<Figures | null> {
  const flags = await outputOf("python3-config", [
    "--includes",
    "--embed",
    "--ldflags",
  ]);
  if (flags === null) return null;
  const folder = Deno.makeTempDirSync();
  try {
    const program = `${folder}/objects`;
    const words = flags.trim().split(/\s+/);
    const args = ["-O2", pathOf("objects.c"), ...words, "-o", program];
    if (await outputOf("cc", args) === null) return null;
    const text = await outputOf(program, [rounds]);
    return text === null ? null : JSON.parse(text);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A figure, and what it is in malloc-and-free pairs and in CPython's time. */
function cell(name: string, one: Figures, c: Figures | null): string {
  const ns = one[name];
  const isTime = name.endsWith("ms");
  const pairs = isTime ? "" : `${(ns / one[PAIR]).toFixed(2)}x`;
  const beside = c?.[name] ? `${(ns / c[name]).toFixed(2)}` : "";
  return ns.toFixed(1).padStart(9) + pairs.padStart(8) + beside.padStart(7);
}

function print(all: Record<string, Figures>, c: Figures | null): void {
  const columns = "ns   pairs  of C".padStart(24);
  const version = c === null ? "" : `CPython ${c.version}`;
  console.log("".padEnd(30) + version.padStart(14) + columns + columns);
  console.log("".padEnd(44) + BUILDS.map((b) => b.padStart(24)).join(""));
  for (const name of Object.keys(all.gil)) {
    const theirs = c?.[name]?.toFixed(1) ?? "";
    const cells = BUILDS.map((build) => cell(name, all[build], c)).join("");
    console.log(name.padEnd(30) + theirs.padStart(14) + cells);
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "300" },
    json: { type: "boolean", default: false },
  },
});
const c = await cpython(values.rounds);
const all: Record<string, Figures> = {};
for (const build of BUILDS) all[build] = await ours(build, values.rounds);
if (values.json) console.log(JSON.stringify({ cpython: c, ...all }));
else print(all, c);
if (c === null && !values.json) {
  console.log("No C compiler, or no headers of a python3: CPython is missing.");
}
