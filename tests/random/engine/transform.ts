/**
 * Twins: each function that accesses shared memory gets a generator beside it,
 * which can be left before every access and gone on with later. *Quiet*
 * functions, those without atomic accesses, get one more that runs straight
 * through: nobody sees what is between two plain accesses unless they race, so
 * the coarse form of the library gives way before or after. The fine form has
 * generators throughout.
 *
 * ```text
 *                            generator                    straight
 *   i32[at]                  __r(i32, at, POINT)          the same, but for
 *   i32[at] = v              __w(i32, at, v, POINT)       POINT
 *   Atomics.add(i32, at, v)  __A.add(i32, at, v, POINT)
 *   Atomics.wait(…)          (yield* __wait(…, POINT))    never
 *   f(x)                     (yield* f$(x))               f$$(x)
 *
 *   POINT                    (__p(kind) && (yield 0),     __q(kind, site)
 *                            site)
 * ```
 *
 * The point is the last argument, so all operands are known before the worker
 * gives way, and the access comes right behind. Everything else is as it was:
 * the functions themselves stand beside their twins, for those who set a heap
 * up or look at it when all is over.
 *
 * @module
 */

import { type Sources, ts, viewOf } from "../../checker/program.ts";
import { bare, isAssignment, isStep } from "../../checker/purity.ts";
import type { Sites } from "../../checker/transform.ts";
import type { Colours } from "./colour.ts";
import * as Kind from "./kinds.ts";
import { STRAIGHT, TWIN } from "./twin.ts";

/** What one file is transformed with. */
export interface Task {
  /** The sources. */
  readonly sources: Sources;
  /** Types. */
  readonly checker: ts.TypeChecker;
  /** Who has a twin. */
  readonly colours: Colours;
  /** Where the numbers of places come from. */
  readonly sites: Sites;
  /** Values for constants of the file. */
  readonly constants: Readonly<Record<string, number>>;
  /** Whether quiet functions are generators, too. */
  readonly isFine: boolean;
  /** Functions of the file that can be made to fail: to return 0. */
  readonly failing: readonly string[];
  /** Where a file that is not transformed is imported from. */
  outside(path: string): string;
}

const IMPORTS = "__p, __q, __r, __w, __h, __rx, __wx, __bulk, __A, __B, " +
  "__wait, __fail, __unseen";

/** TypeScript of a file, with twins. Lines do not stay where they are. */
export function transform(
  task: Task,
  file: ts.SourceFile,
  hooks: string,
): string {
  const emitter = new Emitter(task, file);
  const body = emitter.emitFile();
  const wanted = [...Object.keys(task.constants), ...task.failing];
  const missing = wanted.filter((name) => !emitter.found.has(name));
  if (missing.length > 0) {
    const path = task.sources.pathOf(file);
    throw new Error(`${path} has no constant or function ${missing.join()}`);
  }
  return `import { ${IMPORTS} } from ${JSON.stringify(hooks)}; ${body}`;
}

class Emitter {
  /** Names of constants and failing functions that were there. */
  readonly found = new Set<string>();
  readonly #task: Task;
  readonly #file: ts.SourceFile;
  readonly #path: string;
  readonly #text: string;
  /** What is being emitted: `""`, {@linkcode TWIN} or {@linkcode STRAIGHT}. */
  #form = "";

  constructor(task: Task, file: ts.SourceFile) {
    this.#task = task;
    this.#file = file;
    this.#path = task.sources.pathOf(file);
    this.#text = file.text;
  }

  emitFile(): string {
    return this.#children(this.#file, 0, this.#file.end);
  }

  #emit(node: ts.Node): string {
    return this.#special(node) ??
      this.#children(node, node.getStart(this.#file), node.end);
  }

  /** A node with its children replaced, and all between them as it is. */
  #children(node: ts.Node, from: number, to: number): string {
    const parts: ts.Node[] = [];
    ts.forEachChild(node, (child) => void parts.push(child));
    parts.sort((a, b) => a.pos - b.pos || a.end - b.end);
    let out = "";
    let at = from;
    for (const child of parts) {
      const start = child.getStart(this.#file);
      if (start < at) continue;
      out += this.#text.slice(at, start) + this.#emit(child);
      at = child.end;
    }
    return out + this.#text.slice(at, to);
  }

  #special(node: ts.Node): string | undefined {
    if (ts.isTypeNode(node)) return node.getText(this.#file);
    // Fields of objects are what a snapshot of a worker has: no secrets.
    if (ts.isPrivateIdentifier(node)) return "_" + node.text.slice(1);
    if (ts.isStringLiteral(node)) return this.#specifier(node);
    if (ts.isImportSpecifier(node) || ts.isExportSpecifier(node)) {
      return this.#names(node);
    }
    if (ts.isVariableDeclaration(node)) return this.#constant(node);
    if (this.#form !== "") return this.#access(node);
    return this.#task.colours.hasTwin(node)
      ? this.#both(node as ts.FunctionDeclaration | ts.MethodDeclaration)
      : undefined;
  }

  #specifier(node: ts.StringLiteral): string | undefined {
    const parent = node.parent;
    const isModule = (ts.isImportDeclaration(parent) ||
      ts.isExportDeclaration(parent)) && parent.moduleSpecifier === node;
    if (!isModule || !node.text.startsWith(".")) return undefined;
    const path = new URL(node.text, new URL(this.#path, "file:///"))
      .pathname.slice(1);
    return this.#task.sources.paths.includes(path)
      ? JSON.stringify(node.text.replace(/\.ts$/, ".js"))
      : JSON.stringify(this.#task.outside(path));
  }

  /** A name that is imported or exported, and its twins. */
  #names(node: ts.ImportSpecifier | ts.ExportSpecifier): string {
    const text = node.getText(this.#file);
    if (node.isTypeOnly || !ts.isIdentifier(node.name)) return text;
    if (!this.#task.colours.isTwinName(node.name)) return text;
    const twin = (form: string): string => {
      const name = node.name.getText(this.#file) + form;
      return node.propertyName
        ? `${node.propertyName.getText(this.#file)}${form} as ${name}`
        : name;
    };
    const isQuiet = this.#task.colours.isQuietName(node.name);
    return [text, twin(TWIN), ...(isQuiet ? [twin(STRAIGHT)] : [])].join(", ");
  }

  #constant(node: ts.VariableDeclaration): string | undefined {
    const name = node.name.getText(this.#file);
    const isModuleLevel = ts.isVariableStatement(node.parent.parent) &&
      ts.isSourceFile(node.parent.parent.parent);
    if (!isModuleLevel || !(name in this.#task.constants)) return undefined;
    this.found.add(name);
    return `${name} = ${this.#task.constants[name]}`;
  }

  // Twins.

  /** A function, and its twins behind it. */
  #both(node: ts.FunctionDeclaration | ts.MethodDeclaration): string {
    const start = node.getStart(this.#file);
    const plain = this.#children(node, start, node.end);
    if (!node.body || !node.name) return plain;
    const isMethod = ts.isMethodDeclaration(node);
    const prefix = isMethod
      ? ""
      : /^export/.test(plain)
      ? "export function"
      : "function";
    const both = `${plain}\n${prefix}* ${this.#twin(node, node.body, TWIN)}`;
    return this.#task.colours.isQuiet(node)
      ? `${both}\n${prefix} ${this.#twin(node, node.body, STRAIGHT)}`
      : both;
  }

  /** Name, parameters and body of a twin. */
  #twin(
    node: ts.FunctionDeclaration | ts.MethodDeclaration,
    block: ts.Block,
    form: string,
  ): string {
    const name = node.name!.getText(this.#file);
    const list = node.parameters.map((one) => this.#parameter(one)).join(", ");
    this.#form = form;
    let body = this.#emit(block);
    this.#form = "";
    if (this.#task.failing.includes(name)) {
      this.found.add(name);
      body = `{ if (__fail()) return 0; ${body.slice(1)}`;
    }
    return `${name.replace(/^#/, "_")}${form}(${list}) ${body}`;
  }

  #parameter(node: ts.ParameterDeclaration): string {
    const dots = node.dotDotDotToken ? "..." : "";
    const value = node.initializer ? ` = ${this.#emit(node.initializer)}` : "";
    return dots + node.name.getText(this.#file) + value;
  }

  /** A node of a twin. */
  #access(node: ts.Node): string | undefined {
    // Functions inside of functions serve hooks, which no scenario installs.
    if (ts.isFunctionLike(node)) return "__unseen";
    if (ts.isElementAccessExpression(node)) return this.#read(node);
    if (ts.isBinaryExpression(node)) return this.#assignment(node);
    if (isStep(node)) return this.#step(node);
    if (ts.isCallExpression(node)) return this.#call(node);
    return undefined;
  }

  #view(node: ts.Expression): string {
    return viewOf(this.#task.checker, node);
  }

  /** Where the worker may give way, as the last argument of a hook. */
  #point(kind: number, node: ts.Node): string {
    const start = node.getStart(this.#file);
    const line = this.#file.getLineAndCharacterOfPosition(start).line + 1;
    const text = node.getText(this.#file).replace(/\s+/g, " ").slice(0, 60);
    const site = this.#task.sites.add({ path: this.#path, line, text });
    return this.#form === TWIN
      ? `(__p(${kind}) && (yield 0), ${site})`
      : `__q(${kind}, ${site})`;
  }

  #read(node: ts.ElementAccessExpression): string | undefined {
    const view = this.#view(node.expression);
    if (view === "") return undefined;
    const isHint = this.#isHint(node);
    const name = view !== "Int32Array" ? "__rx" : isHint ? "__h" : "__r";
    const kind = isHint ? Kind.LOAD : Kind.READ;
    return `${name}(${this.#target(node)}, ${this.#point(kind, node)})`;
  }

  /** View and index of an element, as arguments. */
  #target(node: ts.ElementAccessExpression): string {
    const view = this.#emit(node.expression);
    return `${view}, ${this.#emit(node.argumentExpression)}`;
  }

  #isHint(node: ts.Node): boolean {
    const lines = [node.getStart(this.#file), node.end].map((at) => {
      const from = this.#text.lastIndexOf("\n", at - 1) + 1;
      const to = this.#text.indexOf("\n", at);
      return this.#text.slice(from, to < 0 ? undefined : to);
    });
    return lines.some((line) => /\/\/.*racy hint/.test(line));
  }

  #assignment(node: ts.BinaryExpression): string | undefined {
    if (!isAssignment(node)) return undefined;
    const left = bare(node.left);
    if (!ts.isElementAccessExpression(left)) return undefined;
    const operator = node.operatorToken.getText(this.#file).slice(0, -1);
    return this.#write(left, operator, this.#emit(node.right));
  }

  #step(
    node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression,
  ): string | undefined {
    const operand = bare(node.operand);
    if (!ts.isElementAccessExpression(operand)) return undefined;
    const isUp = node.operator === ts.SyntaxKind.PlusPlusToken;
    const text = this.#write(operand, isUp ? "+" : "-", "1");
    const isUsed = !ts.isExpressionStatement(node.parent);
    if (text === undefined || !isUsed || ts.isPrefixUnaryExpression(node)) {
      return text;
    }
    return `(${text} ${isUp ? "-" : "+"} 1)`;
  }

  /** An element is written, after a calculation with what it was. */
  #write(
    left: ts.ElementAccessExpression,
    operator: string,
    right: string,
  ): string | undefined {
    const view = this.#view(left.expression);
    if (view === "") return undefined;
    const suffix = view === "Int32Array" ? "" : "x";
    const target = this.#target(left);
    const point = this.#point(Kind.WRITE, left);
    if (operator === "") return `__w${suffix}(${target}, ${right}, ${point})`;
    const old = `__r${suffix}(${target}, ${this.#point(Kind.READ, left)})`;
    return `__w${suffix}(${target}, ${old} ${operator} (${right}), ${point})`;
  }

  #call(node: ts.CallExpression): string | undefined {
    const callee = node.expression;
    const text = callee.getText(this.#file);
    if (text.startsWith("Atomics.")) return this.#atomic(node, text.slice(8));
    if (
      ts.isPropertyAccessExpression(callee) &&
      this.#view(callee.expression) !== ""
    ) return this.#bulk(node, callee);
    return this.#task.colours.isTwinCall(node)
      ? this.#callTwin(node)
      : undefined;
  }

  #callTwin(node: ts.CallExpression): string {
    const args = node.arguments.map((one) => this.#emit(one));
    const { isFine, colours } = this.#task;
    const isStraight = this.#form === STRAIGHT ||
      (!isFine && colours.isQuietCall(node));
    const form = isStraight ? STRAIGHT : TWIN;
    const callee = this.#emit(node.expression);
    const call = callee === "Reflect.apply"
      ? `${callee}(${args[0]}${form}, ${args[1]}, ${args[2]})`
      : `${callee}${form}(${args.join(", ")})`;
    return isStraight ? call : `(yield* ${call})`;
  }

  #atomic(node: ts.CallExpression, method: string): string | undefined {
    if (method === "pause") return "(yield 2)";
    const view = this.#view(node.arguments[0]);
    if (view === "") return undefined;
    const args = node.arguments.map((one) => this.#emit(one));
    const wanted = method === "notify" ? 3 : method === "wait" ? 4 : 0;
    while (args.length < wanted) args.push("undefined");
    const kind = Kind.OF_METHOD[method] ?? Kind.CHANGE;
    const list = `${args.join(", ")}, ${this.#point(kind, node)}`;
    if (method === "wait") return `(yield* __wait(${list}))`;
    return `${view === "Int32Array" ? "__A" : "__B"}.${method}(${list})`;
  }

  /** `fill` and `copyWithin`: one access of many words. */
  #bulk(
    node: ts.CallExpression,
    callee: ts.PropertyAccessExpression,
  ): string {
    const args = node.arguments.map((one) => this.#emit(one)).join(", ");
    const view = this.#emit(callee.expression);
    const point = this.#point(Kind.WRITE, node);
    return `__bulk(${view}, "${callee.name.text}", [${args}], ${point})`;
  }
}
