/**
 * What a figure needs beside it: machine, versions, commit, date.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { outputOf } from "./native.ts";

/** Facts by name, in the order in which they are printed. */
export type Facts = Record<string, string>;

function processor(): string {
  try {
    const text = Deno.readTextFileSync("/proc/cpuinfo");
    return /^model name\s*:\s*(.*)$/m.exec(text)?.[1] ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}

async function commit(): Promise<string> {
  const folder = fileURLToPath(new URL("..", import.meta.url));
  const git = ["-C", folder, "--no-optional-locks"];
  const head = await outputOf("git", [...git, "rev-parse", "--short", "HEAD"]);
  if (head === null) return "unknown";
  const changes = await outputOf("git", [...git, "status", "--porcelain"]);
  return changes === "" ? head : `${head}, with changes`;
}

/** The facts, with the versions of the native controls. */
export async function machineFacts(versions: Facts): Promise<Facts> {
  const cores = navigator.hardwareConcurrency;
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC",
    machine: `${processor()}, ${cores} cores, ${Deno.build.os}`,
    load: Deno.loadavg().map((load) => load.toFixed(2)).join(" "),
    deno: `${Deno.version.deno}, V8 ${Deno.version.v8}`,
    commit: await commit(),
    ...versions,
  };
}
