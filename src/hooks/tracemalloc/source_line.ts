/**
 * Lines of source files, for tracebacks.
 *
 * Source: CPython 3.14 Lib/linecache.py: getline().
 * Differs: nothing is asked of the user. A file that may not be read has no
 * lines.
 *
 * @module
 */

/** Lines of the files that were read. */
const files = new Map<string, readonly string[]>();
/** Most files that are kept. Count. */
const FILES_MAX = 100;

/** The lines of a file, or none if it may not or cannot be read. */
function read(filename: string): readonly string[] {
  try {
    const { Deno: deno } = globalThis as { Deno?: typeof Deno };
    if (deno === undefined) return [];
    const { state } = deno.permissions.querySync({
      name: "read",
      path: filename,
    });
    return state === "granted"
      ? deno.readTextFileSync(filename).split("\n")
      : [];
  } catch {
    return [];
  }
}

/**
 * The text of a line.
 *
 * @param filename Path of the file.
 * @param lineno Line, from 1.
 * @returns The line, or `""`.
 */
export function lineOf(filename: string, lineno: number): string {
  let lines = files.get(filename);
  if (lines === undefined) {
    lines = read(filename);
    if (files.size >= FILES_MAX) files.clear();
    files.set(filename, lines);
  }
  return lines[lineno - 1] ?? "";
}
