/// <reference lib="deno.unstable" />
/**
 * The rules of this repository, as a plugin of `deno lint` that runs in a test.
 *
 * File names are paths from the root of the repository. Each rule has a canary
 * in `canaries.ts`: a file that it must find.
 *
 * @module
 */

import { fault, resolve } from "./layers.ts";

type Context = Deno.lint.RuleContext;
type Visitor = Deno.lint.LintVisitor;
type Node = Deno.lint.Node;
type Function =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** Most lines of a file. Count. */
const FILE_LINES_MAX = 600;
/** Most lines of a function. Count. */
const FUNCTION_LINES_MAX = 70;
/** Methods that do much at once to a typed array. */
const BULK_METHODS = ["fill", "copyWithin", "subarray"];
/** Layers whose code is model-checked: here `set` is one of those, too. */
const CORE =
  /^src\/(layout|sync|threads|raw|pools|domains|hooks\/tracemalloc\/tables|objects|gc)\//;
/** Words that say that something is not done. */
const UNFINISHED =
  /\b(TO[D]O|FIX[M]E|X[X]X|[Uu]nimplemented)\b|not imple[m]ented/;

function rule(create: (context: Context) => Visitor): Deno.lint.Rule {
  return { create };
}

/** A rule for the files that the pattern fits. */
function ruleFor(
  files: RegExp,
  create: (context: Context) => Visitor,
): Deno.lint.Rule {
  return rule((context) => files.test(context.filename) ? create(context) : {});
}

/** Files of the library, but not its tools. */
const LIBRARY = /^(mod\.ts|src\/(?!tools\/))/;
/** Files of the library and its tools. */
const SOURCE = /^(mod\.ts|src\/|workers\/)/;
/** All files. */
const ALL = /./;

function linesOf(context: Context, node: Node): number {
  return context.sourceCode.getText(node).split("\n").length;
}

/** Calls back for whatever a file imports. */
function onImport(
  found: (node: Node, specifier: string) => void,
): Visitor {
  return {
    ImportDeclaration: (node) => found(node, node.source.value),
    ExportAllDeclaration: (node) => found(node, node.source.value),
    ExportNamedDeclaration(node) {
      if (node.source) found(node, node.source.value);
    },
    ImportExpression(node) {
      const { source } = node;
      const text = source.type === "Literal" ? source.value : undefined;
      found(node, typeof text === "string" ? text : "computed");
    },
  };
}

/** Name of the method of a call, `Math.random` style, or `""`. */
function calleeOf(context: Context, node: Deno.lint.CallExpression): string {
  const { callee } = node;
  return callee.type === "MemberExpression"
    ? context.sourceCode.getText(callee)
    : "";
}

function isMemberOf(node: Deno.lint.MemberExpression, name: string): boolean {
  return node.object.type === "Identifier" && node.object.name === name;
}

/** The comment that a file opens with, or `""`. */
function headOf(context: Context): string {
  const match = /^(?:\/\/\/.*\n|#!.*\n)*\/\*\*([^]*?)\*\//.exec(
    context.sourceCode.text,
  );
  return match?.[1] ?? "";
}

const imports: Record<string, Deno.lint.Rule> = {
  "layers": ruleFor(
    /^(mod\.ts|src\/)/,
    (context) =>
      onImport((node, specifier) => {
        if (!specifier.startsWith(".")) return;
        const text = fault(
          context.filename,
          resolve(context.filename, specifier),
        );
        if (text !== "") context.report({ node, message: text });
      }),
  ),

  "no-bare-import": ruleFor(
    /^(mod\.ts|src\/)/,
    (context) =>
      onImport((node, specifier) => {
        if (/^\.\.?\//.test(specifier)) return;
        const isTool = context.filename.startsWith("src/tools/");
        if (isTool && /^(node:|npm:|computed$)/.test(specifier)) return;
        context.report({ node, message: `Import of "${specifier}"` });
      }),
  ),

  "layout-as-namespace": ruleFor(LIBRARY, (context) => ({
    ImportDeclaration(node) {
      if (!node.source.value.includes("/layout/")) return;
      if (context.filename.startsWith("src/layout/")) return;
      const [first] = node.specifiers;
      const isNamespace = first?.type === "ImportNamespaceSpecifier" &&
        /^[A-Z]/.test(first.local.name);
      if (isNamespace) return;
      context.report({ node, message: "Layout is imported as a namespace" });
    },
  })),
};

const shape: Record<string, Deno.lint.Rule> = {
  "file-length": rule((context) => ({
    Program(node) {
      const lines = context.sourceCode.text.trimEnd().split("\n").length;
      if (lines <= FILE_LINES_MAX) return;
      context.report({ node, message: `File of ${lines} lines` });
    },
  })),

  "function-length": rule((context) => {
    function check(node: Function): void {
      const lines = linesOf(context, node);
      if (lines <= FUNCTION_LINES_MAX) return;
      context.report({ node, message: `Function of ${lines} lines` });
    }
    return {
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression(node) {
        // What groups tests is no function to its readers.
        if (!context.filename.startsWith("tests/")) check(node);
      },
    };
  }),

  "top-level-function": ruleFor(SOURCE, (context) => ({
    "Program > VariableDeclaration > VariableDeclarator"(
      node: Deno.lint.VariableDeclarator,
    ) {
      const type = node.init?.type;
      if (
        type !== "ArrowFunctionExpression" && type !== "FunctionExpression"
      ) return;
      context.report({ node, message: "A named function is a `function`" });
    },
  })),

  "module-doc": ruleFor(SOURCE, (context) => ({
    Program(node) {
      if (headOf(context).includes("@module")) return;
      context.report({ node, message: "The file does not open with its doc" });
    },
  })),

  "threads-section": ruleFor(/^src\/(?!layout\/)/, (context) => {
    let uses = false;
    return {
      MemberExpression(node) {
        uses ||= isMemberOf(node, "Atomics");
      },
      "TSTypeReference > Identifier"(node: Deno.lint.Identifier) {
        uses ||= node.name === "Memory";
      },
      "Program:exit"(node) {
        if (!uses || /^ \* ## Threads$/m.test(headOf(context))) return;
        context.report({ node, message: "No `## Threads` in the file's doc" });
      },
    };
  }),

  "export-doc": ruleFor(SOURCE, (context) => {
    function check(node: Node): void {
      const comments = context.sourceCode.getCommentsBefore(node);
      if (comments.at(-1)?.value.startsWith("*")) return;
      context.report({ node, message: "An export has no doc comment" });
    }
    return {
      ExportNamedDeclaration(node) {
        if (node.declaration) check(node);
      },
    };
  }),
};

const syntax: Record<string, Deno.lint.Rule> = {
  "erasable": rule((context) => ({
    TSEnumDeclaration: (node) => context.report({ node, message: "enum" }),
    TSModuleDeclaration: (node) =>
      context.report({ node, message: "namespace" }),
    TSParameterProperty: (node) =>
      context.report({ node, message: "parameter property" }),
  })),

  "no-default-export": ruleFor(SOURCE, (context) => ({
    ExportDefaultDeclaration: (node) =>
      context.report({ node, message: "default export" }),
  })),

  "no-double-cast": rule((context) => ({
    TSAsExpression(node) {
      const { expression } = node;
      if (expression.type !== "TSAsExpression") return;
      if (expression.typeAnnotation.type !== "TSUnknownKeyword") return;
      context.report({ node, message: "`as unknown as`" });
    },
  })),

  "no-any": ruleFor(SOURCE, (context) => ({
    TSAnyKeyword: (node) => context.report({ node, message: "`any`" }),
  })),
};

const calls: Record<string, Deno.lint.Rule> = {
  "no-random": ruleFor(ALL, (context) => ({
    MemberExpression(node) {
      if (context.sourceCode.getText(node) !== "Math.random") return;
      context.report({ node, message: "Randomness without a seed" });
    },
  })),

  "no-console": ruleFor(LIBRARY, (context) => ({
    MemberExpression(node) {
      if (!isMemberOf(node, "console")) return;
      context.report({ node, message: "console in the library" });
    },
  })),

  "no-bulk-access": ruleFor(/^src\/(?!memory\/|tools\/)/, (context) => ({
    CallExpression(node) {
      const callee = calleeOf(context, node);
      if (/^[A-Z]\w*\.\w+$/.test(callee)) return; // function of a module
      const method = callee.split(".").at(-1) ?? "";
      const isBulk = BULK_METHODS.includes(method) ||
        (method === "set" && CORE.test(context.filename));
      if (!isBulk) return;
      context.report({ node, message: `Bulk access by .${method}()` });
    },
    NewExpression(node) {
      if (context.sourceCode.getText(node.callee) !== "DataView") return;
      context.report({ node, message: "Access through a DataView" });
    },
  })),

  "atomics-by-name": ruleFor(SOURCE, (context) => ({
    VariableDeclarator(node) {
      if (!node.init) return;
      const text = context.sourceCode.getText(node.init);
      if (!/^Atomics(\.\w+)?$/.test(text)) return;
      context.report({ node, message: "Atomics are called by their name" });
    },
  })),

  "no-disabled-test": ruleFor(/^(tests|src|workers|bench)\//, (context) => ({
    MemberExpression(node) {
      const text = context.sourceCode.getText(node);
      if (
        !/^(Deno\.test|describe|it|test)\.(ignore|skip|only|todo)$/.test(text)
      ) {
        return;
      }
      context.report({ node, message: `A test is switched by ${text}` });
    },
    Property(node) {
      const text = context.sourceCode.getText(node);
      if (!/^(ignore|only|skip): true$/.test(text)) return;
      context.report({ node, message: `A test is switched by ${text}` });
    },
  })),

  "no-unfinished": ruleFor(ALL, (context) => ({
    Program(node) {
      const found = UNFINISHED.exec(context.sourceCode.text);
      if (found) {
        context.report({ node, message: `Left for later: ${found[0]}` });
      }
    },
  })),
};

/** All rules by name. */
export const RULES: Readonly<Record<string, Deno.lint.Rule>> = {
  ...imports,
  ...shape,
  ...syntax,
  ...calls,
};

/** What the rules, or one of them, find in a file. */
export function findings(
  path: string,
  source: string,
  rules: Readonly<Record<string, Deno.lint.Rule>> = RULES,
): string[] {
  const plugin: Deno.lint.Plugin = { name: "tidy", rules };
  return Deno.lint.runPlugin(plugin, path, source).map((found) => {
    const line = source.slice(0, found.range[0]).split("\n").length;
    return `${path}:${line} ${found.id}: ${found.message}`;
  });
}

/** What a file imports from files of this repository, values only. */
export function importsOf(path: string, source: string): string[] {
  const targets: string[] = [];
  const collect = rule(() =>
    onImport((node, specifier) => {
      const isType = "importKind" in node && node.importKind === "type";
      if (!isType && specifier.startsWith(".")) {
        targets.push(resolve(path, specifier));
      }
    })
  );
  findings(path, source, { collect });
  return targets;
}
