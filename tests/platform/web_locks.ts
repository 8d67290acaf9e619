/**
 * Web Locks, which Deno has and its library of types does not name.
 *
 * @module
 */

/** What is used of `navigator.locks`. */
export interface WebLocks {
  /** Runs `held` with the lock, and keeps the lock until its promise settles. */
  request<R>(name: string, held: () => R | Promise<R>): Promise<R>;
  /** The same, but `held` gets null at once if somebody has the lock. */
  request<R>(
    name: string,
    options: { ifAvailable: true },
    held: (lock: object | null) => R | Promise<R>,
  ): Promise<R>;
  /** Which locks are held. */
  query(): Promise<{ held: { name: string }[] }>;
}

/** `navigator.locks`. */
export const locks = Reflect.get(navigator, "locks") as WebLocks;
