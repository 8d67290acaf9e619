/**
 * `deno task bench`: measures this library and its controls.
 *
 * Each configuration (an allocator on a workload) runs in a process of its own,
 * all of them interleaved, round by round, so that a machine that becomes slower
 * meanwhile slows them all. Printed are medians, minima, and the medians of the
 * ratios within each round. See README.md in this folder.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ADAPTERS, SHARED, SINGLE } from "./adapter.ts";
import { machineFacts } from "./machine.ts";
import { findNative, type NativeControls } from "./native.ts";
import { recordReport } from "./record.ts";
import { readTrace, traceName } from "./trace_file.ts";
import { reportOf } from "./report.ts";
import type { Results, Sampled } from "./result.ts";

const ONE = new URL("./one.ts", import.meta.url).href;
const SHORTENED = "thi_ng: W3 is one batch and W4 400 steps, its free is slow.";
const TRACES = new URL("../tests/traces/", import.meta.url);
const WORKLOADS = [...SINGLE, ...SHARED, "replay"];
const PUBLISHED = ["obmalloc_ft", "obmalloc_gil"];

const HELP = `Usage: deno task bench [options]

  --rounds N         rounds over all configurations (5)
  --samples N        samples in each process (3)
  --quick            one round of one sample: a look, no figures to quote
  --only LIST        workloads: ${[...SINGLE, ...SHARED].join(",")},replay
  --adapters LIST    allocators, also of the domains: obmalloc_ft_mem, …_raw
  --trace FILE       a .pmtr or .pmtr.gz file to replay; may be repeated
                     (default: those in tests/traces)
  --libpython FILE   the libpython to compare with (default: 3.11 if there)
  --mimalloc FILE    the mimalloc to compare with
  --json FILE        write all samples
  --from FILE        measure nothing, report on such a file
  --record           put the report into bench/README.md
`;

const OPTIONS = {
  rounds: { type: "string" },
  samples: { type: "string" },
  quick: { type: "boolean", default: false },
  only: { type: "string" },
  adapters: { type: "string" },
  trace: { type: "string", multiple: true },
  libpython: { type: "string" },
  mimalloc: { type: "string" },
  json: { type: "string" },
  from: { type: "string" },
  record: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** One allocator on one workload. */
interface Configuration {
  readonly adapter: string;
  readonly workload: string;
  readonly command: string;
  readonly args: string[];
}

/** A trace: the file itself, and unpacked for the C program. */
interface TraceFile {
  readonly path: string;
  readonly unpacked: string;
}

function options() {
  return parseArgs({ args: Deno.args, options: OPTIONS }).values;
}

/** A count that was given, or the default. */
function count(name: string, given: string | undefined, usual: number): number {
  if (given === undefined) return usual;
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1 && value <= 64) return value;
  throw new RangeError(`Cannot take --${name} ${given}: not from 1 to 64`);
}

/** Names that were given, checked; `W5` stands for all that begin so. */
function namesOf(
  option: string,
  given: string | undefined,
  known: readonly string[],
): readonly string[] | undefined {
  return given?.split(",").flatMap((name) => {
    const found = known.filter((one) =>
      one === name || one.startsWith(`${name}x`)
    );
    if (found.length > 0) return found;
    throw new RangeError(
      `Cannot take --${option} ${name}: not one of ${known.join(", ")}`,
    );
  });
}

async function tracesOf(
  given: readonly string[] | undefined,
  folder: string,
): Promise<TraceFile[]> {
  const paths = [...given ?? []];
  if (given === undefined) {
    try {
      for await (const { name } of Deno.readDir(TRACES)) {
        if (!/\.pmtr(\.gz)?$/.test(name)) continue;
        paths.push(fileURLToPath(new URL(name, TRACES)));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const traces: TraceFile[] = [];
  for (const path of paths.sort()) {
    const unpacked = `${folder}/${traceName(path)}.pmtr`;
    await Deno.writeFile(unpacked, new Uint8Array(await readTrace(path)));
    traces.push({ path, unpacked });
  }
  return traces;
}

function denoCommand(
  adapter: string,
  samples: number,
  workload: string,
  trace: TraceFile | null,
): string[] {
  const what = trace === null
    ? ["--workload", workload]
    : ["--trace", trace.path];
  const fixed = ["run", "-A", "--quiet", ONE, "--json", "--adapter", adapter];
  return [Deno.execPath(), ...fixed, "--samples", `${samples}`, ...what];
}

async function measure(configuration: Configuration): Promise<Sampled> {
  const { command, args } = configuration;
  const env = { NO_COLOR: "1" };
  const run = new Deno.Command(command, { args, env });
  const { stdout, stderr } = await run.output();
  const text = new TextDecoder().decode(stdout).trim();
  if (text !== "") return JSON.parse(text);
  const reason = new TextDecoder().decode(stderr).trim();
  throw new Error(reason.split("\n")[0] || "the process ended without a word");
}

/** Puts a sample where it belongs; returns what is wrong with it. */
class Collector {
  readonly figures: Results["figures"] = {};
  readonly findings: string[] = [];
  readonly notes: string[] = [];
  readonly failed: Set<string> = new Set();
  readonly #sums: Map<string, string> = new Map();

  add(at: Configuration, round: number, sampled: Sampled): void {
    const name = `${at.adapter} ${at.workload}`;
    for (const [figure, ns] of Object.entries(sampled.figures)) {
      const row = this.figures[at.adapter] ??= {};
      (row[figure] ??= []).push({ round, ns, others: sampled.others });
    }
    for (const finding of sampled.findings) {
      this.findings.push(`${name}: ${finding}`);
    }
    // The slow control walks a shorter trace.
    if (at.adapter === "thi_ng") return;
    const key = Object.keys(sampled.figures).join() + sampled.sums.length;
    const sums = sampled.sums.join();
    const known = this.#sums.get(key) ?? sums;
    this.#sums.set(key, known);
    if (known !== sums) {
      this.findings.push(`${name}: sums ${sums} are not those of the others`);
    }
  }

  fail(at: Configuration, error: unknown): void {
    const name = `${at.adapter} ${at.workload}`;
    const reason = error instanceof Error ? error.message : String(error);
    this.failed.add(name);
    if (/^(obmalloc|capi)_/.test(at.adapter)) {
      this.findings.push(`${name}: ${reason}`);
    } else {
      this.notes.push(`${name} was not measured: ${reason}`);
    }
  }
}

function progress(text: string): void {
  if (!Deno.stderr.isTerminal()) return;
  Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}

/** All rounds; workload by workload, the allocators by turns. */
async function runRounds(
  configurations: readonly Configuration[],
  rounds: number,
): Promise<Collector> {
  const collector = new Collector();
  for (let round = 0; round < rounds; round++) {
    for (const workload of WORKLOADS) {
      const group = configurations.filter((c) => c.workload === workload);
      // Another one begins each round.
      const first = round % Math.max(1, group.length);
      for (const at of [...group.slice(first), ...group.slice(0, first)]) {
        const name = `${at.adapter} ${workload}`;
        if (collector.failed.has(name)) continue;
        progress(`round ${round + 1}/${rounds}  ${name}`);
        try {
          collector.add(at, round, await measure(at));
        } catch (error) {
          collector.fail(at, error);
        }
      }
    }
  }
  progress("");
  return collector;
}

/** The command as others would give it: files without their folders. */
function commandLine(): string {
  const args = Deno.args.map((arg) => arg.replace(/^.*[/\\]/, ""));
  return ["deno task bench", ...args].join(" ");
}

/** The adapters in the order in which they were named. */
function inOrder(
  figures: Results["figures"],
  configurations: readonly Configuration[],
): Results["figures"] {
  const names = new Set(configurations.map(({ adapter }) => adapter));
  const measured = [...names].filter((name) => name in figures);
  return Object.fromEntries(measured.map((name) => [name, figures[name]]));
}

/** All that was asked for, in the order in which it is reported. */
function planOf(
  values: ReturnType<typeof options>,
  native: NativeControls,
  traces: readonly TraceFile[],
  samples: number,
): Configuration[] {
  const known = [
    ...native.adapters.map(({ name }) => name),
    ...ADAPTERS.keys(),
  ];
  const wanted = namesOf("adapters", values.adapters, known) ??
    known.filter((name) =>
      !name.startsWith("obmalloc") || PUBLISHED.includes(name)
    );
  const only = namesOf("only", values.only, WORKLOADS) ?? WORKLOADS;
  const plan: Configuration[] = [];
  function add(
    adapter: string,
    runs: readonly string[],
    start: (workload: string, trace: TraceFile | null) => string[],
  ): void {
    if (!wanted.includes(adapter)) return;
    for (const workload of runs.filter((name) => only.includes(name))) {
      for (const trace of workload === "replay" ? traces : [null]) {
        const [command, ...args] = start(workload, trace);
        plan.push({ adapter, workload, command, args });
      }
    }
  }
  for (const { name, command, workloads } of native.adapters) {
    add(name, workloads, (workload, trace) => [
      ...command,
      trace === null ? workload : `replay:${traceName(trace.path)}`,
      `${samples}`,
      ...(trace === null ? [] : [trace.unpacked]),
    ]);
  }
  for (const [name, workloads] of ADAPTERS) {
    add(
      name,
      workloads,
      (workload, trace) => denoCommand(name, samples, workload, trace),
    );
  }
  return plan;
}

async function run(
  values: ReturnType<typeof options>,
  folder: string,
): Promise<Results> {
  const rounds = count("rounds", values.rounds, values.quick ? 1 : 5);
  const samples = count("samples", values.samples, values.quick ? 1 : 3);
  const { libpython, mimalloc } = values;
  const native = await findNative(folder, { libpython, mimalloc });
  const traces = await tracesOf(values.trace, folder);
  const plan = planOf(values, native, traces, samples);
  const facts = await machineFacts(native.versions);
  const collector = await runRounds(plan, rounds);
  const notes = [...native.notes, ...collector.notes];
  if ("thi_ng" in collector.figures) notes.push(SHORTENED);
  return {
    facts: { ...facts, rounds: `${rounds} of ${samples} samples` },
    command: commandLine(),
    notes,
    findings: collector.findings,
    figures: inOrder(collector.figures, plan),
  };
}

async function main(): Promise<number> {
  const values = options();
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const folder = await Deno.makeTempDir({ prefix: "obmalloc-bench-" });
  try {
    const results: Results = values.from === undefined
      ? await run(values, folder)
      : JSON.parse(await Deno.readTextFile(values.from));
    const report = reportOf(results);
    console.log(report);
    if (values.json !== undefined) {
      await Deno.writeTextFile(values.json, JSON.stringify(results));
    }
    if (values.record) await recordReport(report);
    return results.findings.length === 0 ? 0 : 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(2);
  }
}
