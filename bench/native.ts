/**
 * The controls in C: compiles `native/native.c` and finds the allocators that
 * this machine has.
 *
 * Nothing here is needed: what is missing is named, and the run goes on without
 * it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { SHARED, SINGLE } from "./adapter.ts";

/** An allocator that the C program can measure. */
export interface NativeAdapter {
  /** Name of the adapter. */
  readonly name: string;
  /** Program and arguments before the name of the workload. */
  readonly command: readonly string[];
  /** What it can run. */
  readonly workloads: readonly string[];
}

/** What was found. */
export interface NativeControls {
  readonly adapters: NativeAdapter[];
  /** Versions by name of the part. */
  readonly versions: Record<string, string>;
  /** What is missing, in sentences. */
  readonly notes: string[];
}

/** Libraries to use instead of those that are found. */
export interface NativeOptions {
  readonly libpython: string | undefined;
  readonly mimalloc: string | undefined;
}

const SOURCE = fileURLToPath(new URL("./native/native.c", import.meta.url));
const ALL = [...SINGLE, ...SHARED, "replay"];
/** What needs no realloc, and no block over 512 bytes. */
const SMALL = ["W1", "W2", "W1e", "W2e", "W3", "W4", "W5x1"];

/** Where Python says that its library is. */
const ASK_PYTHON = `
import os, sysconfig
v = sysconfig.get_config_var
for name in (v("INSTSONAME"), v("LDLIBRARY")):
    if name and not name.endswith(".a"):
        print(os.path.join(v("LIBDIR") or "", name))
`;

/** Standard output of a command, or null if it failed or is missing. */
export async function outputOf(
  command: string,
  args: readonly string[],
): Promise<string | null> {
  try {
    const run = new Deno.Command(command, { args: [...args] });
    const { success, stdout } = await run.output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

async function compile(
  folder: string,
  name: string,
  flags: readonly string[],
): Promise<string | null> {
  const program = `${folder}/${name}`;
  const args = ["-O3", ...flags, "-o", program, SOURCE];
  const built = await outputOf("cc", [...args, "-pthread", "-ldl"]);
  return built === null ? null : program;
}

/** The version that a library names, or null if it cannot be opened. */
function versionOf(program: string, library: string): Promise<string | null> {
  const rest = ["malloc", "calloc", "realloc", "free", "W1", "1"];
  return outputOf(program, ["version", library, ...rest]);
}

/** The first of some libraries that opens and has the wanted version. */
async function findLibrary(
  program: string,
  candidates: readonly string[],
  wanted: string,
): Promise<{ library: string; version: string } | null> {
  for (const library of candidates) {
    const version = await versionOf(program, library);
    if (version?.startsWith(wanted)) return { library, version };
  }
  return null;
}

/** The folder says nothing to a reader on another machine. */
function versionText(found: { library: string; version: string }): string {
  return `${found.version} (${found.library.replace(/^.*\//, "")})`;
}

async function pythonLibraries(given: string | undefined): Promise<string[]> {
  if (given !== undefined) return [given];
  const found: string[] = [];
  for (const python of ["python3.11", "python3"]) {
    const answer = await outputOf(python, ["-c", ASK_PYTHON]);
    found.push(...(answer ?? "").split("\n").filter((line) => line !== ""));
  }
  const minors = [11, 14, 13, 12, 10];
  found.push(...minors.map((minor) => `libpython3.${minor}.so.1.0`));
  return found;
}

class Finder {
  readonly controls: NativeControls = { adapters: [], versions: {}, notes: [] };
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
  }

  /** Adds an allocator of a library by its functions' prefix and suffixes. */
  add(
    name: string,
    mode: string,
    library: string,
    functions: readonly string[],
    workloads: readonly string[],
  ): void {
    const command = [this.#program, mode, library, ...functions];
    this.controls.adapters.push({ name, command, workloads });
  }

  async addGlibc(): Promise<void> {
    const version = await versionOf(this.#program, "-");
    this.controls.versions.libc = version ?? "unknown";
    const functions = ["malloc", "calloc", "realloc", "free"];
    this.add("glibc", "threads", "-", functions, ALL);
  }

  async addPython(given: string | undefined): Promise<void> {
    const candidates = await pythonLibraries(given);
    const found = await findLibrary(
      this.#program,
      candidates,
      "CPython 3.11",
    ) ?? await findLibrary(this.#program, candidates, "CPython");
    const { notes, versions } = this.controls;
    if (found === null) {
      notes.push("No libpython found: ratios are to free_list instead.");
      return;
    }
    if (!found.version.startsWith("CPython 3.11")) {
      notes.push(`No CPython 3.11 found: ratios are to ${found.version}.`);
    }
    versions.pyobject = versionText(found);
    const functions = ["Malloc", "Calloc", "Realloc", "Free"]
      .map((name) => `PyObject_${name}`);
    this.add("pyobject", "gil", found.library, functions, ALL);
    this.add("pyobject_mutex", "mutex", found.library, functions, SHARED);
  }

  async addShared(
    name: string,
    candidates: readonly string[],
    prefix: string,
    debian: string,
  ): Promise<void> {
    const found = await findLibrary(this.#program, candidates, name);
    const { notes, versions } = this.controls;
    if (found === null) {
      notes.push(`No ${name} found (Debian: apt-get install ${debian}).`);
      return;
    }
    versions[name] = versionText(found);
    if (name === "mimalloc" && !found.version.startsWith("mimalloc 3")) {
      notes.push(`${found.version} found, not 3: give --mimalloc its path.`);
    }
    const functions = ["malloc", "calloc", "realloc", "free"]
      .map((verb) => prefix + verb);
    this.add(name, "threads", found.library, functions, ALL);
  }
}

/** Compiles the C program into `folder` and finds what it can measure. */
export async function findNative(
  folder: string,
  options: NativeOptions,
): Promise<NativeControls> {
  const program = await compile(folder, "native", []);
  if (program === null) {
    const notes = ["No C compiler found (cc): no native control is measured."];
    return { adapters: [], versions: {}, notes };
  }
  const finder = new Finder(program);
  await finder.addPython(options.libpython);
  await finder.addShared(
    "mimalloc",
    options.mimalloc !== undefined
      ? [options.mimalloc]
      : ["libmimalloc.so.3", "libmimalloc.so.2", "libmimalloc.so.2.0"],
    "mi_",
    "libmimalloc2.0",
  );
  await finder.addShared(
    "tcmalloc",
    ["libtcmalloc_minimal.so.4", "libtcmalloc.so.4"],
    "tc_",
    "libtcmalloc-minimal4",
  );
  await finder.addGlibc();
  const { controls } = finder;
  const nothing = ["threads", "-", "-", "-", "-", "-"];
  for (const [name, flag] of [["c_floor", "FLOOR"], ["c_list", "FREE_LIST"]]) {
    const other = await compile(folder, name, [`-D${flag}`]);
    if (other === null) continue;
    const workloads = name === "c_floor" ? [...SMALL, ...SHARED, "MIX"] : SMALL;
    controls.adapters.push({ name, command: [other, ...nothing], workloads });
  }
  controls.versions.cc = (await outputOf("cc", ["--version"]))
    ?.split("\n", 1)[0] ?? "unknown";
  return controls;
}
