/**
 * The JavaScript stack as a traceback: file, line and function of each frame.
 *
 * V8 keeps no line numbers on the stack, and Deno maps each to the TypeScript
 * source when it is asked for. Measured (Deno 2.9.6): 2 µs to capture a stack,
 * 6 µs to get call sites of it and 3 µs for each further one, 1 µs for a name of
 * a call site, 4 µs for its line. So no more frames are captured than are kept.
 * (The stack as a text costs as much, and where the stack is running out Deno
 * leaves frames out of it.)
 *
 * Frames of this library, of the runtime's own modules and of native functions
 * are left out.
 *
 * ## Threads
 *   JavaScript state of one worker. It holds no lock and is in no trace
 *   operation: capturing a stack may run out of stack.
 *
 * @module
 */

/** A frame, as V8 gives it to `Error.prepareStackTrace`. */
interface CallSite {
  getScriptNameOrSourceURL(): string | null | undefined;
  getFileName(): string | null | undefined;
  getLineNumber(): number | null;
  getFunctionName(): string | null;
}

/** What V8 adds to `Error`. */
interface V8Error {
  stackTraceLimit?: number;
  prepareStackTrace?: unknown;
  captureStackTrace?: (holder: object, skipped?: unknown) => void;
}

/** A place in a program. */
export interface Place {
  /** File name: a path, or a URL if it is no local file. */
  readonly filename: string;
  /** Line, from 1. */
  readonly lineno: number;
  /** Name of the function, or `""`. */
  readonly name: string;
}

/** A stack, the most recent frame first. */
export interface Stack {
  /** What tells it from other stacks. */
  readonly key: string;
  /** The frames that are kept. */
  readonly places: readonly Place[];
}

/** The frame of those who have no JavaScript on their stack. */
export const UNKNOWN: Stack = {
  key: "<unknown>:0",
  places: [{ filename: "<unknown>", lineno: 0, name: "" }],
};

/** How many more frames are captured if too few are left. Count. */
const STEP = 3;
/** Most frames that are left out of a stack. Count. */
const LEFT_OUT_MAX = 60;
/** Most places that are known. Count. */
const PLACES_MAX = 10_000;
/** Path of this file within the library. */
const SELF = "hooks/tracemalloc/stack.ts";
/** Modules of the runtime. */
const RUNTIME = /^(ext|node|internal):/;

/** Places by script, line and function. */
const places = new Map<string, Place>();
/** Where the files of this library start, once it is known. */
let home: string | undefined;
/** Frames that were left out of the last stack. Count. */
let leftOut = 0;

function keepSites(_error: unknown, sites: CallSite[]): CallSite[] {
  return sites;
}

/** The call sites below the function `skipped`; none if it is not on the stack. */
function callSites(limit: number, skipped?: unknown): readonly CallSite[] {
  const V8 = Error as V8Error;
  const { stackTraceLimit, prepareStackTrace } = V8;
  const holder: { stack?: unknown } = {};
  try {
    V8.stackTraceLimit = limit;
    V8.prepareStackTrace = keepSites;
    V8.captureStackTrace?.(holder, skipped);
    return Array.isArray(holder.stack) ? holder.stack : [];
  } finally {
    if (stackTraceLimit !== undefined) V8.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) delete V8.prepareStackTrace;
    else V8.prepareStackTrace = prepareStackTrace;
  }
}

/** Where the files of this library start. */
function findHome(): string {
  const own = callSites(1)[0]?.getScriptNameOrSourceURL() ?? "";
  return own.endsWith(SELF) ? own.slice(0, -SELF.length) : "";
}

/** True if frames of the script are left out. */
function isLeftOut(script: string): boolean {
  home ??= findHome();
  return script === "" || (home !== "" && script.startsWith(home)) ||
    RUNTIME.test(script);
}

/** The place of a call site, which `key` is known by. */
function placeOf(
  site: CallSite,
  key: string,
  lineno: number,
  name: string,
): Place {
  const known = places.get(key);
  if (known !== undefined) return known;
  const place = { filename: site.getFileName() ?? "", lineno, name };
  if (places.size >= PLACES_MAX) places.clear();
  places.set(key, place);
  return place;
}

/** The first `nframe` places of call sites. */
function keep(sites: readonly CallSite[], nframe: number): Stack {
  const kept: Place[] = [];
  let stackKey = "";
  leftOut = 0;
  for (const site of sites) {
    if (kept.length === nframe) break;
    const script = site.getScriptNameOrSourceURL() ?? "";
    if (isLeftOut(script)) {
      leftOut++;
      continue;
    }
    const lineno = site.getLineNumber() ?? 0;
    const name = site.getFunctionName() ?? "";
    const key = `${script}:${lineno} ${name}`;
    stackKey = kept.length === 0 ? key : `${stackKey}\n${key}`;
    kept.push(placeOf(site, key, lineno, name));
  }
  return kept.length === 0 ? UNKNOWN : { key: stackKey, places: kept };
}

/**
 * Captures a stack, with as many frames as it takes to keep `nframe`; undefined
 * if the function `skipped` is not on it.
 */
function captureBelow(nframe: number, skipped: unknown): Stack | undefined {
  for (let extra = leftOut;; extra += STEP) {
    const limit = nframe + extra;
    const sites = callSites(limit, skipped);
    if (sites.length === 0) return undefined;
    const stack = keep(sites, nframe);
    const isShort = sites.length === limit && limit - leftOut < nframe;
    if (!isShort || extra >= LEFT_OUT_MAX) return stack;
  }
}

/**
 * The stack of the caller. Whatever goes wrong, it has a frame.
 *
 * @param nframe Most frames to keep. Count, at least 1.
 * @param skipped The function of this library that was called from outside: if
 * it is on the stack, nothing above it is looked at.
 * @returns The stack.
 */
export function capture(nframe: number, skipped: unknown): Stack {
  try {
    return captureBelow(nframe, skipped) ?? captureBelow(nframe, capture) ??
      UNKNOWN;
  } catch {
    // Error is frozen, or somebody's own prepareStackTrace stands in the way.
    return UNKNOWN;
  }
}
