/**
 * The errors that the heap throws beside `TypeError` and `RangeError`.
 *
 * Texts name the attempt and the value, in sentence case, without a final
 * period. Texts that CPython prints stay as they are and are marked
 * `// verbatim` where they are written.
 *
 * @module
 */

/**
 * No memory is left. Python: `MemoryError`; C: a NULL result and
 * `PyErr_NoMemory()`.
 *
 * The heap is unchanged: a failed realloc leaves the old block valid.
 */
export class MemoryError extends Error {
  /** Always `"MemoryError"`. */
  override readonly name = "MemoryError";
}

/**
 * An address that the call may not be given: of another domain, of no block,
 * or no address at all. The heap is unchanged.
 */
export class PointerError extends RangeError {
  /** Always `"PointerError"`. */
  override readonly name = "PointerError";
}

/**
 * A call that needs an attached thread state was made without one, or the
 * thread state cannot do what was asked of it.
 */
export class ThreadStateError extends Error {
  /** Always `"ThreadStateError"`. */
  override readonly name = "ThreadStateError";
}

/**
 * What was to be attached is no heap, or a heap of another version of this
 * library; or a handle of an object is closed, or of another heap; or a token
 * of a shared object is none, or was used.
 */
export class HandleError extends TypeError {
  /** Always `"HandleError"`. */
  override readonly name = "HandleError";
}

/**
 * The heap cannot go on: C calls `Py_FatalError()` and aborts the process. The
 * heap is marked, so that every other worker stops with the same verdict.
 */
export class FatalError extends Error {
  /** Always `"FatalError"`. */
  override readonly name = "FatalError";
  /** What C writes to stderr before it aborts, or `""` if that is nothing. */
  readonly report: string;

  /**
   * A verdict.
   *
   * @param message What happened, in one line.
   * @param report What was written to stderr.
   */
  constructor(message?: string, report = "") {
    super(message);
    this.report = report;
  }
}

/** `0x`-prefixed hexadecimal of an address, or the value as it is. */
export function show(value: unknown): string {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) {
    return "0x" + value.toString(16);
  }
  if (typeof value === "string") return `"${value}"`;
  return typeof value === "object" && value !== null
    ? "an object"
    : String(value);
}
