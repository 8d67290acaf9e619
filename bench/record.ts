/**
 * Puts a report into README.md, in place of the one before.
 *
 * @module
 */

const README = new URL("./README.md", import.meta.url);
const BEGIN = "<!-- figures begin, written by --record -->";
const END = "<!-- figures end -->";

/** Replaces what stands between the two marks. */
export async function recordReport(report: string): Promise<void> {
  const text = await Deno.readTextFile(README);
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(
      `Cannot record: README.md has lost the marks of its figures`,
    );
  }
  const block = [
    BEGIN,
    "<!-- deno-fmt-ignore-start -->",
    "",
    report,
    "<!-- deno-fmt-ignore-end -->",
    "",
  ].join("\n");
  await Deno.writeTextFile(
    README,
    text.slice(0, begin) + block + text.slice(end),
  );
}
