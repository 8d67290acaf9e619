/**
 * Which functions leave no trace outside of shared memory.
 *
 * A call of such a function is one entry in the log of its worker once it has
 * returned, whatever happened inside, and a loop in it is known by the values
 * of its variables. A function is *pure* in this sense if neither it nor what
 * it calls assigns to a property, to an outer variable or to an element of
 * what is no shared view. Who calls what cannot be found is not pure.
 *
 * @module
 */

import { type Sources, ts, viewOf } from "./program.ts";

/** What is known of one function by looking at it alone. */
export interface Facts {
  /** Path, class and name. */
  readonly key: string;
  /** False if it writes JavaScript state itself, or might. */
  readonly isQuiet: boolean;
  /** True if it accesses shared memory itself, or the clock. */
  readonly touches: boolean;
  /** True if what it returns can stand in a log. */
  readonly returnsPrimitive: boolean;
  /** Keys of what it calls. */
  readonly callees: readonly string[];
}

/** A function or method that may be wrapped. */
export type Wrappable = ts.FunctionDeclaration | ts.MethodDeclaration;

/** Functions of the language that change nothing. */
const QUIET_BUILTIN =
  /^(Math|Atomics|Number|String|Boolean|BigInt|Object\.is)(\.\w+)?$|^new Text(En|De)coder\(\)\.\w+$/;
/**
 * Calls that no schedule gets to: the stack of a virtual worker never runs out,
 * it has no allocator records, and its heap no notes of who owns a block.
 */
const NEVER_CALLED =
  /^(route\.healer\.(heal|adopt)|(pass(Malloc|Calloc|Realloc|Free)|\w+Aside|record\.\w+|onArena|ArenaAllocator\.\w+|noteOwner|noteTaken))$/;
/** Classes whose objects nobody knows of but who makes them. */
const LOCAL_MAKER = /^(Uint8Array|Int32Array|Text(En|De)coder)$/;
const PRIMITIVE = ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike |
  ts.TypeFlags.StringLike | ts.TypeFlags.BigIntLike |
  ts.TypeFlags.Undefined | ts.TypeFlags.Null | ts.TypeFlags.Void |
  ts.TypeFlags.Never;

/** Name by which a function is known in all files, or `""`. */
export function keyOf(sources: Sources, node: ts.Node): string {
  if (!ts.isFunctionDeclaration(node) && !ts.isMethodDeclaration(node)) {
    return "";
  }
  const path = sources.pathOf(node.getSourceFile());
  if (path === "" || !node.name || !node.body) return "";
  const owner = node.parent;
  if (ts.isSourceFile(owner)) return `${path}#${node.name.getText()}`;
  if (!ts.isClassDeclaration(owner) || !owner.name) return "";
  return `${path}#${owner.name.text}.${node.name.getText()}`;
}

/** Facts of all functions of a file. */
export function factsOf(
  sources: Sources,
  checker: ts.TypeChecker,
  file: ts.SourceFile,
): Facts[] {
  const found: Facts[] = [];
  const visit = (node: ts.Node): void => {
    const key = keyOf(sources, node);
    if (key !== "") {
      found.push(new Reader(sources, checker, node as Wrappable).read(key));
    } else if (ts.isClassDeclaration(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}

/**
 * Keys of all functions that are pure and access shared memory.
 *
 * @param idle Says of a key that the model never calls it.
 */
export function wrapped(
  all: Iterable<Facts>,
  idle: (key: string) => boolean = () => false,
): Set<string> {
  const facts = new Map([...all].map((one) => [one.key, one]));
  const pure = new Set([...facts.values()].filter((f) => f.isQuiet).map(keyed));
  const touching = new Set(
    [...facts.values()].filter((f) => f.touches).map(keyed),
  );
  const isFine = (key: string) => pure.has(key) || idle(key);
  for (let changed = true; changed;) {
    changed = false;
    for (const one of facts.values()) {
      if (pure.has(one.key) && !one.callees.every(isFine)) {
        changed = pure.delete(one.key);
      }
      const calls = one.callees.some((key) => touching.has(key));
      if (calls && !touching.has(one.key)) {
        touching.add(one.key);
        changed = true;
      }
    }
  }
  const result = new Set<string>();
  for (const key of pure) {
    if (touching.has(key) && facts.get(key)?.returnsPrimitive) result.add(key);
  }
  return result;
}

function keyed(facts: Facts): string {
  return facts.key;
}

/** Looks at one function. */
class Reader {
  readonly #sources: Sources;
  readonly #checker: ts.TypeChecker;
  readonly #node: Wrappable;
  readonly #callees = new Set<string>();
  #isQuiet = true;
  #touches = false;

  constructor(sources: Sources, checker: ts.TypeChecker, node: Wrappable) {
    this.#sources = sources;
    this.#checker = checker;
    this.#node = node;
  }

  read(key: string): Facts {
    const isPlain = !this.#node.asteriskToken &&
      !this.#node.modifiers?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword);
    if (isPlain) this.#visitChildren(this.#node.body!);
    return {
      key,
      isQuiet: isPlain && this.#isQuiet,
      touches: this.#touches,
      returnsPrimitive: this.#returnsPrimitive(),
      callees: [...this.#callees],
    };
  }

  #returnsPrimitive(): boolean {
    const signature = this.#checker.getSignatureFromDeclaration(this.#node);
    if (!signature) return false;
    return isPrimitive(this.#checker.getReturnTypeOfSignature(signature));
  }

  #visitChildren(node: ts.Node): void {
    ts.forEachChild(node, (child) => this.#visit(child));
  }

  #visit(node: ts.Node): void {
    if (ts.isTypeNode(node)) return;
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) {
      this.#isQuiet = false;
      return;
    }
    if (ts.isDeleteExpression(node) || ts.isAwaitExpression(node)) {
      this.#isQuiet = false;
    } else if (ts.isBinaryExpression(node) && isAssignment(node)) {
      this.#assign(node.left);
    } else if (isStep(node)) {
      this.#assign(node.operand);
    } else if (ts.isCallExpression(node)) this.#call(node);
    else if (ts.isNewExpression(node)) this.#construct(node);
    else if (ts.isPropertyAccessExpression(node)) this.#getter(node);
    else if (ts.isElementAccessExpression(node)) {
      if (viewOf(this.#checker, node.expression)) this.#touches = true;
    }
    this.#visitChildren(node);
  }

  #assign(target: ts.Expression): void {
    const left = bare(target);
    if (ts.isIdentifier(left)) {
      const declaration = this.#checker.getSymbolAtLocation(left)
        ?.valueDeclaration;
      if (!declaration || !isInside(declaration, this.#node)) {
        this.#isQuiet = false;
      }
      return;
    }
    const isFree = ts.isElementAccessExpression(left) &&
      (viewOf(this.#checker, left.expression) !== "" ||
        this.#isOwn(left.expression));
    if (!isFree) this.#isQuiet = false;
  }

  /** True for a variable of this function with an array that it has made. */
  #isOwn(array: ts.Expression): boolean {
    const made = this.#checker.getSymbolAtLocation(array)?.valueDeclaration;
    if (!made || !ts.isVariableDeclaration(made)) return false;
    const { initializer } = made;
    return isInside(made, this.#node) && initializer !== undefined &&
      ts.isNewExpression(initializer) &&
      LOCAL_MAKER.test(initializer.expression.getText());
  }

  #call(node: ts.CallExpression): void {
    const callee = node.expression;
    const text = callee.getText();
    if (text.startsWith("Atomics.")) this.#touches = true;
    if (QUIET_BUILTIN.test(text) || NEVER_CALLED.test(text)) return;
    if (ts.isPropertyAccessExpression(callee)) {
      if (viewOf(this.#checker, callee.expression)) {
        this.#touches = true;
        return;
      }
      const owner = this.#checker.getTypeAtLocation(callee.expression);
      if (owner.symbol?.name === "Clock") {
        this.#touches = true;
        return;
      }
      if (isPrimitive(owner)) return;
      if (owner.isUnion()) { // several methods: which one is not known
        this.#isQuiet = false;
        return;
      }
    }
    const declaration = this.#checker.getResolvedSignature(node)?.declaration;
    const symbol = this.#checker.getSymbolAtLocation(callee);
    this.#depend([declaration, ...this.#declarations(symbol)]);
  }

  #construct(node: ts.NewExpression): void {
    const type = this.#checker.getTypeAtLocation(node);
    const isError = type.getProperty("stack") !== undefined &&
      type.getProperty("message") !== undefined;
    if (!isError && !LOCAL_MAKER.test(node.expression.getText())) {
      this.#isQuiet = false;
    }
  }

  #getter(node: ts.PropertyAccessExpression): void {
    const symbol = this.#checker.getSymbolAtLocation(node.name);
    const declaration = symbol?.declarations?.find(ts.isGetAccessor);
    if (!declaration) return;
    if (this.#sources.pathOf(declaration.getSourceFile()) !== "") {
      this.#isQuiet = false;
    }
  }

  #declarations(symbol: ts.Symbol | undefined): readonly ts.Node[] {
    if (!symbol) return [];
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    const found = isAlias ? this.#checker.getAliasedSymbol(symbol) : symbol;
    return found.declarations ?? [];
  }

  #depend(declarations: readonly (ts.Node | undefined)[]): void {
    for (const declaration of declarations) {
      const key = declaration ? keyOf(this.#sources, declaration) : "";
      if (key !== "") {
        this.#callees.add(key);
        return;
      }
    }
    this.#isQuiet = false;
  }
}

function isPrimitive(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.every(isPrimitive);
  if (type.isIntersection()) return type.types.some(isPrimitive);
  return (type.flags & PRIMITIVE) !== 0;
}

/** An expression without parentheses and `!` around it. */
export function bare(node: ts.Expression): ts.Expression {
  let at = node;
  while (ts.isParenthesizedExpression(at) || ts.isNonNullExpression(at)) {
    at = at.expression;
  }
  return at;
}

function isInside(node: ts.Node, outer: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at; at = at.parent) {
    if (at === outer) return true;
  }
  return false;
}

/** Whether an expression assigns, by `=` or with an operation. */
export function isAssignment(node: ts.BinaryExpression): boolean {
  const kind = node.operatorToken.kind;
  return kind >= ts.SyntaxKind.FirstAssignment &&
    kind <= ts.SyntaxKind.LastAssignment;
}

/** Whether a node is `++` or `--`. */
export function isStep(
  node: ts.Node,
): node is ts.PrefixUnaryExpression | ts.PostfixUnaryExpression {
  return (ts.isPrefixUnaryExpression(node) ||
    ts.isPostfixUnaryExpression(node)) &&
    (node.operator === ts.SyntaxKind.PlusPlusToken ||
      node.operator === ts.SyntaxKind.MinusMinusToken);
}
