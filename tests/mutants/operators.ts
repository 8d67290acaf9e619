/**
 * Mutants of a file: one small change each, made on the syntax tree.
 *
 * @module
 */

import { ts } from "../checker/program.ts";

/** What kind of change was made. */
export type Operator =
  | "delete"
  | "swap"
  | "split"
  | "flip"
  | "condition"
  | "constant"
  | "silence"
  | "return";

/** One change of one file. */
export interface Mutant {
  /** Path below the root. */
  readonly path: string;
  /** Function that was changed, or `module`. */
  readonly where: string;
  /** Kind of the change. */
  readonly operator: Operator;
  /** Line of the change, from 1. */
  readonly line: number;
  /** Statements that were replaced, or lines with the change, on one line. */
  readonly before: string;
  /** What stands there instead, on one line. */
  readonly after: string;
  /** Where the text began. */
  readonly from: number;
  /** Where it ended. */
  readonly to: number;
  /** The new text, as it is. */
  readonly text: string;
}

/** Text of a file with a mutant in it. */
export function apply(source: string, mutant: Mutant): string {
  return source.slice(0, mutant.from) + mutant.text + source.slice(mutant.to);
}

/** Name of a mutant that stays when lines move: for the list of equivalents. */
export function keyOf(mutant: Mutant): string {
  const { path, where, operator, before, after } = mutant;
  return `${path} ${where} ${operator}: ${before} => ${after}`;
}

/** All mutants of a file. */
export function mutantsOf(path: string, source: string): Mutant[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.ESNext, true);
  const maker = new Maker(path, file);
  file.forEachChild((node) => maker.visit(node, "module"));
  return maker.mutants;
}

/** Operators that change whole statements. */
const WHOLE: readonly Operator[] = ["delete", "silence", "swap"];

/** Comparisons and what each turns into. */
const FLIPS: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.LessThanToken]: "<=",
  [ts.SyntaxKind.LessThanEqualsToken]: "<",
  [ts.SyntaxKind.GreaterThanToken]: ">=",
  [ts.SyntaxKind.GreaterThanEqualsToken]: ">",
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: "!==",
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: "===",
};

/** Atomic calls that read and write, and the value that the write writes. */
const COMBINED: Readonly<Record<string, (old: string, arg: string) => string>> =
  {
    add: (old, arg) => `${old} + (${arg})`,
    sub: (old, arg) => `${old} - (${arg})`,
    or: (old, arg) => `${old} | (${arg})`,
    and: (old, arg) => `${old} & (${arg})`,
    exchange: (_old, arg) => arg,
  };

const WAKERS =
  /^(Atomics\.notify|PyEvent\.notify|ParkingLot\.\w*[uU]npark\w*|wake|announce|Remote\.(noteHolder|announce)|EvalBreaker\.set)\(/;

/**
 * Calls that only complain of damaged tables: what they find is the business
 * of `tests/fuzz/corrupt`.
 */
const COMPLAINTS =
  /^(Damage\.|Fatal\.check|requireOwner|Suspension\.requireState|requireArena|requireLength)/;

class Maker {
  readonly mutants: Mutant[] = [];
  readonly #path: string;
  readonly #file: ts.SourceFile;

  constructor(path: string, file: ts.SourceFile) {
    this.#path = path;
    this.#file = file;
  }

  visit(node: ts.Node, where: string): void {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isInterfaceDeclaration(node) || ts.isTypeNode(node)) return;
    const inside = ts.isFunctionDeclaration(node)
      ? node.name?.text ?? where
      : where;
    if (isComplaint(node, this.#file)) return;
    if (ts.isBlock(node)) this.#block(node, inside);
    if (ts.isCallExpression(node)) this.#split(node, inside);
    if (ts.isBinaryExpression(node)) this.#flip(node, inside);
    if (ts.isIfStatement(node)) this.#condition(node, inside);
    if (ts.isNumericLiteral(node)) this.#constant(node, inside);
    if (ts.isReturnStatement(node)) this.#return(node, inside);
    if (ts.isThrowStatement(node)) return;
    node.forEachChild((child) => this.visit(child, inside));
  }

  #add(node: ts.Node, where: string, operator: Operator, text: string): void {
    const from = node.getStart(this.#file);
    this.#addRange(from, node.end, where, operator, text);
  }

  #addRange(
    from: number,
    to: number,
    where: string,
    operator: Operator,
    text: string,
  ): void {
    const source = this.#file.text;
    const line = this.#file.getLineAndCharacterOfPosition(from).line + 1;
    // Half of a statement says little: its lines say which one it is.
    const isWhole = WHOLE.includes(operator);
    const start = isWhole ? from : source.lastIndexOf("\n", from) + 1;
    const end = isWhole ? to : source.indexOf("\n", to);
    const [head, tail] = [source.slice(start, from), source.slice(to, end)];
    this.mutants.push({
      path: this.#path,
      where,
      operator,
      line,
      before: short(source.slice(start, end)),
      after: short(head + text + tail),
      from,
      to,
      text,
    });
  }

  #block(node: ts.Block, where: string): void {
    const { statements } = node;
    statements.forEach((one, k) => {
      if (isRemovable(one, this.#file) && !isComplaint(one, this.#file)) {
        const text = one.getText(this.#file);
        const operator = WAKERS.test(text) ? "silence" : "delete";
        this.#add(one, where, operator, ";");
      }
      const next = statements[k + 1];
      if (!next || !isMovable(one, this.#file)) return;
      if (!isMovable(next, this.#file)) return;
      const first = one.getText(this.#file);
      const second = next.getText(this.#file);
      const start = one.getStart(this.#file);
      this.#addRange(start, next.end, where, "swap", `${second} ${first}`);
    });
  }

  #split(node: ts.CallExpression, where: string): void {
    const callee = node.expression.getText(this.#file);
    if (!callee.startsWith("Atomics.")) return;
    const method = callee.slice("Atomics.".length);
    const args = node.arguments.map((one) => one.getText(this.#file));
    const at = `${args[0]}, ${args[1]}`;
    const value = COMBINED[method];
    if (value) {
      const store = `Atomics.store(${at}, ${value("$old", args[2])})`;
      this.#add(node, where, "split", split(at, store));
    } else if (method === "compareExchange") {
      const store = `$old === (${args[2]}) && Atomics.store(${at}, ${args[3]})`;
      this.#add(node, where, "split", split(at, store));
    }
  }

  #flip(node: ts.BinaryExpression, where: string): void {
    const flipped = FLIPS[node.operatorToken.kind];
    if (flipped) this.#add(node.operatorToken, where, "flip", flipped);
  }

  #condition(node: ts.IfStatement, where: string): void {
    this.#add(node.expression, where, "condition", "true");
    this.#add(node.expression, where, "condition", "false");
  }

  #constant(node: ts.NumericLiteral, where: string): void {
    this.#add(node, where, "constant", `(${node.text} + 1)`);
    if (node.text !== "0") {
      this.#add(node, where, "constant", `(${node.text} - 1)`);
    }
  }

  #return(node: ts.ReturnStatement, where: string): void {
    const { expression } = node;
    if (!expression || ts.isCallExpression(expression)) return;
    const kind = expression.kind;
    if (kind === ts.SyntaxKind.TrueKeyword) {
      this.#add(expression, where, "return", "false");
    } else if (kind === ts.SyntaxKind.FalseKeyword) {
      this.#add(expression, where, "return", "true");
    } else if (ts.isIdentifier(expression)) {
      this.#add(expression, where, "return", "(0 as never)");
    }
  }
}

/** A function or statement that only ends the program if the heap is damaged. */
function isComplaint(node: ts.Node, file: ts.SourceFile): boolean {
  if (ts.isFunctionDeclaration(node)) {
    return /^(require|refuse|isSound$)/.test(node.name?.text ?? "");
  }
  if (!ts.isIfStatement(node)) return COMPLAINTS.test(node.getText(file));
  const inner = node.thenStatement;
  const only = ts.isBlock(inner) && inner.statements.length === 1
    ? inner.statements[0]
    : inner;
  return /^(Damage\.|Fatal\.|refuse)/.test(only.getText(file));
}

/** An atomic operation in two: what it read is its value. */
function split(at: string, store: string): string {
  return `(($old: number) => (${store}, $old))(Atomics.load(${at}))`;
}

/** Statements without which the rest still compiles. */
function isRemovable(node: ts.Statement, file: ts.SourceFile): boolean {
  if (COMPLAINTS.test(node.getText(file))) return false;
  return ts.isExpressionStatement(node) || ts.isIfStatement(node) ||
    ts.isBreakStatement(node) || ts.isContinueStatement(node) ||
    ts.isForStatement(node) || ts.isWhileStatement(node) ||
    (ts.isReturnStatement(node) && !node.expression);
}

/** Statements whose order may be wrong. */
function isMovable(node: ts.Statement, file: ts.SourceFile): boolean {
  return ts.isExpressionStatement(node) && !COMPLAINTS.test(node.getText(file));
}

function short(text: string): string {
  return text.replace(/\/\/[^\n]*/g, "").replace(/\s+/g, " ").trim();
}
