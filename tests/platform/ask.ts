/**
 * Asks another process, which prints its answer as one line of JSON.
 *
 * @module
 */

/** Time for an answer. Milliseconds. */
const ASK_MS = 30000;

/**
 * Runs a command and reads the last line that it prints.
 *
 * @throws {Deno.errors.NotFound} If there is no such command.
 * @throws {Error} If it fails, or does not end in time and is killed.
 */
export async function ask(
  command: string,
  args: string[],
  timeoutMs: number = ASK_MS,
): Promise<Record<string, unknown>> {
  const child = new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const call = `${command} ${args.join(" ")}`;
  const said = new TextDecoder().decode(stderr);
  if (isLate) throw new Error(`${call}: no answer in time\n${said}`);
  if (code !== 0) throw new Error(`${call}: exit code ${code}\n${said}`);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return JSON.parse(lines[lines.length - 1]);
}
