/**
 * The sources under test as a TypeScript program: files, types, and which
 * expressions are views of shared memory.
 *
 * A program is cheap to make again with one file changed: unchanged files are
 * taken over, and types are looked up only where somebody asks.
 *
 * @module
 */

import ts from "npm:typescript@5.9";

export { ts };

/** Folders and files of the library that run under the checker. */
export const INSTRUMENTED: readonly string[] = [
  "src/errors.ts",
  "src/layout",
  "src/memory",
  "src/sync",
  "src/threads",
  "src/raw",
  "src/pools",
  "src/domains",
  "src/recovery",
  "src/hooks/debug/state.ts",
  "src/hooks/tracemalloc/tables",
  "src/objects/refcount",
  "src/objects/sharing",
  "src/gc/pauses",
];

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  verbatimModuleSyntax: true,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: [],
  lib: ["lib.esnext.d.ts"],
};

/** Typed array classes. */
const VIEWS = new Set([
  "Int8Array",
  "Uint8Array",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
]);

/** Paths below the root of all TypeScript files of a folder, or the file. */
export function filesBelow(root: URL, path: string): string[] {
  if (path.endsWith(".ts")) return exists(root, path) ? [path] : [];
  if (!exists(root, path)) return [];
  const found: string[] = [];
  for (const entry of Deno.readDirSync(new URL(path, root))) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory) found.push(...filesBelow(root, inner));
    else if (entry.name.endsWith(".ts")) found.push(inner);
  }
  return found.sort();
}

function exists(root: URL, path: string): boolean {
  try {
    Deno.statSync(new URL(path, root));
    return true;
  } catch {
    return false;
  }
}

/** See the head of this file. */
export class Sources {
  /** The root of the repository, a file URL that ends with a slash. */
  readonly root: URL;
  /** Files below the root that are transformed. */
  readonly paths: readonly string[];
  readonly #rootPath: string;
  readonly #parsed = new Map<string, ts.SourceFile>();
  readonly #texts = new Map<string, string>();
  #last: ts.Program | undefined;

  /** The sources below a root, with further files of tests or models. */
  constructor(root: URL, extra: readonly string[] = []) {
    this.root = root;
    this.#rootPath = decodeURIComponent(root.pathname);
    const all = [...INSTRUMENTED, ...extra].flatMap((p) => filesBelow(root, p));
    this.paths = [...new Set(all)];
  }

  /** Text of a file as it is on disk. */
  textOf(path: string): string {
    let text = this.#texts.get(path);
    if (text === undefined) {
      text = Deno.readTextFileSync(new URL(path, this.root));
      this.#texts.set(path, text);
    }
    return text;
  }

  /** Path below the root of a file of the program, or `""`. */
  pathOf(file: ts.SourceFile): string {
    const name = file.fileName;
    return name.startsWith(this.#rootPath)
      ? name.slice(this.#rootPath.length)
      : "";
  }

  /** The program with some texts replaced. */
  program(overrides: ReadonlyMap<string, string>): ts.Program {
    const host = this.#host(overrides);
    const names = this.paths.map((path) => this.#rootPath + path);
    this.#last = ts.createProgram(names, OPTIONS, host, this.#last);
    return this.#last;
  }

  /** A file of the program. */
  file(program: ts.Program, path: string): ts.SourceFile {
    const file = program.getSourceFile(this.#rootPath + path);
    if (!file) throw new Error(`No source file ${path}`);
    return file;
  }

  #host(overrides: ReadonlyMap<string, string>): ts.CompilerHost {
    const read = (name: string): string | undefined => {
      if (name.startsWith(this.#rootPath)) {
        const over = overrides.get(name.slice(this.#rootPath.length));
        if (over !== undefined) return over;
      }
      try {
        return Deno.readTextFileSync(name);
      } catch {
        return undefined;
      }
    };
    return {
      getSourceFile: (name) => this.#parse(name, read),
      getDefaultLibFileName: () => ts.getDefaultLibFilePath(OPTIONS),
      getDefaultLibLocation: () =>
        ts.getDefaultLibFilePath(OPTIONS).replace(/\/[^/]*$/, ""),
      getCurrentDirectory: () => this.#rootPath,
      getCanonicalFileName: (name) => name,
      useCaseSensitiveFileNames: () => true,
      getNewLine: () => "\n",
      fileExists: (name) => isFile(name),
      readFile: read,
      writeFile: () => {},
    };
  }

  #parse(
    name: string,
    read: (name: string) => string | undefined,
  ): ts.SourceFile | undefined {
    const isLib = !name.startsWith(this.#rootPath);
    const known = this.#parsed.get(name);
    if (isLib && known) return known;
    const text = read(name);
    if (text === undefined) return undefined;
    if (known && known.text === text) return known;
    const file = ts.createSourceFile(name, text, ts.ScriptTarget.ESNext, true);
    this.#parsed.set(name, file);
    return file;
  }
}

function isFile(name: string): boolean {
  try {
    return Deno.statSync(name).isFile;
  } catch {
    return false;
  }
}

/** Class of a view of shared memory that an expression is, or `""`. */
export function viewOf(checker: ts.TypeChecker, node: ts.Expression): string {
  const type = checker.getTypeAtLocation(node);
  const name = type.symbol?.name ?? "";
  if (!VIEWS.has(name)) return "";
  const [buffer] = checker.getTypeArguments(type as ts.TypeReference);
  return buffer && mayBeShared(buffer) ? name : "";
}

function mayBeShared(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.some(mayBeShared);
  return type.symbol?.name === "SharedArrayBuffer";
}
