/**
 * The leaf transform: accesses to shared memory become calls of the checker.
 *
 * ```text
 *   i32[at]                 → __r32(i32, at, site)
 *   i32[at] = v             → __w32(i32, at, v, site)
 *   i32[at]++               → __s32(i32, at, 1, true, site)
 *   Atomics.add(i32, at, v) → __A.add(i32, at, v, site)
 * ```
 *
 * Views of other element types go to `__rx`, `__wx`, `__B`; a plain read on a
 * line that says `racy hint` to `__h32`. Nothing else of the code changes, so
 * what is checked is what is shipped. Functions that `purity.ts` knows as pure
 * tell when they begin and end, and where their loops begin: that is how
 * states are merged. Every call has the number of its place in the source.
 *
 * @module
 */

import { type Sources, ts, viewOf } from "./program.ts";
import { bare, isAssignment, isStep, keyOf } from "./purity.ts";

/**
 * Place in the source of a call. Hooks are given twice its number, and one more
 * if nobody looks at the result.
 */
export interface Site {
  /** Path below the root. */
  readonly path: string;
  /** Line, from 1. */
  readonly line: number;
  /** The expression, shortened. */
  readonly text: string;
}

/** Numbers of places and functions; the same ones for all files of a load. */
export class Sites {
  /** All places. The number of a place is its index. */
  readonly list: Site[] = [];
  readonly #functions = new Map<string, number>();

  /** Number of a new place. */
  add(site: Site): number {
    return this.list.push(site) - 1;
  }

  /** Number of a function. */
  functionId(key: string): number {
    let id = this.#functions.get(key);
    if (id === undefined) {
      id = this.#functions.size + 1;
      this.#functions.set(key, id);
    }
    return id;
  }
}

/** What one file is transformed with. */
export interface Task {
  /** The sources. */
  readonly sources: Sources;
  /** Types. */
  readonly checker: ts.TypeChecker;
  /** Where numbers come from. */
  readonly sites: Sites;
  /** Keys of the functions to wrap. */
  readonly wrapped: ReadonlySet<string>;
  /** Values for constants of the file. */
  readonly constants: Readonly<Record<string, number>>;
  /** Where a file that is not transformed is imported from. */
  outside(path: string): string;
}

/** What the generated code imports, on its first line. */
const IMPORTS = "__r32, __w32, __s32, __h32, __rx, __wx, __sx, __hx, __bulk, " +
  "__A, __B, __enter, __value, __leave, __it, __depth, __caught";

/** TypeScript with hooks, of a file. Lines stay where they are. */
export function transform(
  task: Task,
  file: ts.SourceFile,
  hooks: string,
): string {
  const emitter = new Emitter(task, file);
  const body = emitter.emitFile();
  const missing = Object.keys(task.constants)
    .filter((name) => !emitter.replaced.has(name));
  if (missing.length > 0) {
    const path = task.sources.pathOf(file);
    throw new Error(`${path} has no constant ${missing.join(", ")}`);
  }
  return `import { ${IMPORTS} } from ${JSON.stringify(hooks)}; ${body}`;
}

class Emitter {
  /** Constants that got another value. */
  readonly replaced = new Set<string>();
  readonly #task: Task;
  readonly #file: ts.SourceFile;
  readonly #path: string;
  readonly #text: string;
  /** Number of the wrapped function that is being emitted, or 0. */
  #inside = 0;
  /** Variables of that function that are in scope. */
  #scope: ts.Identifier[] = [];
  /** True while loops cannot be known by their variables. */
  #isOpaque = false;

  constructor(task: Task, file: ts.SourceFile) {
    this.#task = task;
    this.#file = file;
    this.#path = task.sources.pathOf(file);
    this.#text = file.text;
  }

  emitFile(): string {
    const text = this.#children(this.#file, 0, this.#file.end);
    return text;
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
    if (ts.isElementAccessExpression(node)) return this.#read(node);
    if (ts.isBinaryExpression(node)) {
      return this.#assignment(node) ?? this.#comparison(node);
    }
    if (isStep(node)) return this.#step(node);
    if (ts.isCallExpression(node)) return this.#call(node);
    if (ts.isPrivateIdentifier(node)) return "$" + node.text.slice(1);
    if (ts.isFunctionLike(node)) return this.#function(node);
    if (ts.isBlock(node)) return this.#block(node);
    if (ts.isIterationStatement(node, false)) return this.#loop(node);
    if (ts.isReturnStatement(node)) return this.#return(node);
    if (ts.isTryStatement(node)) return this.#try(node);
    if (ts.isVariableDeclaration(node)) return this.#variable(node);
    if (ts.isStringLiteral(node)) return this.#specifier(node);
    return undefined;
  }

  #site(node: ts.Node): number {
    const start = node.getStart(this.#file);
    const line = this.#file.getLineAndCharacterOfPosition(start).line + 1;
    const text = node.getText(this.#file).replace(/\s+/g, " ").slice(0, 60);
    const isUnused = ts.isExpressionStatement(node.parent) ? 1 : 0;
    return this.#task.sites.add({ path: this.#path, line, text }) * 2 +
      isUnused;
  }

  #view(node: ts.Expression): string {
    return viewOf(this.#task.checker, node);
  }

  #read(node: ts.ElementAccessExpression): string | undefined {
    const view = this.#view(node.expression);
    if (view === "") return undefined;
    const name = (this.#isHint(node) ? "__h" : "__r") + suffix(view);
    return `${name}(${this.#target(node)}, ${this.#site(node)})`;
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
    const view = this.#view(left.expression);
    if (view === "") return undefined;
    const kind = suffix(view);
    const target = this.#target(left);
    const right = this.#emit(node.right);
    const operator = node.operatorToken.getText().slice(0, -1);
    const site = this.#site(node);
    if (operator === "") return `__w${kind}(${target}, ${right}, ${site})`;
    this.#requireSimple(left);
    const old = `__r${kind}(${target}, ${site})`;
    return `__w${kind}(${target}, ${old} ${operator} (${right}), ${site})`;
  }

  /** Of what is compared, only the result matters: like a call. */
  #comparison(node: ts.BinaryExpression): string | undefined {
    const isCompared = /^([!=]==|[<>]=?)$/.test(node.operatorToken.getText());
    if (this.#inside === 0 || !isCompared || !this.#touches(node)) {
      return undefined;
    }
    const start = node.getStart(this.#file);
    const id = this.#task.sites.functionId(`${this.#path}:${start}`);
    const text = this.#children(node, start, node.end);
    return `(__enter(${id}) ? __value() : __leave(${text}))`;
  }

  /** Whether an expression itself accesses shared memory. */
  #touches(node: ts.Node): boolean {
    if (ts.isElementAccessExpression(node)) {
      if (this.#view(node.expression) !== "") return true;
    }
    const isAtomic = ts.isCallExpression(node) &&
      /^Atomics\.(?!pause)/.test(node.expression.getText(this.#file));
    return isAtomic ||
      ts.forEachChild(node, (child) => this.#touches(child)) === true;
  }

  /** An element that is named twice must not do anything when named. */
  #requireSimple(node: ts.Node): void {
    const visit = (inner: ts.Node): void => {
      const isAction = ts.isCallExpression(inner) || isStep(inner) ||
        (ts.isBinaryExpression(inner) && isAssignment(inner)) ||
        (inner !== node && ts.isElementAccessExpression(inner));
      if (isAction) {
        const line = this.#task.sites.list[this.#site(inner) >> 1].line;
        throw new Error(`${this.#path}:${line}: write this assignment out`);
      }
      ts.forEachChild(inner, visit);
    };
    visit(node);
  }

  #step(
    node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression,
  ): string | undefined {
    const operand = bare(node.operand);
    if (!ts.isElementAccessExpression(operand)) return undefined;
    const view = this.#view(operand.expression);
    if (view === "") return undefined;
    const by = node.operator === ts.SyntaxKind.PlusPlusToken ? 1 : -1;
    const args = `${this.#target(operand)}, ${by}, ` +
      `${ts.isPostfixUnaryExpression(node)}, ${this.#site(node)}`;
    return `__s${suffix(view)}(${args})`;
  }

  #call(node: ts.CallExpression): string | undefined {
    const callee = node.expression;
    if (!ts.isPropertyAccessExpression(callee)) return undefined;
    const owner = callee.expression.getText(this.#file);
    const method = callee.name.text;
    if (owner === "Atomics") {
      if (method === "pause") return "__A.pause()";
      const view = this.#view(node.arguments[0]);
      if (view === "") return undefined;
      const args = node.arguments.map((one) => this.#emit(one)).join(", ");
      const door = view === "Int32Array" ? "__A" : "__B";
      const site = this.#site(node);
      const padded = padding(method, node.arguments.length);
      return `${door}.${method}(${args}${padded}, ${site})`;
    }
    if (!/^(fill|copyWithin|set|subarray|slice)$/.test(method)) {
      return undefined;
    }
    if (this.#view(callee.expression) === "") return undefined;
    const args = node.arguments.map((one) => this.#emit(one));
    const view = this.#emit(callee.expression);
    const site = this.#site(node);
    return `__bulk(${view}, "${method}", [${args.join(", ")}], ${site})`;
  }

  #specifier(node: ts.StringLiteral): string | undefined {
    const parent = node.parent;
    const isModule = (ts.isImportDeclaration(parent) ||
      ts.isExportDeclaration(parent)) && parent.moduleSpecifier === node;
    if (!isModule || !node.text.startsWith(".")) return undefined;
    const base = new URL(this.#path, "file:///");
    const path = new URL(node.text, base).pathname.slice(1);
    return this.#task.sources.paths.includes(path)
      ? JSON.stringify(node.text.replace(/\.ts$/, ".js"))
      : JSON.stringify(this.#task.outside(path));
  }

  #variable(node: ts.VariableDeclaration): string | undefined {
    const name = node.name.getText(this.#file);
    const isModuleLevel = ts.isVariableStatement(node.parent.parent) &&
      ts.isSourceFile(node.parent.parent.parent);
    if (isModuleLevel && name in this.#task.constants) {
      this.replaced.add(name);
      return `${name} = ${this.#task.constants[name]}`;
    }
    return undefined;
  }

  // Merging of states.

  #function(node: ts.SignatureDeclaration): string {
    const key = keyOf(this.#task.sources, node);
    const outer = [this.#inside, this.#scope, this.#isOpaque] as const;
    const isWrapped = this.#task.wrapped.has(key);
    this.#inside = isWrapped ? this.#task.sites.functionId(key) : 0;
    this.#scope = [];
    this.#isOpaque = false;
    if (isWrapped) {
      for (const one of node.parameters) this.#declare(one.name);
    }
    const text = this.#children(node, node.getStart(this.#file), node.end);
    [this.#inside, this.#scope, this.#isOpaque] = outer;
    return text;
  }

  #block(node: ts.Block): string {
    const known = this.#scope.length;
    const isBody = this.#inside !== 0 && ts.isFunctionLike(node.parent);
    const inner = node.statements.map((one) => {
      const text = this.#emit(one);
      if (ts.isVariableStatement(one)) this.#declareAll(one.declarationList);
      return text;
    });
    let out = "{";
    let at = node.getStart(this.#file) + 1;
    if (isBody) out += ` if (__enter(${this.#inside})) return __value();`;
    node.statements.forEach((one, k) => {
      out += this.#text.slice(at, one.getStart(this.#file)) + inner[k];
      at = one.end;
    });
    out += this.#text.slice(at, node.end - 1);
    this.#scope.length = known;
    return out + (isBody ? " __leave(undefined); }" : "}");
  }

  #declareAll(list: ts.VariableDeclarationList): void {
    if (this.#inside === 0) return;
    for (const one of list.declarations) {
      if (this.#isDerived(one)) continue;
      this.#declare(one.name);
    }
  }

  /** Whether a constant is a view or record that hangs on a parameter. */
  #isDerived(node: ts.VariableDeclaration): boolean {
    const isConst = (node.parent.flags & ts.NodeFlags.Const) !== 0;
    if (!isConst || !node.initializer) return false;
    return ts.isPropertyAccessExpression(node.initializer) &&
      !isPrimitiveType(this.#task.checker, node.initializer);
  }

  #declare(name: ts.BindingName): void {
    if (ts.isIdentifier(name)) {
      const isParameter = ts.isParameter(name.parent);
      const primitive = isPrimitiveType(this.#task.checker, name);
      if (primitive) this.#scope.push(name);
      else if (!isParameter) this.#isOpaque = true;
      return;
    }
    for (const one of name.elements) {
      if (ts.isBindingElement(one)) this.#declare(one.name);
    }
  }

  #loop(node: ts.IterationStatement): string | undefined {
    if (this.#inside === 0) return undefined;
    const known = this.#scope.length;
    const wasOpaque = this.#isOpaque;
    if (ts.isForOfStatement(node) || ts.isForInStatement(node)) {
      this.#isOpaque = true;
    }
    const start = node.getStart(this.#file);
    const body = node.statement;
    const list = ts.isForStatement(node) ? node.initializer : undefined;
    const head = this.#headOf(node, start, body.getStart(this.#file));
    if (list && ts.isVariableDeclarationList(list)) this.#declareAll(list);
    const mark = this.#isOpaque ? "" : this.#mark(node);
    const text = `{ ${mark} ${this.#emit(body)} }`;
    const tail = this.#tailOf(node, body.end);
    this.#scope.length = known;
    this.#isOpaque = wasOpaque;
    return head + text + tail;
  }

  #mark(node: ts.Node): string {
    const values = this.#scope.map((name) => name.text).join(", ");
    return `__it(${this.#site(node)}, [${values}]);`;
  }

  /** All of a loop before its body. */
  #headOf(node: ts.IterationStatement, from: number, to: number): string {
    return this.#pieces(node, from, to, (child) => child.end <= to);
  }

  /** All of a loop behind its body: the condition of `do`. */
  #tailOf(node: ts.IterationStatement, from: number): string {
    return this.#pieces(node, from, node.end, (child) => child.pos >= from);
  }

  #pieces(
    node: ts.Node,
    from: number,
    to: number,
    isPart: (child: ts.Node) => boolean,
  ): string {
    let out = "";
    let at = from;
    ts.forEachChild(node, (child) => {
      if (!isPart(child)) return;
      const start = child.getStart(this.#file);
      out += this.#text.slice(at, start) + this.#emit(child);
      at = child.end;
    });
    return out + this.#text.slice(at, to);
  }

  #return(node: ts.ReturnStatement): string | undefined {
    if (this.#inside === 0) return undefined;
    if (!node.expression) return "return __leave(undefined);";
    return `return __leave(${this.#emit(node.expression)});`;
  }

  #try(node: ts.TryStatement): string | undefined {
    const clause = node.catchClause;
    if (!clause) return undefined;
    const site = this.#site(node);
    const name = clause.variableDeclaration?.name.getText(this.#file) ??
      `__e${site}`;
    const inner = this.#emit(clause.block).slice(1);
    const last = node.finallyBlock
      ? ` finally ${this.#emit(node.finallyBlock)}`
      : "";
    const text = `try ${this.#emit(node.tryBlock)} catch (${name}) ` +
      `{ __caught(${name}, __d${site}); ${inner}${last}`;
    return `const __d${site} = __depth(); ${text}`;
  }
}

/** Which hooks a view goes to. */
function suffix(view: string): string {
  return view === "Int32Array" ? "32" : "x";
}

/** Arguments that were left out, so that the site is always the last one. */
function padding(method: string, given: number): string {
  const wanted = method === "notify" ? 3 : method === "wait" ? 4 : given;
  return ", undefined".repeat(wanted - given);
}

function isPrimitiveType(checker: ts.TypeChecker, node: ts.Node): boolean {
  const test = (type: ts.Type): boolean => {
    if (type.isUnion()) return type.types.every(test);
    if (type.isIntersection()) return type.types.some(test);
    return (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Any |
      ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive)) === 0;
  };
  return test(checker.getTypeAtLocation(node));
}
