/**
 * Tests that fail on purpose, run by `bdd_test.ts` only: the name of this file
 * keeps it out of `deno test`.
 */

import { assertEquals } from "@std/assert";
import { afterAll, afterEach, beforeAll, describe, it } from "@std/testing/bdd";

let cleaned = false;

describe("broken suite", () => {
  beforeAll(() => {
    throw new Error("Cannot set up");
  });
  it("fails", () => {});
  it("fails again", () => {});
});

describe("suite", () => {
  afterEach(() => {
    cleaned = true;
  });
  it("fails in its body", () => assertEquals(1, 2));
  it("passes", () => {});
});

describe("suite with a broken hook", () => {
  afterEach(() => {
    throw new Error("Cannot clean up");
  });
  afterAll(() => console.log(`cleaned up: ${cleaned}`));
  it("fails in its hook", () => {});
});
