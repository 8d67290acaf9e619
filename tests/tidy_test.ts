/**
 * The code base itself: layers, sizes, habits. Each rule stands in
 * `tidy/rules.ts` and must find its canary before it is believed.
 */

import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { CANARIES } from "./tidy/canaries.ts";
import { findCycle } from "./tidy/layers.ts";
import { findings, importsOf, RULES } from "./tidy/rules.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const SKIPPED = [".git", "node_modules", "coverage", "vendor"];
const TEXT = /(\.(ts|js|mjs|json|md|c|h|sh|yml|toml)|\/run|LICENSE|ignore)$/;

/**
 * Places of the machine that somebody worked on; written so that this file
 * does not contain them.
 */
const PLACES = new RegExp(
  [["/", "work/"], ["/", "root/"], ["/", "home/"], ["\\.\\./", "shared"]]
    .map((parts) => parts.join("")).join("|"),
);

/** Paths of the text files of the repository, from its root. */
function listFiles(folder = ""): string[] {
  const paths: string[] = [];
  for (const entry of Deno.readDirSync(ROOT + folder)) {
    const path = folder + entry.name;
    if (SKIPPED.includes(entry.name)) continue;
    if (entry.isDirectory) paths.push(...listFiles(`${path}/`));
    else if (TEXT.test(path)) paths.push(path);
  }
  return paths.sort();
}

const files = new Map(
  listFiles().map((path) => [path, Deno.readTextFileSync(ROOT + path)]),
);
const modules = [...files].filter(([path]) => path.endsWith(".ts"));

Deno.test("the walk sees the repository", () => {
  for (const path of ["deno.json", ".ci/run", "src/errors.ts"]) {
    assert(files.has(path), path);
  }
});

for (const name of Object.keys(RULES)) {
  Deno.test(`tidy/${name} finds its canary`, () => {
    const only = { [name]: RULES[name] };
    const { bad, good } = CANARIES[name];
    for (const [path, source] of bad) {
      assertEquals(
        findings(path, source, only).length,
        1,
        `${path}: ${source}`,
      );
    }
    for (const [path, source] of good) {
      assertEquals(findings(path, source, only), []);
    }
  });

  Deno.test(`tidy/${name} holds`, () => {
    const only = { [name]: RULES[name] };
    const found = modules.flatMap(([path, source]) =>
      findings(path, source, only)
    );
    assertEquals(found, []);
  });
}

Deno.test("findCycle() finds a canary", () => {
  const chain = new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", ["d"]]]);
  assertEquals(findCycle(chain), []);
  chain.set("d", ["b"]);
  assertEquals(findCycle(chain), ["b", "c", "d", "b"]);
});

Deno.test("no file imports itself by a detour", () => {
  const edges = new Map(
    modules.map(([path, source]) => [path, importsOf(path, source)]),
  );
  assertEquals(findCycle(edges), []);
});

Deno.test("importsOf() sees values and not types", () => {
  const source =
    'import { a } from "./a.ts"; import type { B } from "./b.ts";' +
    'export * from "../c.ts"; import "@std/assert";';
  assertEquals(importsOf("src/raw/x.ts", source), ["src/raw/a.ts", "src/c.ts"]);
});

Deno.test("no text names a place of somebody's machine", () => {
  assert(PLACES.test(["see /", "work/notes"].join("")));
  assert(PLACES.test(["see ../", "shared/notes"].join("")));
  const found = [...files].flatMap(([path, text]) =>
    text.split("\n").flatMap((line, i) =>
      PLACES.test(line) ? [`${path}:${i + 1} ${line.trim()}`] : []
    )
  );
  assertEquals(found, []);
});

Deno.test("every folder of src stands in src/README.md", () => {
  const readme = files.get("src/README.md") ?? "";
  for (const path of files.keys()) {
    const folder = /^src\/(\w+)\//.exec(path)?.[1];
    if (folder) assert(readme.includes(`${folder}/`), `${folder} is missing`);
  }
});
