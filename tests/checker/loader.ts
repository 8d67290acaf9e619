/**
 * Loads the library under the checker: transformed, fresh, with overrides.
 *
 * Each load is a module graph of its own in a folder of its own, so that a
 * mutant never meets the original. What did not change is not transformed
 * again.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";
import { type Facts, factsOf, wrapped } from "./purity.ts";
import { Sources, type ts } from "./program.ts";
import { type Site, Sites, transform } from "./transform.ts";

/** Values for module-level constants: file, name, value. */
export type Constants = Readonly<
  Record<string, Readonly<Record<string, number>>>
>;

/** What to load. */
export interface LoadOptions {
  /** Values that replace those of module-level constants. */
  readonly constants?: Constants;
  /** Texts that replace those of files, before the transform. */
  readonly overrides?: ReadonlyMap<string, string>;
  /** Says of a function, by its key, that the model never calls it. */
  readonly idle?: (key: string) => boolean;
  /** False to load without merging of states. */
  readonly merge?: boolean;
}

// deno-lint-ignore no-explicit-any
type Namespace = any;

/** A loaded library. */
export class Library {
  /** Places in the source, by their number. */
  readonly sites: readonly Site[];
  readonly #folder: URL;
  readonly #modules = new Map<string, Namespace>();

  /** The library whose files are below a folder. */
  constructor(folder: URL, sites: readonly Site[]) {
    this.#folder = folder;
    this.sites = sites;
  }

  /** Imports modules, so that `module` finds them. */
  async fetch(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const file = new URL(path.replace(/\.ts$/, ".js"), this.#folder);
      this.#modules.set(path, await import(file.href));
    }
  }

  /** A module by its path below the root, e.g. `src/sync/mod.ts`. */
  module(path: string): Namespace {
    const found = this.#modules.get(path);
    if (!found) throw new Error(`${path} is not among the doors of the model`);
    return found;
  }

  /** Removes the folder. */
  dispose(): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** What is kept of a file between loads. */
interface Kept {
  text: string;
  facts: Facts[];
  /** Output by what went into it. */
  outputs: Map<string, string>;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** See the head of this file. */
export class Loader {
  readonly #sources: Sources;
  readonly #sites = new Sites();
  readonly #kept = new Map<string, Kept>();
  /** What was loaded last. */
  #overrides = NONE;
  #program: LazyProgram;

  /** A loader for the files below a root, with further files of tests. */
  constructor(root: URL, extra: readonly string[] = []) {
    this.#sources = new Sources(root, extra);
    this.#program = new LazyProgram(this.#sources, NONE);
  }

  /** Paths of all files that are transformed. */
  get paths(): readonly string[] {
    return this.#sources.paths;
  }

  /** Text of a file as it is on disk. */
  textOf(path: string): string {
    return this.#sources.textOf(path);
  }

  /** Transforms what changed, and makes the folder. */
  load(options: LoadOptions = {}): Library {
    const folder = Deno.makeTempDirSync({ prefix: "checker-" });
    const outputs = this.outputs(options);
    const made = new Set<string>();
    for (const [path, text] of outputs) {
      const target = `${folder}/${path.replace(/\.ts$/, ".js")}`;
      const parent = target.slice(0, target.lastIndexOf("/"));
      if (!made.has(parent)) Deno.mkdirSync(parent, { recursive: true });
      made.add(parent);
      Deno.writeTextFileSync(target, text);
    }
    return new Library(new URL(`file://${folder}/`), this.#sites.list);
  }

  /** JavaScript of all files. */
  outputs(options: LoadOptions = {}): Map<string, string> {
    const overrides = options.overrides ?? NONE;
    for (const path of overrides.keys()) this.#requirePath(path);
    for (const path of Object.keys(options.constants ?? {})) {
      this.#requirePath(path);
    }
    const program = this.#programOf(overrides);
    const kept = this.#sources.paths.map((path) => {
      const text = overrides.get(path) ?? this.textOf(path);
      return [path, this.#keptOf(program, path, text)] as const;
    });
    const pure = options.merge === false
      ? new Set<string>()
      : wrapped(kept.flatMap(([, one]) => one.facts), options.idle);
    const outputs = new Map<string, string>();
    for (const [path, one] of kept) {
      const constants = options.constants?.[path] ?? {};
      outputs.set(path, this.#output(program, path, one, pure, constants));
    }
    return outputs;
  }

  /** The program of a change, which is usually loaded some times in a row. */
  #programOf(overrides: ReadonlyMap<string, string>): LazyProgram {
    if (overrides !== this.#overrides) {
      this.#overrides = overrides;
      this.#program = new LazyProgram(this.#sources, overrides);
    }
    return this.#program;
  }

  #requirePath(path: string): void {
    if (this.#sources.paths.includes(path)) return;
    throw new Error(`${path} is no file that runs under the checker`);
  }

  /** What is known of a file with this text. */
  #keptOf(program: LazyProgram, path: string, text: string): Kept {
    const key = `${path}\n${text}`;
    let kept = this.#kept.get(key);
    if (!kept) {
      const file = program.file(path);
      const facts = factsOf(this.#sources, program.checker, file);
      kept = { text, facts, outputs: new Map() };
      this.#kept.set(key, kept);
    }
    return kept;
  }

  #output(
    program: LazyProgram,
    path: string,
    kept: Kept,
    pure: ReadonlySet<string>,
    constants: Readonly<Record<string, number>>,
  ): string {
    const wraps = kept.facts.map((one) => pure.has(one.key) ? "1" : "0");
    const key = wraps.join("") + JSON.stringify(constants);
    let output = kept.outputs.get(key);
    if (output === undefined) {
      const task = {
        sources: this.#sources,
        checker: program.checker,
        sites: this.#sites,
        wrapped: pure,
        constants,
        outside: (target: string) => new URL(target, this.#sources.root).href,
      };
      const hooks = new URL("./hooks.ts", import.meta.url).href;
      output = stripped(transform(task, program.file(path), hooks));
      kept.outputs.set(key, output);
    }
    return output;
  }
}

/** A program that is made when somebody asks for it. */
class LazyProgram {
  readonly #sources: Sources;
  readonly #overrides: ReadonlyMap<string, string>;
  #program: ts.Program | undefined;

  constructor(sources: Sources, overrides: ReadonlyMap<string, string>) {
    this.#sources = sources;
    this.#overrides = overrides;
  }

  get #made(): ts.Program {
    return this.#program ??= this.#sources.program(this.#overrides);
  }

  get checker(): ts.TypeChecker {
    return this.#made.getTypeChecker();
  }

  file(path: string): ts.SourceFile {
    return this.#sources.file(this.#made, path);
  }
}

/** JavaScript of TypeScript whose types can be erased. */
function stripped(text: string): string {
  return stripTypeScriptTypes(text);
}
