/**
 * Who may import whom: `src/README.md` as a table.
 *
 * @module
 */

/** Layers from the lowest to the highest. */
export const LAYERS: readonly string[] = [
  "src/layout",
  "src/memory",
  "src/sync",
  "src/threads",
  "src/raw",
  "src/pools",
  "src/recovery",
  "src/domains",
  "src/hooks",
  "src/objects",
  "src/gc",
  "src/check",
  "src/types",
  "src/handles",
  "src/face",
  "src/capi",
  "mod.ts",
  "src/tools",
];

/** May be imported by all layers but the layout, and imports none. */
const SHARED = ["src/errors.ts"];

/** What descriptors of types may know: they work without a heap. */
const TYPES_MAY_IMPORT = ["src/layout", "src/memory"];

/** Layer of a file, or `""` for one that belongs to none. */
export function layerOf(path: string): string {
  return LAYERS.find((layer) =>
    path === layer || path.startsWith(`${layer}/`)
  ) ?? "";
}

/** Why a file may not import another, or `""` if it may. */
export function fault(from: string, to: string): string {
  const source = layerOf(from);
  const target = layerOf(to);
  if (source === "src/layout") return "src/layout imports nothing";
  if (SHARED.includes(from)) return `${from} imports nothing`;
  if (SHARED.includes(to) || source === target) return "";
  if (source === "src/tools" && isWorker(to)) return "";
  if (target === "") return `${to} belongs to no layer`;
  if (source === "src/types" && !TYPES_MAY_IMPORT.includes(target)) {
    return "src/types knows layout and memory only";
  }
  return LAYERS.indexOf(target) < LAYERS.indexOf(source)
    ? ""
    : `${source} stands below ${target}`;
}

function isWorker(path: string): boolean {
  return path.startsWith("workers/");
}

/** The file that an import of `specifier` in `from` means. */
export function resolve(from: string, specifier: string): string {
  const base = new URL(from, "file:///");
  return decodeURIComponent(new URL(specifier, base).pathname.slice(1));
}

/**
 * A ring of imports, or an empty list.
 *
 * @param edges What each file imports.
 */
export function findCycle(edges: ReadonlyMap<string, string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): string[] {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(file);
    return [];
  }
  for (const file of edges.keys()) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
