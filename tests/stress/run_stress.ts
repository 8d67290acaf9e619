/**
 * Starts the stress tool in a process of its own.
 *
 * @module
 */

const TOOL = new URL("../../src/tools/stress.ts", import.meta.url);

/** How a run of the tool ended. */
export interface Outcome {
  /** Exit code. */
  readonly code: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
}

/**
 * Runs the tool in a folder that has nothing to do with it.
 *
 * @param args Arguments of the tool.
 * @param tool Path or URL of the tool.
 * @param timeoutMs When it is ended by force. Milliseconds.
 */
export async function stress(
  args: readonly string[],
  tool: URL = TOOL,
  timeoutMs?: number,
): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", tool.href, ...args],
    cwd: Deno.env.get("TMPDIR") ?? "/",
    env: { NO_COLOR: "1" },
    ...(timeoutMs === undefined
      ? {}
      : { signal: AbortSignal.timeout(timeoutMs) }),
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}
