/**
 * The arguments of the tools: values of the right type for what makes sense,
 * a message for what does not.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as Args from "../../src/tools/args.ts";

const TOOL = {
  name: "sample",
  summary: "Show what a tool takes.",
  operands: ["FILE", "[SECOND]"],
  options: {
    build: Args.choice(["gil", "free-threaded"], "gil", "Which build"),
    shape: Args.choice(["larson", "churn"], undefined, "Which shape"),
    workers: Args.integer({ min: 1, max: 64 }, 2, "Workers"),
    seconds: Args.real({ min: 0, max: 3600 }, 1.5, "Seconds"),
    out: Args.text("FILE", undefined, "Where to write"),
    json: Args.flag("Print one JSON object"),
  },
};

function refused(...args: string[]): string {
  const run = () => Args.parseArguments(TOOL, args);
  return assertThrows(run, Args.UsageError).message;
}

Deno.test("parseArguments() gives defaults for what is not there", () => {
  const { values, operands } = Args.parseArguments(TOOL, ["a"]);
  assertEquals(operands, ["a"]);
  assertEquals(values, {
    build: "gil",
    shape: undefined,
    workers: 2,
    seconds: 1.5,
    out: undefined,
    json: false,
  });
});

Deno.test("parseArguments() reads every kind of option", () => {
  const line = "a --build free-threaded --workers=8 --seconds 0.25 b " +
    "--out x.txt --json --shape churn";
  const { values, operands } = Args.parseArguments(TOOL, line.split(" "));
  assertEquals(operands, ["a", "b"]);
  assertEquals(values, {
    build: "free-threaded",
    shape: "churn",
    workers: 8,
    seconds: 0.25,
    out: "x.txt",
    json: true,
  });
});

Deno.test("parseArguments() names what makes no sense", () => {
  assert(refused("a", "--build", "nogil").includes('--build to "nogil"'));
  assert(refused("a", "--build", "nogil").includes("gil, free-threaded"));
  for (const text of ["0", "65", "1.5", "1e1", "x", ""]) {
    assert(refused("a", `--workers=${text}`).includes("from 1 to 64"), text);
  }
  for (const text of ["-1", "3601", "NaN", "Infinity", ""]) {
    assert(refused("a", `--seconds=${text}`).includes("--seconds"), text);
  }
  assert(refused("a", "--bogus").includes("--bogus"));
  assert(refused("a", "--workers").includes("--workers"));
  assert(refused("a", "--json=yes").includes("--json"));
  assert(refused().includes("FILE is missing"));
  assert(refused("a", "b", "c").includes('"c"'));
});

Deno.test("parseArguments() asks for no operand when help is wanted", () => {
  assert(Args.parseArguments(TOOL, ["--help"]).help);
});

Deno.test("helpText() lists operands, options and defaults", () => {
  const text = Args.helpText(TOOL);
  assert(text.includes("Usage: deno task sample FILE [SECOND] [OPTIONS]"));
  for (const name of Object.keys(TOOL.options)) {
    assert(text.includes(`--${name}`), name);
  }
  assert(text.includes("(default 2)"));
  assert(!text.includes("undefined"));
});

Deno.test("runTool() answers misuse with an exit code", async () => {
  const args: string[][] = [];
  function main(parsed: Args.Arguments<typeof TOOL.options>): number {
    args.push([...parsed.operands]);
    return Args.FAILED;
  }
  assertEquals(await Args.runTool(TOOL, main, ["a"]), Args.FAILED);
  assertEquals(args, [["a"]]);
});
