/**
 * Values and differences as text.
 *
 * @module
 */

/** A value as the text of a message. */
export function format(value: unknown): string {
  return Deno.inspect(value, {
    depth: 10,
    sorted: true,
    trailingComma: true,
    compact: false,
    iterableLimit: 200,
    strAbbreviateSize: 10000,
  });
}

/** What two values, as text, do not have in common, line by line. */
export function difference(actual: unknown, expected: unknown): string {
  const a = format(actual).split("\n");
  const b = format(expected).split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head && tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) tail++;
  const lines = ["    [Diff] Actual / Expected", ""];
  lines.push(...context(a.slice(Math.max(0, head - 3), head), "    "));
  lines.push(...context(a.slice(head, a.length - tail), "-   "));
  lines.push(...context(b.slice(head, b.length - tail), "+   "));
  lines.push(...context(a.slice(a.length - tail).slice(0, 3), "    "));
  return lines.join("\n");
}

function context(lines: string[], mark: string): string[] {
  const shown = lines.slice(0, 100).map((line) => mark + line);
  if (lines.length > 100) shown.push(`${mark}… ${lines.length - 100} more`);
  return shown;
}
