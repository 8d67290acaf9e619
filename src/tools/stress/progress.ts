/**
 * The progress bar on a terminal.
 *
 * It is `npm:cli-progress`, fetched when there is a terminal to show it on; a
 * run without a network goes on without it.
 *
 * @module
 */

/** What this file needs of a bar. */
interface Bar {
  start(total: number, value: number, payload: object): void;
  update(value: number, payload: object): void;
  stop(): void;
}

/** What the package exports. */
interface Library {
  readonly SingleBar: new (options: object, preset: object) => unknown;
  readonly Presets: { readonly shades_classic: object };
}

/** Shows how far the run is. */
export interface Progress {
  /** Sets the share of the run that is done, 0 to 1, and what is at work. */
  update(share: number, cell: string, ops: number): void;
  /** Takes the bar away. */
  stop(): void;
}

const FORMAT = "{bar} {percentage} %  {cell}  {ops} ops";
const TOTAL = 1000;

function isBar(value: unknown): value is Bar {
  return typeof value === "object" && value !== null && "start" in value &&
    "update" in value && "stop" in value;
}

/** The bar, or undefined if there is none to be had. */
async function load(): Promise<Bar | undefined> {
  // A name that is computed stays out of the module graph, so that nobody who
  // only imports us needs the package.
  const name = ["npm:cli-progress", "3.12.0"].join("@");
  try {
    const { default: library }: { default: Library } = await import(name);
    const options = { format: FORMAT, clearOnComplete: true, hideCursor: true };
    const bar = new library.SingleBar(
      options,
      library.Presets.shades_classic,
    );
    return isBar(bar) ? bar : undefined;
  } catch {
    return undefined;
  }
}

/** A bar on standard error if there is a terminal to see it, else nothing. */
export async function createProgress(): Promise<Progress> {
  const isSeen = Deno.stdout.isTerminal() && Deno.stderr.isTerminal();
  const bar = isSeen ? await load() : undefined;
  bar?.start(TOTAL, 0, { cell: "", ops: 0 });
  return {
    update(share, cell, ops): void {
      bar?.update(Math.floor(share * TOTAL), { cell, ops });
    },
    stop(): void {
      bar?.stop();
    },
  };
}
