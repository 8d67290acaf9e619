/**
 * The library and the killers for Node, which reads no TypeScript: types are
 * stripped into a folder of their own, what an old Node lacks is added.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../../", import.meta.url);
/** Files and folders that are needed, from the root. */
const NEEDED = ["mod.ts", "src/", "tests/real/kills/"];
/** What Node 20 lacks. */
const LACKING = `
Atomics.pause ??= () => {};
Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};
`;

/** Paths of the modules in a file or folder, from the root. */
function modulesIn(path: string): string[] {
  if (!path.endsWith("/")) return [path];
  return [...Deno.readDirSync(new URL(path, ROOT))].flatMap((entry) => {
    if (entry.isDirectory) return modulesIn(`${path}${entry.name}/`);
    return entry.name.endsWith(".ts") ? [path + entry.name] : [];
  });
}

function toJavaScript(source: string, lacking: string): string {
  return `import "${lacking}";\n` +
    stripTypeScriptTypes(source).replace(
      /(from\s+")(\.[^"]*)\.ts"/g,
      '$1$2.js"',
    );
}

/** Writes all for Node. Returns the folder; whoever asked removes it. */
export function makeNodeFolder(): string {
  const folder = Deno.makeTempDirSync({ prefix: "obmalloc-node-" });
  Deno.writeTextFileSync(`${folder}/package.json`, '{ "type": "module" }');
  const lacking = `${folder}/lacking.js`;
  Deno.writeTextFileSync(lacking, LACKING);
  for (const path of NEEDED.flatMap(modulesIn)) {
    const target = `${folder}/${path.replace(/\.ts$/, ".js")}`;
    Deno.mkdirSync(target.replace(/\/[^/]*$/, ""), { recursive: true });
    const source = Deno.readTextFileSync(fileURLToPath(new URL(path, ROOT)));
    Deno.writeTextFileSync(target, toJavaScript(source, lacking));
  }
  return folder;
}

/** Whether there is a Node on the path. */
export function hasNode(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync()
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
