/**
 * Arguments of the command-line tools: one table per tool says what it takes,
 * and the parser, the types of the values and the help text follow from it.
 *
 * ```ts ignore
 * const TOOL = {
 *   name: "replay",
 *   summary: "Replay an allocation trace.",
 *   operands: ["FILE"],
 *   options: {
 *     build: choice(["gil", "free-threaded"], "gil", "Which build to use"),
 *     rounds: integer({ min: 1, max: 1000 }, 3, "Timed rounds"),
 *     json: flag("Print one JSON object"),
 *   },
 * };
 * if (import.meta.main) Deno.exit(await runTool(TOOL, main, Deno.args));
 * ```
 *
 * ## Invariants
 *   A1  a tool ends with {@linkcode OK}, {@linkcode FAILED} or
 *       {@linkcode MISUSED}, and with nothing else
 *   A2  what the user typed wrong is named, never answered with a stack trace
 *
 * ## Not here
 *   Anything about heaps. This file touches no shared memory.
 *
 * @module
 */

import { parseArgs } from "node:util";

/** Exit code: the tool did what was asked and found nothing wrong. */
export const OK = 0;
/** Exit code: the tool found a fault, or could not do its work. */
export const FAILED = 1;
/** Exit code: the command line makes no sense. */
export const MISUSED = 2;

/** A command line that makes no sense; the text says which part. */
export class UsageError extends Error {
  /** Always `"UsageError"`. */
  override readonly name = "UsageError";
}

/** One option of a tool: how its text becomes a value, and its help. */
export interface Option<T> {
  /** What stands for the value in the help text; empty for a switch. */
  readonly placeholder: string;
  /** One phrase for the help text. */
  readonly help: string;
  /** The value if the option is not given. */
  readonly fallback: T;
  /** The value of a text; throws {@linkcode UsageError}. */
  read(text: string, name: string): T;
}

/** The options of a tool by name, without the leading dashes. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** What a tool takes from its command line. */
export interface Tool<O extends Options> {
  /** Name of the task, for the usage line. */
  readonly name: string;
  /** One sentence for the help text. */
  readonly summary: string;
  /** Operands in order; a name in brackets may be left out. */
  readonly operands: readonly string[];
  /** Options by name. */
  readonly options: O;
}

/** Values of all options, given or not. */
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

/** A command line that made sense. */
export interface Arguments<O extends Options> {
  /** Values of all options, given or not. */
  readonly values: Values<O>;
  /** Operands in order. */
  readonly operands: readonly string[];
  /** Whether `--help` was among the options. */
  readonly help: boolean;
}

/** A switch: off unless given. */
export function flag(help: string): Option<boolean> {
  return { placeholder: "", help, fallback: false, read: () => true };
}

/** Any text, such as the name of a file. */
export function text<F extends string | undefined>(
  placeholder: string,
  fallback: F,
  help: string,
): Option<string | F> {
  return { placeholder, help, fallback, read: (given) => given };
}

/** One of a few words. */
export function choice<const C extends string, F extends C | undefined>(
  choices: readonly C[],
  fallback: F,
  help: string,
): Option<C | F> {
  function read(given: string, name: string): C {
    const found = choices.find((each) => each === given);
    if (found !== undefined) return found;
    const list = choices.join(", ");
    throw new UsageError(
      `Cannot set --${name} to "${given}": expected one of ${list}`,
    );
  }
  return { placeholder: choices.join("|"), help, fallback, read };
}

/** Bounds of a number, both included. */
export interface Bounds {
  /** Smallest value. */
  readonly min: number;
  /** Largest value. */
  readonly max: number;
}

function bounded(value: number, what: string, bounds: Bounds): number {
  if (value >= bounds.min && value <= bounds.max) return value;
  throw new UsageError(
    `Cannot set ${what}: expected a number from ${bounds.min} to ${bounds.max}`,
  );
}

/** A whole number in decimal digits. */
export function integer<F extends number | undefined>(
  bounds: Bounds,
  fallback: F,
  help: string,
): Option<number | F> {
  function read(given: string, name: string): number {
    const digits = /^-?\d{1,15}$/.test(given);
    const value = digits ? Number(given) : NaN;
    return bounded(value, `--${name} to "${given}"`, bounds);
  }
  return { placeholder: "N", help, fallback, read };
}

/** A number with or without a fraction, such as a count of seconds. */
export function real<F extends number | undefined>(
  bounds: Bounds,
  fallback: F,
  help: string,
): Option<number | F> {
  function read(given: string, name: string): number {
    const decimal = /^-?\d{1,15}(\.\d{1,15})?$/.test(given);
    const value = decimal ? Number(given) : NaN;
    return bounded(value, `--${name} to "${given}"`, bounds);
  }
  return { placeholder: "N", help, fallback, read };
}

function tokens(options: Options, args: readonly string[]) {
  const config: Record<string, { type: "boolean" | "string" }> = {
    help: { type: "boolean" },
  };
  for (const [name, option] of Object.entries(options)) {
    config[name] = { type: option.placeholder === "" ? "boolean" : "string" };
  }
  try {
    const allowPositionals = true;
    return parseArgs({ args: [...args], options: config, allowPositionals });
  } catch (error) {
    // node:util reports what the user typed as a TypeError with a code.
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function checkOperands(wanted: readonly string[], got: readonly string[]) {
  const required = wanted.filter((name) => !name.startsWith("["));
  if (got.length < required.length) {
    throw new UsageError(`Cannot start: ${required[got.length]} is missing`);
  }
  if (got.length > wanted.length) {
    throw new UsageError(`Cannot use operand "${got[wanted.length]}"`);
  }
}

/**
 * The values of a command line.
 *
 * @param tool What the tool takes.
 * @param args The command line without the name of the program.
 * @returns All options with their values, and the operands.
 * @throws {UsageError} If something is unknown, missing or out of bounds.
 */
export function parseArguments<O extends Options>(
  tool: Tool<O>,
  args: readonly string[],
): Arguments<O> {
  const { values: given, positionals: operands } = tokens(tool.options, args);
  const help = given.help === true;
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(tool.options)) {
    const value = given[name];
    values[name] = value === undefined
      ? option.fallback
      : option.read(String(value), name);
  }
  if (!help) checkOperands(tool.operands, operands);
  return { values: values as Values<O>, operands, help };
}

function defaultOf(option: Option<unknown>): string {
  const { fallback } = option;
  const silent = fallback === undefined || typeof fallback === "boolean";
  return silent ? "" : ` (default ${fallback})`;
}

/** The help text of a tool, with a final newline. */
export function helpText(tool: Tool<Options>): string {
  const usage = ["deno task", tool.name, ...tool.operands, "[OPTIONS]"];
  const lines = [tool.summary, "", `Usage: ${usage.join(" ")}`, "", "Options:"];
  for (const [name, option] of Object.entries(tool.options)) {
    const { placeholder, help } = option;
    const value = placeholder === "" ? "" : ` ${placeholder}`;
    lines.push(`  --${name}${value}`, `      ${help}${defaultOf(option)}`);
  }
  lines.push("  --help", "      Print this text");
  return lines.join("\n") + "\n";
}

function writeAll(
  file: { writeSync(bytes: Uint8Array): number },
  line: string,
): void {
  let bytes = new TextEncoder().encode(line);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
  } catch (error) {
    // Who reads us may have seen enough: `deno task replay … | head`.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Writes a text as it is to standard output, before it returns. */
export function print(line: string): void {
  writeAll(Deno.stdout, line);
}

/** Writes a text as it is to standard error, before it returns. */
export function printError(line: string): void {
  writeAll(Deno.stderr, line);
}

/**
 * Runs a tool: parses, helps, calls `main`, and turns a usage error into a
 * message. All other errors pass through, except those that `main` catches.
 *
 * @param tool What the tool takes.
 * @param main The tool itself; returns an exit code.
 * @param args The command line without the name of the program.
 * @returns The exit code.
 */
export async function runTool<O extends Options>(
  tool: Tool<O>,
  main: (args: Arguments<O>) => number | Promise<number>,
  args: readonly string[],
): Promise<number> {
  try {
    const parsed = parseArguments(tool, args);
    if (!parsed.help) return await main(parsed);
    print(helpText(tool));
    return OK;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    printError(`${tool.name}: ${error.message}\n`);
    printError(`Try: deno task ${tool.name} --help\n`);
    return MISUSED;
  }
}
