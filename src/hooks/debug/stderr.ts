/**
 * Where reports go: file descriptor 2, or the console where there is none.
 *
 * Belongs to one worker, as console and file descriptors do.
 *
 * @module
 */

/** Takes the text of a report. */
export type Writer = (text: string) => void;

/** The part of Deno that writes to stderr. */
interface Host {
  readonly Deno?: {
    readonly stderr?: { writeSync(bytes: Uint8Array): number };
  };
}

let writer: Writer = writeToHost;

/** Writes to stderr where there is one, else to the console. */
function writeToHost(text: string): void {
  const stderr = (globalThis as Host).Deno?.stderr;
  if (stderr === undefined) return globalThis.console.error(text);
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.slice(stderr.writeSync(rest));
}

/**
 * Writes a report. That it cannot be written is no error: who is told of what
 * happened by an exception has the report there.
 *
 * @param text Lines, each with its end.
 */
export function write(text: string): void {
  try {
    writer(text);
  } catch {
    // The console of a program that is about to end may be gone.
  }
}

/**
 * Has another function take the reports of this worker.
 *
 * @param next The function, or null for stderr.
 * @returns What took them before.
 */
export function redirect(next: Writer | null): Writer {
  const before = writer;
  writer = next ?? writeToHost;
  return before;
}
