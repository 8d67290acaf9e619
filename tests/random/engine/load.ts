/**
 * Loads the library with twins: transformed, fresh, with overrides.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";
import { type Constants, Library } from "../../checker/loader.ts";
import { Sources, type ts } from "../../checker/program.ts";
import { Sites } from "../../checker/transform.ts";
import { Colours } from "./colour.ts";
import { transform } from "./transform.ts";

/** One form of the library. */
export interface Form {
  /** Values that replace those of module-level constants. */
  readonly constants?: Constants;
  /** Functions that can be made to fail, to return 0: names by file. */
  readonly failing?: Readonly<Record<string, readonly string[]>>;
  /** Whether workers can be left inside of functions with plain accesses. */
  readonly isFine?: boolean;
}

const ROOT = new URL("../../../", import.meta.url);
const HOOKS = new URL("./hooks.ts", import.meta.url).href;

/** The library as text, and what is known of it. */
export class Twins {
  readonly #sources: Sources;
  readonly #program: ts.Program;
  readonly #colours: Colours;

  /**
   * Reads the library.
   *
   * @param overrides Texts that replace those of files.
   * @param extra Further files of tests.
   * @throws {Error} If there is no such file.
   */
  constructor(
    overrides: ReadonlyMap<string, string> = new Map(),
    extra: readonly string[] = [],
  ) {
    this.#sources = new Sources(ROOT, extra);
    this.#requirePaths([...overrides.keys()]);
    this.#program = this.#sources.program(overrides);
    this.#colours = new Colours(
      this.#sources,
      this.#program.getTypeChecker(),
      this.#sources.paths.map((path) => this.#fileOf(path)),
    );
  }

  #fileOf(path: string): ts.SourceFile {
    return this.#sources.file(this.#program, path);
  }

  #requirePaths(paths: readonly string[]): void {
    for (const path of paths) {
      if (this.#sources.paths.includes(path)) continue;
      throw new Error(`${path} is no file that has twins`);
    }
  }

  /**
   * A library of its own, or what of it is behind `doors`.
   *
   * @throws {Error} If a file, constant or function of the form is not there.
   */
  async load(doors: readonly string[], form: Form = {}): Promise<Library> {
    const sites = new Sites();
    const folder = Deno.makeTempDirSync({ prefix: "twins-" });
    for (const [path, text] of this.outputs(sites, form)) {
      const target = `${folder}/${path.replace(/\.ts$/, ".js")}`;
      Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), {
        recursive: true,
      });
      Deno.writeTextFileSync(target, text);
    }
    const library = new Library(new URL(`file://${folder}/`), sites.list);
    try {
      await library.fetch(doors);
    } finally {
      library.dispose();
    }
    return library;
  }

  /** JavaScript of all files, by path. */
  outputs(sites: Sites, form: Form): Map<string, string> {
    const { constants = {}, failing = {}, isFine = false } = form;
    this.#requirePaths([...Object.keys(constants), ...Object.keys(failing)]);
    const task = {
      sources: this.#sources,
      checker: this.#program.getTypeChecker(),
      colours: this.#colours,
      sites,
      isFine,
      outside: (target: string) => new URL(target, ROOT).href,
    };
    return new Map(this.#sources.paths.map((path) => {
      const more = {
        constants: constants[path] ?? {},
        failing: failing[path] ?? [],
      };
      const text = transform({ ...task, ...more }, this.#fileOf(path), HOOKS);
      return [path, stripTypeScriptTypes(text)];
    }));
  }
}
