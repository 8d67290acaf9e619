/**
 * A living Python as an oracle: the same calls by ctypes, and what
 * `sys._debugmallocstats()` says of each size class before and after.
 *
 *     deno run -A tests/fuzz/differential/python.ts SEED CALLS
 *
 * The interpreter allocates as well, so that only blocks in use are compared,
 * in classes where a script that does nothing changes nothing. Places, pools
 * and arenas: see oracle.ts.
 *
 * @module
 */

import { createHeap } from "../../../mod.ts";
import { countArenas } from "../../../src/check/mod.ts";
import { SizeClasses } from "../../../src/pools/mod.ts";
import { Prng } from "../../helpers/prng.ts";

/** Classes above this size are seldom used by an idle interpreter. Bytes. */
const QUIET_FROM = 288;

/** Reads sizes, one call a line: `size` allocates, `-k` frees the k-th block. */
const PROGRAM = `import ctypes, sys, os
api = ctypes.pythonapi
malloc, free = api.PyObject_Malloc, api.PyObject_Free
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
free.restype, free.argtypes = None, [ctypes.c_void_p]
calls = [int(line) for line in sys.stdin]
blocks = [0] * (len(calls) + 1)
def run(calls, blocks):
    n = 0
    for call in calls:
        if call > 0:
            n += 1
            blocks[n] = malloc(call)
        else:
            free(blocks[-call])
run([1, -1], [0, 0, 0])
def show(what):
    sys.stderr.flush()
    os.write(2, what)
    sys._debugmallocstats()
show(b"@before\\n")
show(b"@before\\n")
run([], blocks)
show(b"@idle\\n")
run(calls, blocks)
show(b"@after\\n")
os.write(2, b"@end\\n")
`;

/** Blocks in use of each class in a report. Counts. */
function blocksOf(report: string): number[] {
  const blocks = new Array<number>(SizeClasses.SMALL_CLASSES).fill(0);
  for (const line of report.split("\n")) {
    const row = /^ *(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$/.exec(line);
    if (row !== null) blocks[Number(row[1])] = Number(row[4]);
  }
  return blocks;
}

/** A script: sizes above 0 allocate, below 0 free the block of that number. */
export function script(seed: number, calls: number): number[] {
  const random = new Prng(seed, 99);
  const live: number[] = [];
  const lines: number[] = [];
  let allocated = 0;
  for (let call = 0; call < calls; call++) {
    if (live.length === 0 || random.chance(60)) {
      lines.push(QUIET_FROM + 1 + random.below(512 - QUIET_FROM));
      live.push(++allocated);
    } else lines.push(-live.splice(random.below(live.length), 1)[0]);
  }
  return lines;
}

/** Blocks in use of each class after the script, here. Counts. */
function runHere(lines: readonly number[]): readonly number[] {
  using heap = createHeap({ build: "gil", maxBytes: 256 * 1024 * 1024 });
  const blocks: number[] = [0];
  for (const line of lines) {
    if (line > 0) blocks.push(heap.obj.malloc(line));
    else (heap.obj as { free(block: number): void }).free(blocks[-line]);
  }
  return [...countArenas(heap.core.m).blocks];
}

/** What Python printed between two marks. */
function between(text: string, from: string, to: string): string {
  return text.slice(text.lastIndexOf(from), text.lastIndexOf(to));
}

/** Runs the script in Python. Returns its reports, or `undefined`. */
async function runThere(lines: readonly number[]): Promise<string | undefined> {
  try {
    const child = new Deno.Command("python3", {
      args: ["-c", PROGRAM],
      stdin: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(lines.join("\n")));
    await writer.close();
    const { success, stderr } = await child.output();
    return success ? new TextDecoder().decode(stderr) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Classes that differ, a line each; or why nothing was compared. `spoil`
 * changes the script that is run here, for canaries.
 */
export async function compareStats(
  seed: number,
  calls: number,
  spoil: (lines: number[]) => number[] = (lines) => lines,
): Promise<{ note: string; isCompared: boolean; classes: number }> {
  const lines = script(seed, calls);
  const text = await runThere(lines);
  if (text === undefined) {
    return { note: "skipped: no python3", isCompared: false, classes: 0 };
  }
  const before = blocksOf(between(text, "@before", "@idle"));
  const idle = blocksOf(between(text, "@idle", "@after"));
  const after = blocksOf(between(text, "@after", "@end"));
  const here = runHere(spoil(lines));
  const faults: string[] = [];
  let classes = 0;
  for (let k = 0; k < SizeClasses.SMALL_CLASSES; k++) {
    if (SizeClasses.blockSize(k) <= QUIET_FROM || before[k] !== idle[k]) {
      continue;
    }
    classes++;
    if (after[k] - idle[k] === here[k]) continue;
    faults.push(`class ${k}: ${after[k] - idle[k]} blocks, here ${here[k]}`);
  }
  return { note: faults.join("; "), isCompared: true, classes };
}

if (import.meta.main) {
  const [seed, calls] = Deno.args.map(Number);
  console.log(await compareStats(seed, calls));
}
