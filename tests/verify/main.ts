/**
 * The verification: all layers, one table.
 *
 * Each layer runs in a process of its own, so that one that hangs takes nothing
 * with it. Layers that need one core run two at a time, those with real workers
 * alone. Before a push, those that draw as much as they have time for come last
 * and share what is left of {@linkcode PUSH_SECONDS}.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { fuzzLayers } from "../fuzz/layers.ts";
import { modelLayers } from "../models/layers.ts";
import { mutantLayers } from "../mutants/layers.ts";
import { randomLayers } from "../random/layers.ts";
import { realLayers } from "../real/layers.ts";
import type { Assignment, Budget, Layer, Row } from "./layer.ts";
import { lineOf, summaryOf, tableOf } from "./table.ts";

const HELP = `Proves and tests the concurrent parts, and prints one table.

    deno task verify [options]
    deno task verify:nightly [options]

--layer NAMES   only these layers, with commas between (--list)
--only TEXT     only rows whose name contains this text
--seed N        seed of everything that is random (1; nightly: the day)
--nightly       the long budgets
--list          the layers
--json FILE     writes all rows
`;

/** Longest time for one layer. Milliseconds. */
const TIMEOUT_MS: Record<Budget, number> = {
  push: 480_000,
  nightly: 6 * 3_600_000,
};

/** Time for all layers before a push, on two cores. Seconds. */
const PUSH_SECONDS = 570;
/** The least that a layer gets that draws, however late it is. Seconds. */
const LEAST_SECONDS = 30;
/** The most that such a layer gets. Seconds. */
const MOST_SECONDS = 240;

/** Layers that need the whole machine. */
const ALONE: readonly Layer[] = [
  ...realLayers,
  ...mutantLayers,
  ...randomLayers,
];
/** All layers, in the order of the table. */
const LAYERS: readonly Layer[] = [...modelLayers, ...fuzzLayers, ...ALONE];

/** What one layer reported. */
interface Result {
  readonly layer: Layer;
  readonly rows: Row[];
}

/** Options of the command line. */
interface Options {
  readonly budget: Budget;
  readonly seed: number;
  readonly only: string;
  /** See `Assignment`. */
  readonly seconds?: number;
}

/** Runs one layer in this process and prints each row as JSON. */
async function runHere(layer: Layer, options: Options): Promise<void> {
  const assignment: Assignment = {
    ...options,
    report: (row) => console.log(`row ${JSON.stringify(row)}`),
  };
  await layer.run(assignment);
}

/** Arguments of the process that runs one layer. */
function argumentsFor(layer: Layer, options: Options): string[] {
  const { budget, seed, only, seconds } = options;
  return [
    "run",
    "-A",
    "--no-check",
    import.meta.filename!,
    "--child",
    layer.name,
    `--seed=${seed}`,
    `--only=${only}`,
    ...(budget === "nightly" ? ["--nightly"] : []),
    ...(seconds === undefined ? [] : [`--seconds=${seconds}`]),
  ];
}

/** Lines of a stream, as they come. */
async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncIterable<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Runs one layer in a process of its own. */
async function runApart(layer: Layer, options: Options): Promise<Result> {
  const start = performance.now();
  const rows: Row[] = [];
  const child = new Deno.Command(Deno.execPath(), {
    args: argumentsFor(layer, options),
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(
    () => child.kill("SIGKILL"),
    TIMEOUT_MS[options.budget],
  );
  const errors = new Response(child.stderr).text();
  for await (const line of linesOf(child.stdout)) {
    if (!line.startsWith("row ")) continue;
    const row: Row = JSON.parse(line.slice(4));
    rows.push(row);
    console.log(lineOf(layer.name, row));
  }
  const { success } = await child.status;
  clearTimeout(timer);
  const failed = rows.some((row) => !row.ok);
  if ((!success && !failed) || (rows.length === 0 && options.only === "")) {
    const row: Row = {
      name: `layer ${layer.name}`,
      ok: false,
      seconds: (performance.now() - start) / 1000,
      note: `The layer ended before its end\n${(await errors).slice(-2000)}`,
    };
    rows.push(row);
    console.log(lineOf(layer.name, row));
  }
  return { layer, rows };
}

/** Runs layers, so many at a time. */
async function runAll(
  layers: readonly Layer[],
  width: number,
  options: Options,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = [...layers];
  const lane = async () => {
    for (let it = queue.shift(); it !== undefined; it = queue.shift()) {
      results.push(await runApart(it, options));
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

/**
 * Runs all layers that are asked for: first those that need one core, then
 * those that need two, and last those that draw.
 */
async function runInOrder(
  layers: readonly Layer[],
  options: Options,
): Promise<Result[]> {
  const start = performance.now();
  const isDrawing = ({ share }: Layer) =>
    share !== undefined && options.budget === "push";
  const fixed = layers.filter((it) => !isDrawing(it));
  const results = [
    ...await runAll(fixed.filter((it) => !ALONE.includes(it)), 2, options),
    ...await runAll(fixed.filter((it) => ALONE.includes(it)), 1, options),
  ];
  const left = PUSH_SECONDS - (performance.now() - start) / 1000;
  for (const layer of layers.filter(isDrawing)) {
    const wanted = Math.floor(left * layer.share!);
    const seconds = Math.min(Math.max(wanted, LEAST_SECONDS), MOST_SECONDS);
    results.push(...await runAll([layer], 1, { ...options, seconds }));
  }
  return results;
}

/** The layers that are named, or all. */
function chosen(names: string | undefined): readonly Layer[] {
  if (names === undefined) return LAYERS;
  return names.split(",").map((name) => {
    const layer = LAYERS.find((it) => it.name === name);
    if (layer === undefined) {
      throw new RangeError(`Cannot verify "${name}": there is no such layer`);
    }
    return layer;
  });
}

/** Days since 1970: a seed that is new each night and can be repeated. */
function today(): number {
  return Math.floor(Date.now() / 86_400_000);
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      nightly: { type: "boolean", default: false },
      layer: { type: "string" },
      child: { type: "string" },
      only: { type: "string", default: "" },
      seed: { type: "string" },
      seconds: { type: "string" },
      json: { type: "string" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.list) {
    for (const { name, title } of LAYERS) console.log(name.padEnd(14), title);
    return 0;
  }
  const budget: Budget = values.nightly ? "nightly" : "push";
  const seed = Number(values.seed ?? (values.nightly ? today() : 1));
  const options: Options = {
    budget,
    seed,
    only: values.only,
    ...(values.seconds === undefined
      ? {}
      : { seconds: Number(values.seconds) }),
  };
  if (values.child !== undefined) {
    await runHere(chosen(values.child)[0], options);
    return 0;
  }
  const layers = chosen(values.layer);
  const start = performance.now();
  console.log(`seed ${seed}, ${budget}`);
  const results = (await runInOrder(layers, options))
    .sort((a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer));
  console.log(`\n${tableOf(results)}`);
  const seconds = (performance.now() - start) / 1000;
  console.log(`\n${summaryOf(results, seconds)}`);
  if (values.json !== undefined) {
    const rows = results.flatMap(({ layer, rows }) =>
      rows.map((row) => ({ layer: layer.name, ...row }))
    );
    Deno.writeTextFileSync(values.json, JSON.stringify(rows, null, 2));
  }
  return results.every(({ rows }) => rows.every((row) => row.ok)) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
