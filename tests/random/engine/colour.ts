/**
 * Which functions of the library get twins: those that access shared memory,
 * or call one that does. Of these the *quiet* ones have plain accesses only.
 *
 * A call whose targets cannot be told apart, a method of a union, makes all of
 * them alike. Constructors and getters have no twins: they run in one go.
 *
 * @module
 */

import { type Sources, ts, viewOf } from "../../checker/program.ts";
import { keyOf } from "../../checker/purity.ts";

/** Calls that no schedule gets to: no virtual worker runs out of stack. */
const NEVER_CALLED = /^this\.route\.healer\.heal$|^route\.healer\.heal$/;

/** Resolves calls, and says which functions have twins. */
export class Colours {
  readonly #sources: Sources;
  readonly #checker: ts.TypeChecker;
  readonly #coloured = new Set<string>();
  /** Functions with atomic accesses or hints. */
  readonly #loud = new Set<string>();
  /** Keys of the callees of each function, by its key. */
  readonly #calls = new Map<string, Set<string>>();
  /** Sets of functions that one call may mean. */
  readonly #groups: string[][] = [];

  /** The colours of all functions in files of a program. */
  constructor(
    sources: Sources,
    checker: ts.TypeChecker,
    files: readonly ts.SourceFile[],
  ) {
    this.#sources = sources;
    this.#checker = checker;
    for (const file of files) this.#readAll(file);
    this.#spread(this.#coloured);
    this.#spread(this.#loud);
  }

  /** Whether the function that a node declares has a twin. */
  hasTwin(node: ts.Node): boolean {
    return this.#coloured.has(keyOf(this.#sources, node));
  }

  /** Whether what a name in an import or export stands for has a twin. */
  isTwinName(name: ts.Identifier): boolean {
    return this.#keysOf(this.#checker.getSymbolAtLocation(name))
      .some((key) => this.#coloured.has(key));
  }

  /** Whether a call goes to functions that have twins. */
  isTwinCall(node: ts.CallExpression): boolean {
    return this.#targets(node).some((key) => this.#coloured.has(key));
  }

  /** Whether a function with a twin has no atomic accesses and hints. */
  isQuiet(node: ts.Node): boolean {
    return !this.#loud.has(keyOf(this.#sources, node));
  }

  /** The same of what a name in an import or export stands for. */
  isQuietName(name: ts.Identifier): boolean {
    return this.#keysOf(this.#checker.getSymbolAtLocation(name))
      .every((key) => !this.#loud.has(key));
  }

  /** Whether a call goes to functions without atomic accesses and hints. */
  isQuietCall(node: ts.CallExpression): boolean {
    return this.#targets(node).every((key) => !this.#loud.has(key));
  }

  #readAll(node: ts.Node): void {
    const key = keyOf(this.#sources, node);
    if (key === "") {
      ts.forEachChild(node, (child) => this.#readAll(child));
      return;
    }
    const calls = new Set<string>();
    this.#calls.set(key, calls);
    if (/racy hint|Atomics\./.test(node.getText())) this.#loud.add(key);
    this.#read(node, key, calls);
  }

  /** Notes what is inside of one function. */
  #read(node: ts.Node, key: string, calls: Set<string>): void {
    if (ts.isElementAccessExpression(node)) {
      if (viewOf(this.#checker, node.expression)) this.#coloured.add(key);
    } else if (ts.isCallExpression(node)) {
      if (this.#touches(node)) this.#coloured.add(key);
      const targets = this.#targets(node);
      for (const target of targets) calls.add(target);
      if (targets.length > 1) this.#groups.push(targets);
    }
    ts.forEachChild(node, (child) => this.#read(child, key, calls));
  }

  /** Whether a call is itself an access. */
  #touches(node: ts.CallExpression): boolean {
    const callee = node.expression;
    if (!ts.isPropertyAccessExpression(callee)) return false;
    return callee.expression.getText() === "Atomics" ||
      viewOf(this.#checker, callee.expression) !== "";
  }

  /** Keys of the functions that a call may mean. */
  #targets(node: ts.CallExpression): string[] {
    const text = node.expression.getText();
    if (NEVER_CALLED.test(text)) return [];
    const callee = text === "Reflect.apply"
      ? node.arguments[0]
      : node.expression;
    if (ts.isPropertyAccessExpression(callee)) {
      const owner = this.#checker.getTypeAtLocation(callee.expression);
      if (owner.isUnion()) {
        return owner.types.flatMap((type) =>
          this.#keysOf(type.getProperty(callee.name.text))
        );
      }
      return this.#keysOf(this.#checker.getSymbolAtLocation(callee.name));
    }
    return ts.isIdentifier(callee)
      ? this.#keysOf(this.#checker.getSymbolAtLocation(callee))
      : [];
  }

  #keysOf(symbol: ts.Symbol | undefined): string[] {
    if (!symbol) return [];
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    const found = isAlias ? this.#checker.getAliasedSymbol(symbol) : symbol;
    return (found.declarations ?? [])
      .map((one) => keyOf(this.#sources, one))
      .filter((key) => key !== "");
  }

  /** Who calls one of a set belongs to it as well. */
  #spread(set: Set<string>): void {
    for (let size = -1; size !== set.size;) {
      size = set.size;
      for (const [key, calls] of this.#calls) {
        if ([...calls].some((one) => set.has(one))) set.add(key);
      }
      for (const group of this.#groups) {
        if (!group.some((key) => set.has(key))) continue;
        for (const key of group) set.add(key);
      }
    }
  }
}
