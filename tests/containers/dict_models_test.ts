/**
 * The models of dicts find bugs that are planted in what dicts share.
 */

import { assert, assertEquals } from "@std/assert";
import { check, ROOT } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import { reads } from "../models/dict_reads.ts";

/** A bug: in a file, this text instead of that. */
interface Bug {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly instead: string;
  /** A model that must find it. */
  readonly model: Model;
}

const TABLE = "src/objects/sharing/dict_keys.ts";
const READS = "src/objects/sharing/dict_reads.ts";
const DELAYED = "src/objects/sharing/delayed.ts";
const COMMIT = "References.write(m, at + 1, value | 0); // COMMIT\n  i32[dict";

const BUGS: readonly Bug[] = [
  {
    name: "a table that does not wait for its readers",
    file: DELAYED,
    text: "if (!Qsbr.poll(m, i32[at + 1])) return 0;",
    instead: "",
    model: reads(["key"], ["grow", "process"]),
  },
  {
    name: "a value that is not looked at again",
    file: READS,
    text: "Atomics.load(i32, entry + 1) >>> 0 === value &&",
    instead: "",
    model: reads(["key"], ["remove"]),
  },
  {
    name: "a table that is not looked at again",
    file: READS,
    text:
      "&&\n    Atomics.load(i32, dict + MA_KEYS) === table;\n  return isThere",
    instead: ";\n  return isThere",
    model: reads(["key"], ["grow", "set"]),
  },
  {
    name: "a reference that is taken whatever the object",
    file: READS,
    text: "if (!Biased.tryIncref(m, value)) return UNSURE;",
    instead: "Biased.incref(m, value);",
    model: reads(["key"], ["remove"]),
  },
  {
    name: "a lane that is empty again",
    file: TABLE,
    text: "setLane(i32, keys, laneOf(i32, keys, hash, index), DUMMY);",
    instead: "setLane(i32, keys, laneOf(i32, keys, hash, index), EMPTY);",
    model: reads(["other"], ["remove"], { hasOther: true }),
  },
  {
    name: "an entry that is used for another key",
    file: TABLE,
    text: "const index = capacityOf(logSize(i32, keys)) - usable;",
    instead: "const index = i32[keys + DK_NENTRIES];",
    model: reads(["key"], ["pop", "insert"]),
  },
  {
    name: "a value that no lane leads to",
    file: TABLE,
    text: `link(i32, keys, hash, index);\n  ${COMMIT}`,
    instead: "References.write(m, at + 1, value | 0);\n" +
      "  link(i32, keys, hash, index);\n  i32[dict",
    model: reads(["other"], ["insert"], { kills: 1 }),
  },
  {
    name: "a lane that is given up before the value",
    file: TABLE,
    text: "References.write(m, at + 1, 0); // COMMIT\n" +
      "  setLane(i32, keys, laneOf(i32, keys, hash, index), DUMMY);",
    instead: "setLane(i32, keys, laneOf(i32, keys, hash, index), DUMMY);\n" +
      "  References.write(m, at + 1, 0);",
    model: reads(["key"], ["remove"], { kills: 1 }),
  },
  {
    name: "a count that nobody mends",
    file: TABLE,
    text: "i32[dict + MA_USED] = used | BUSY;\n  if (kind",
    instead: "if (kind",
    model: reads(["key"], ["insert", "set"], { kills: 1 }),
  },
  {
    name: "a table that is replaced before the count is open",
    file: TABLE,
    text: "i32[dict + MA_USED] |= BUSY;\n  replace(m, dict, EMPTY_KEYS);",
    instead: "replace(m, dict, EMPTY_KEYS);",
    model: reads(["key"], ["clear"], { kills: 1 }),
  },
];

for (const { name, file, text, instead, model } of BUGS) {
  Deno.test(`A model of dicts finds: ${name}`, async () => {
    const source = Deno.readTextFileSync(new URL(file, ROOT));
    assertEquals(source.split(text).length, 2, `"${text}" in ${file}`);
    const right = await check(model, { limit: 2_000_000 });
    assertEquals(right.finding, undefined);
    const overrides = new Map([[file, source.replace(text, instead)]]);
    const { finding } = await check(model, { overrides, limit: 2_000_000 });
    assert(finding !== undefined, "nothing was found");
  });
}
