/**
 * Checks a model: loads the library, searches, and learns what is shared until
 * nothing new is learned.
 *
 * @module
 */

import "./hooks.ts";
import { type Explored, type ExploreOptions, Explorer } from "./explore.ts";
import { Loader, type LoadOptions } from "./loader.ts";
import { type Machine, machine } from "./machine.ts";
import type { Model } from "./model.ts";

/** Root of the repository. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** Further files of tests that run under the checker. */
export const EXTRA: readonly string[] = ["tests/checker/fixtures"];

/** Result of a check. */
export interface Checked extends Explored {
  /** Seconds, without loading. */
  readonly seconds: number;
  /** Searches until nothing new was learned. */
  readonly rounds: number;
}

let shared: Loader | undefined;

/** The loader that all models share. */
export function loader(): Loader {
  return shared ??= new Loader(ROOT, EXTRA);
}

/** Says which functions a model never calls, by their keys. */
export function idleIn(model: Model): (key: string) => boolean {
  if (model.hasSections) return () => false;
  return (key) => key.startsWith("src/threads/sections.ts#");
}

/** Loads the library for a model and sets the machine up. */
export async function prepare(
  model: Model,
  options: LoadOptions = {},
): Promise<Machine> {
  const constants = { ...model.constants, ...options.constants };
  const idle = idleIn(model);
  const library = loader().load({ idle, ...options, constants });
  try {
    await library.fetch(model.doors);
  } finally {
    library.dispose();
  }
  machine.prepare(model, library);
  return machine;
}

/** Transitions after which a search with news is started again. */
const PATIENCE = 1000;

/** Explores the model that the machine is set up for. */
export function explore(
  m: Machine,
  options: ExploreOptions = {},
): Checked {
  const bound = options.bound ?? m.model.bound;
  const start = performance.now();
  for (let rounds = 1, patience = PATIENCE;; rounds++, patience *= 2) {
    const search = new Explorer(m, { ...options, bound, patience });
    const result = search.run();
    // What was found before all is learned may not be there.
    if (m.sharing.learned.length === 0) {
      const seconds = (performance.now() - start) / 1000;
      return { ...result, seconds, rounds };
    }
  }
}

/** Loads and explores a model. */
export async function check(
  model: Model,
  options: ExploreOptions & LoadOptions = {},
): Promise<Checked> {
  return explore(await prepare(model, options), options);
}
