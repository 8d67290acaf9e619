/**
 * The order in which hooks run, seen by a log that a second suite reads.
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
} from "@std/testing/bdd";
import {
  assertType,
  type Has,
  type IsAny,
  type IsExact,
  type IsNever,
  type IsNullable,
  type IsUnknown,
} from "@std/testing/types";

const FAILING = import.meta.resolve("./failing.ts");
const log: string[] = [];

describe("outer suite", () => {
  beforeAll(function (this: { port: number }) {
    this.port = 1;
    log.push("all");
  });
  beforeEach(() => void log.push("each"));
  afterEach(() => void log.push("after each"));
  afterAll(() => void log.push("after all"));

  it("runs its hooks", function (this: { port: number }) {
    assertEquals(this.port, 1);
    log.push("test 1");
  });

  describe("inner suite", () => {
    beforeAll(() => void log.push("inner all"));
    beforeEach(() => void log.push("inner each"));
    afterEach(() => void log.push("inner after each"));
    afterAll(() => void log.push("inner after all"));

    it("runs outer hooks too", { timeout: 10000 }, (t) => {
      assertEquals(
        t.name,
        "outer suite > inner suite > runs outer hooks too",
      );
      log.push("test 2");
    });
  });
});

describe("hooks", () => {
  it("ran in order", () => {
    assertEquals(log, [
      "all",
      "each",
      "test 1",
      "after each",
      "inner all",
      "each",
      "inner each",
      "test 2",
      "inner after each",
      "inner after all",
      "after each",
      "after all",
    ]);
  });
});

describe("deno test on a file that fails", () => {
  it("counts the failures of tests, of hooks and of beforeAll", async () => {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "-A", FAILING],
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(code, 1);
    assertStringIncludes(text, "1 passed");
    assertStringIncludes(text, "4 failed");
    assertStringIncludes(text, "cleaned up: true");
  });
});

describe("type claims", () => {
  it("are settled by the compiler", () => {
    assertType<IsExact<{ a: number }, { a: number }>>(true);
    assertType<IsExact<{ a: number }, { a?: number }>>(false);
    // deno-lint-ignore no-explicit-any
    assertType<IsExact<any, unknown>>(false);
    // deno-lint-ignore no-explicit-any
    assertType<IsAny<any>>(true);
    assertType<IsAny<unknown>>(false);
    assertType<IsNever<never>>(true);
    assertType<IsUnknown<unknown>>(true);
    assertType<IsNullable<string | null>>(true);
    assertType<Has<string | number, number>>(true);
  });
});
