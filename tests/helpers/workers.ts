/**
 * Workers for tests: ask one to do a task, await its answer.
 *
 * ```text
 *   test                         worker file
 *   ────────────────────────     ──────────────────────────────────
 *   Fleet.start(url, 3)    ──▶   serve({ add, … }) says it is ready
 *   fleet.ask(0, "add", 2) ──▶   add(2, control) runs to its end
 *   answer or error        ◀──   what it returned or threw
 *   fleet.close()          ──▶   STOP is set; tasks end; self.close()
 * ```
 *
 * A worker that never yields cannot be terminated, so tasks that loop must look
 * at the control words (`isStopped`) and all waits have an end: `waitUntil`
 * and `rendezvous` throw when their time is over, and an ask that is not
 * answered in time rejects and sets STOP.
 *
 * @module
 */

// Of the two kinds of global scope that the compiler knows, it is this one.
declare const self: DedicatedWorkerGlobalScope;

/** Words that a fleet and its workers share. 64 of them, 0 at first. */
export type Control = Int32Array<SharedArrayBuffer>;

/** Control word that is 1 once all tasks shall end. */
export const STOP = 0;
/** First control word that tests may use as they like. */
export const FIRST_FREE = 8;

/** Time for an answer unless the test says otherwise. Milliseconds. */
const ASK_MS = 30000;
/** Time for a worker to end what it does when its fleet is closed. Milliseconds. */
const CLOSE_MS = 10000;
/** Time of a wait unless the test says otherwise. Milliseconds. */
const WAIT_MS = 20000;

/** What a worker file can do. */
export type Tasks<A> = Record<
  string,
  (argument: A, control: Control) => unknown
>;

interface Question {
  id: number;
  task: string;
  argument: unknown;
}

interface Answer {
  id: number;
  /** Set if the task threw. */
  error?: string;
  value?: unknown;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** In a worker file: serves the tasks by name until the fleet is closed. */
export function serve<A>(tasks: Tasks<A>): void {
  let control: Control = new Int32Array(new SharedArrayBuffer(0));
  self.addEventListener("message", (event: MessageEvent) => {
    const question = event.data as Question;
    if (question.task === "close") {
      self.postMessage({ id: question.id });
      self.close();
    } else if (question.task === "open") {
      control = question.argument as Control;
      self.postMessage({ id: question.id });
    } else {
      self.postMessage(answerOf(tasks, question, control));
    }
  });
}

function answerOf<A>(
  tasks: Tasks<A>,
  question: Question,
  control: Control,
): Answer {
  const { id, task, argument } = question;
  try {
    return { id, value: tasks[task](argument as A, control) };
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error);
    return { id, error: `${task}: ${text}` };
  }
}

/** A number of workers that run the same file. */
export class Fleet implements AsyncDisposable {
  /** Words shared with the workers. */
  readonly control: Control = new Int32Array(new SharedArrayBuffer(256));
  readonly #workers: Worker[] = [];
  readonly #pending = new Map<number, Pending>();
  #asked = 0;

  private constructor() {}

  /** Starts workers and waits until all of them serve. */
  static async start(entry: URL, count: number): Promise<Fleet> {
    const fleet = new Fleet();
    for (let i = 0; i < count; i++) fleet.#add(entry);
    await fleet.#all("open", fleet.control, ASK_MS);
    return fleet;
  }

  /** Starts one more worker and waits until it serves. Returns its number. */
  async add(entry: URL): Promise<number> {
    this.#add(entry);
    const i = this.#workers.length - 1;
    await this.ask(i, "open", this.control);
    return i;
  }

  /**
   * Has worker `i` do a task.
   *
   * @returns What the task returns.
   * @throws {Error} If the task throws, the worker dies, or the time is over.
   */
  async ask<R>(
    i: number,
    task: string,
    argument: unknown,
    timeoutMs: number = ASK_MS,
  ): Promise<R> {
    const id = ++this.#asked;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const timer = setTimeout(() => {
      this.stop();
      reject(new Error(`Worker ${i} did not answer "${task}" in time`));
    }, timeoutMs);
    try {
      this.#workers[i].postMessage({ id, task, argument } satisfies Question);
      return await promise as R;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** Has all workers do a task at the same time, each with its own argument. */
  askAll<R>(
    task: string,
    argumentOf: (i: number) => unknown,
    timeoutMs: number = ASK_MS,
  ): Promise<R[]> {
    return Promise.all(
      this.#workers.map((_, i) =>
        this.ask<R>(i, task, argumentOf(i), timeoutMs)
      ),
    );
  }

  /** Tells running tasks to end. */
  stop(): void {
    Atomics.store(this.control, STOP, 1);
    for (let at = 0; at < this.control.length; at++) {
      Atomics.notify(this.control, at);
    }
  }

  /** Ends all tasks, then all workers. */
  async close(): Promise<void> {
    this.stop();
    try {
      await this.#all("close", null, CLOSE_MS);
    } finally {
      for (const worker of this.#workers) worker.terminate();
      this.#workers.length = 0;
    }
  }

  /** Same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #all(task: string, argument: unknown, timeoutMs: number): Promise<unknown> {
    return this.askAll(task, () => argument, timeoutMs);
  }

  #add(entry: URL): void {
    const worker = new Worker(entry, { type: "module" });
    worker.addEventListener("message", (event: MessageEvent) => {
      const { id, error, value } = event.data as Answer;
      const pending = this.#pending.get(id);
      if (error === undefined) pending?.resolve(value);
      else pending?.reject(new Error(error));
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      const error = new Error(`A worker died: ${event.message}`);
      for (const pending of this.#pending.values()) pending.reject(error);
    });
    this.#workers.push(worker);
  }
}

/** Whether the fleet wants all tasks to end. */
export function isStopped(control: Control): boolean {
  return Atomics.load(control, STOP) !== 0;
}

/**
 * Blocks until a shared word has a value.
 *
 * @throws {Error} If it has not in time.
 */
export function waitUntil(
  words: Int32Array<SharedArrayBuffer>,
  at: number,
  value: number,
  timeoutMs: number = WAIT_MS,
): void {
  const deadline = performance.now() + timeoutMs;
  for (let i = 0;; i++) {
    const seen = Atomics.load(words, at);
    if (seen === value) return;
    if (performance.now() > deadline) {
      throw new Error(`Word ${at} is ${seen} and not ${value} in time`);
    }
    // Who stores the value need not notify.
    if (i < 1000) Atomics.pause();
    else Atomics.wait(words, at, seen, 1);
  }
}

/** Stores a value that others wait for, and wakes them. */
export function signal(
  words: Int32Array<SharedArrayBuffer>,
  at: number,
  value: number,
): void {
  Atomics.store(words, at, value);
  Atomics.notify(words, at);
}

/**
 * Blocks until `count` callers have come to the same control word. Each word
 * serves once.
 *
 * @throws {Error} If not all come in time.
 */
export function rendezvous(
  control: Control,
  at: number,
  count: number,
  timeoutMs: number = WAIT_MS,
): void {
  Atomics.add(control, at, 1);
  Atomics.notify(control, at);
  waitUntil(control, at, count, timeoutMs);
}
