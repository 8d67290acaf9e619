/**
 * A living Python, if there is one.
 *
 * @module
 */

/** Whether `python3` can be run. */
export function hasPython(): boolean {
  try {
    const args = ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"];
    return new Deno.Command("python3", { args }).outputSync().success;
  } catch {
    return false;
  }
}

/** What a program prints that reads lines, line by line. */
export async function run(
  program: string,
  lines: readonly string[],
): Promise<string[]> {
  const child = new Deno.Command("python3", {
    args: ["-X", "utf8", "-c", program],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.join("\n")));
  await writer.close();
  const { success, stdout, stderr } = await output;
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}
