/**
 * `@std/testing/bdd` on `Deno.test`, for machines that reach no registry.
 *
 * Each `it` is a test of its own, named "suite > inner suite > behaviour", so
 * that `deno test --filter` finds it and the runner counts it. Hooks of outer
 * suites run around those of inner ones. `beforeAll` runs before the first test
 * of its suite that is really run; `afterAll` runs after the last one, or at
 * the end of the file where a filter left some of them out.
 *
 * There is no way to switch a test off: this repository has no such tests.
 *
 * @module
 */

/** Test body or hook. */
export type Body<T> = (
  this: T,
  t: Deno.TestContext,
) => void | Promise<void>;
/** Hook: gets the context of its suite as `this`. */
export type Hook<T> = (this: T) => void | Promise<void>;

/** Options of a suite. */
export interface DescribeDefinition {
  /** What is described. */
  name: string;
  /** Declares the tests. */
  fn?: () => void | undefined;
}

/** Options of a test. */
export interface ItDefinition<T> {
  /** The behaviour. */
  name: string;
  /** The test. */
  fn: Body<T>;
  /** After this time the test has failed. Milliseconds. */
  timeout?: number;
}

interface Suite {
  readonly name: string;
  readonly parent: Suite | null;
  readonly beforeAll: Hook<unknown>[];
  readonly afterAll: Hook<unknown>[];
  readonly beforeEach: Hook<unknown>[];
  readonly afterEach: Hook<unknown>[];
  /** What `beforeAll` put into `this`, copied for each test. */
  context: object;
  /** Tests of this and the inner suites that have not run. */
  left: number;
  state: "new" | "open" | "closed";
  /** What `beforeAll` threw: every test of the suite fails with it. */
  broken: unknown;
}

const declared: Suite[] = [];
let current: Suite = suite("", null);

function suite(name: string, parent: Suite | null): Suite {
  return {
    name,
    parent,
    beforeAll: [],
    afterAll: [],
    beforeEach: [],
    afterEach: [],
    context: {},
    left: 0,
    state: "new",
    broken: undefined,
  };
}

/** Groups tests and hooks under a name. */
export function describe(name: string, fn: () => void | undefined): void;
/** Groups tests and hooks as the options say. */
export function describe(options: DescribeDefinition): void;
export function describe(
  options: string | DescribeDefinition,
  fn?: () => void | undefined,
): void {
  const name = typeof options === "string" ? options : options.name;
  const body = typeof options === "string" ? fn : options.fn;
  const outer = current;
  current = suite(name, outer);
  try {
    const result: unknown = body?.();
    if (result instanceof Promise) {
      throw new TypeError(`Cannot describe "${name}" with an async function`);
    }
  } finally {
    current = outer;
  }
}

/** Declares a test. */
export function it<T>(name: string, fn: Body<T>): void;
/** Declares a test with options. */
export function it<T>(
  name: string,
  options: Omit<ItDefinition<T>, "name" | "fn">,
  fn: Body<T>,
): void;
/** Declares a test as the options say. */
export function it<T>(options: ItDefinition<T>): void;
export function it<T>(
  first: string | ItDefinition<T>,
  second?: Body<T> | Omit<ItDefinition<T>, "name" | "fn">,
  third?: Body<T>,
): void {
  if (typeof first !== "string") return register(first);
  if (typeof second === "function") {
    return register({ name: first, fn: second });
  }
  if (third === undefined) throw new TypeError(`Test "${first}" has no body`);
  register({ name: first, ...second, fn: third });
}

/** Same as {@linkcode it}. */
export const test: typeof it = it;

/** Runs before the first test of the suite. */
export function beforeAll<T>(fn: Hook<T>): void {
  current.beforeAll.push(fn as Hook<unknown>);
}

/** Runs after the last test of the suite. */
export function afterAll<T>(fn: Hook<T>): void {
  current.afterAll.push(fn as Hook<unknown>);
}

/** Runs before each test of the suite and of those in it. */
export function beforeEach<T>(fn: Hook<T>): void {
  current.beforeEach.push(fn as Hook<unknown>);
}

/** Runs after each test of the suite and of those in it, passed or not. */
export function afterEach<T>(fn: Hook<T>): void {
  current.afterEach.push(fn as Hook<unknown>);
}

/** Same as {@linkcode beforeAll}. */
export const before: typeof beforeAll = beforeAll;
/** Same as {@linkcode afterAll}. */
export const after: typeof afterAll = afterAll;

function register<T>(definition: ItDefinition<T>): void {
  const chain = pathTo(current);
  for (const each of chain) each.left++;
  closeAtEnd(chain);
  const { fn, name, ...options } = definition;
  Deno.test({
    ...options,
    name: [...chain.map((each) => each.name), name].filter((part) =>
      part !== ""
    ).join(" > "),
    fn: (t) => run(chain, fn as Body<unknown>, t),
  });
}

/** Suites from the outermost to this one. */
function pathTo(inner: Suite): Suite[] {
  const chain: Suite[] = [];
  for (let at: Suite | null = inner; at !== null; at = at.parent) {
    chain.unshift(at);
  }
  return chain;
}

async function run(
  chain: Suite[],
  body: Body<unknown>,
  t: Deno.TestContext,
): Promise<void> {
  const failures: unknown[] = [];
  const context = {};
  await attempt(failures, async () => {
    for (const each of chain) {
      await open(each, context);
    }
    for (const each of chain) {
      for (const hook of each.beforeEach) await hook.call(context);
    }
    await body.call(context, t);
  });
  for (const each of chain.toReversed()) {
    for (const hook of each.afterEach) {
      await attempt(failures, () => hook.call(context));
    }
    each.left--;
    if (each.left === 0) await attempt(failures, () => close(each));
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) {
    throw new AggregateError(failures, failures.map(String).join("\n"));
  }
}

async function attempt(
  failures: unknown[],
  step: () => void | Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    failures.push(error);
  }
}

async function open(at: Suite, context: object): Promise<void> {
  if (at.state === "new") {
    at.state = "open";
    Object.assign(at.context, context);
    try {
      for (const hook of at.beforeAll) await hook.call(at.context);
    } catch (error) {
      at.broken = error;
    }
  }
  if (at.broken !== undefined) throw at.broken;
  Object.assign(context, at.context);
}

async function close(at: Suite): Promise<void> {
  if (at.state !== "open") return;
  at.state = "closed";
  for (const hook of at.afterAll) await hook.call(at.context);
}

/** Closes, at the end of the file, what a filter kept from being closed. */
function closeAtEnd(chain: Suite[]): void {
  if (declared.length === 0) {
    Deno.test.afterAll(async () => {
      for (const each of declared.toReversed()) await close(each);
    });
  }
  for (const each of chain) {
    if (!declared.includes(each)) declared.push(each);
  }
}
