/**
 * Allocation traces: files with every call that a program made to the three
 * domains, `.pmtr` as it is or compressed with gzip.
 *
 * ```text
 *   word 0          1          2          3        4           5     6
 *   ┌─────────────┬──────────┬──────────┬────────┬───────────┬─────┬──────┬─ …
 *   │ 0x52544d50  │ version  │ records  │ ids    │ op│domain │ id  │ size │
 *   └─────────────┴──────────┴──────────┴────────┴───────────┴─────┴──────┴─ …
 *                                                 └── 3 words a record ──┘
 * ```
 *
 * All words are little-endian u32. Word 0 of a record is the operation plus
 * 256 times the domain. An id names one block from its malloc to its free and
 * may be used again afterwards; a realloc keeps it. What is live at the end
 * of the trace was never freed.
 *
 * A file comes from anywhere, so it is not trusted: {@linkcode parseTrace}
 * refuses with a {@linkcode TraceError} whatever could not have been recorded.
 *
 * ## Invariants (of a parsed trace)
 *   T1  every operation is one of the four, every domain one of the three
 *   T2  every id < ids
 *   T3  malloc and calloc: the id is dead before and live after
 *   T4  free: the id is live before and dead after
 *   T5  realloc: the id is live in this domain, or dead: then it is realloc of
 *       NULL, which is malloc
 *   T6  a block is freed and reallocated in the domain it came from
 *
 * ## Not here
 *   Replaying: `replay.ts`. This file touches no shared memory.
 *
 * @module
 */

import { gunzipSync, gzipSync } from "node:zlib";
import * as PageMap from "../layout/page_map.ts";

/** Operation: allocate. */
export const MALLOC = 0;
/** Operation: allocate one element, zeroed. */
export const CALLOC = 1;
/** Operation: resize; the block may move. */
export const REALLOC = 2;
/** Operation: free. */
export const FREE = 3;

/** "PMTR" in little-endian. */
export const MAGIC = 0x52544d50;
/** The only version of the format. */
export const VERSION = 1;
/** Bits of the operation in {@linkcode Trace.codes}. */
export const OP_MASK = 3;
/** Position of the domain in {@linkcode Trace.codes}. */
export const DOMAIN_SHIFT = 2;
/** Domain mask of all three domains. */
export const ALL_DOMAINS = 7;

const HEADER_BYTES = 16;
const RECORD_BYTES = 12;
/** Ids that a trace may declare and not use. Count; keeps tables small. */
const SPARE_IDS = 1 << 24;
/** Largest file after decompression. Bytes. */
const BYTES_MAX = 0x7fffffff;

/** A trace in memory: one row of these three columns for each call. */
export interface Trace {
  /** Name of the file, without folder and without `.gz`. */
  readonly name: string;
  /** Ids that occur are those below this one. Count. */
  readonly ids: number;
  /** Operation, plus the domain shifted by {@linkcode DOMAIN_SHIFT}. */
  readonly codes: Uint8Array;
  /** Id of the block. */
  readonly blocks: Uint32Array;
  /** Requested size. Bytes. */
  readonly sizes: Uint32Array;
}

/** A file that is no trace, or a trace that nothing could have recorded. */
export class TraceError extends Error {
  /** Always `"TraceError"`. */
  override readonly name = "TraceError";
  /** Name of the file. */
  readonly file: string;
  /** Number of the record, from 0; -1 if it is not about a record. */
  readonly record: number;
  /** The value that makes no sense, or `undefined`. */
  readonly value: number | undefined;

  /** An error about a file, or about one record of it. */
  constructor(file: string, problem: string, record = -1, value?: number) {
    const place = record < 0 ? "" : `record ${record}: `;
    super(`Cannot read trace "${file}": ${place}${problem}`);
    this.file = file;
    this.record = record;
    this.value = value;
  }
}

/** Name of an operation, for messages. */
export function opName(op: number): string {
  return ["malloc", "calloc", "realloc", "free"][op] ?? `operation ${op}`;
}

/** Name of a domain, for messages. */
export function domainName(domain: number): string {
  return ["raw", "mem", "obj"][domain] ?? `domain ${domain}`;
}

function empty(name: string, length: number, ids: number): Trace {
  return {
    name,
    ids,
    codes: new Uint8Array(length),
    blocks: new Uint32Array(length),
    sizes: new Uint32Array(length),
  };
}

function hex(value: number): string {
  return "0x" + value.toString(16);
}

function parseHeader(view: DataView, file: string): [number, number] {
  if (view.byteLength < HEADER_BYTES) {
    const bytes = view.byteLength;
    const problem = `header of ${HEADER_BYTES} bytes expected, got ${bytes}`;
    throw new TraceError(file, problem, -1, bytes);
  }
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC) {
    const problem = `magic ${hex(MAGIC)} expected, got ${hex(magic)}`;
    throw new TraceError(file, problem, -1, magic);
  }
  const version = view.getUint32(4, true);
  if (version !== VERSION) {
    const problem = `version ${VERSION} expected, got ${version}`;
    throw new TraceError(file, problem, -1, version);
  }
  return [view.getUint32(8, true), view.getUint32(12, true)];
}

function checkCounts(view: DataView, file: string, records: number): void {
  const expected = HEADER_BYTES + records * RECORD_BYTES;
  const got = view.byteLength;
  if (got === expected) return;
  const problem = `${expected} bytes expected for ${records} records, ` +
    `got ${got}`;
  throw new TraceError(file, problem, -1, records);
}

function checkIds(file: string, records: number, ids: number): void {
  if (ids <= records + SPARE_IDS) return;
  const problem = `${ids} ids do not fit ${records} records`;
  throw new TraceError(file, problem, -1, ids);
}

/** T1 and T2 of one record, whose words go to the columns. */
function parseRecord(view: DataView, trace: Trace, record: number): void {
  const at = HEADER_BYTES + record * RECORD_BYTES;
  const word = view.getUint32(at, true);
  const op = word & 255;
  const domain = word >>> 8;
  const id = view.getUint32(at + 4, true);
  if (op > FREE) {
    const problem = `operation from 0 to ${FREE} expected, got ${op}`;
    throw new TraceError(trace.name, problem, record, op);
  }
  if (domain > PageMap.OBJ) {
    const problem = `domain from 0 to ${PageMap.OBJ} expected, got ${domain}`;
    throw new TraceError(trace.name, problem, record, domain);
  }
  if (id >= trace.ids) {
    const problem = `id below ${trace.ids} expected, got ${id}`;
    throw new TraceError(trace.name, problem, record, id);
  }
  trace.codes[record] = op | domain << DOMAIN_SHIFT;
  trace.blocks[record] = id;
  trace.sizes[record] = view.getUint32(at + 8, true);
}

function refuse(trace: Trace, record: number, problem: string): never {
  const op = opName(trace.codes[record] & OP_MASK);
  const id = trace.blocks[record];
  const text = `${op} of id ${id}, ${problem}`;
  throw new TraceError(trace.name, text, record, id);
}

/** T3 to T6, in one pass over a table of the domains of live ids. */
function checkLives(trace: Trace): void {
  const { codes, blocks } = trace;
  // 0: dead; else one more than the domain of the live block.
  const lives = new Uint8Array(trace.ids);
  for (let record = 0; record < codes.length; record++) {
    const op = codes[record] & OP_MASK;
    const domain = codes[record] >>> DOMAIN_SHIFT;
    const id = blocks[record];
    const life = lives[id];
    if (op <= CALLOC && life !== 0) refuse(trace, record, "which is live");
    if (op === FREE && life === 0) refuse(trace, record, "which is not live");
    if (life !== 0 && life !== domain + 1) {
      const owner = domainName(life - 1);
      const caller = domainName(domain);
      refuse(trace, record, `in domain ${caller}, but it is of ${owner}`);
    }
    lives[id] = op === FREE ? 0 : domain + 1;
  }
}

/**
 * A trace from the bytes of a `.pmtr` file.
 *
 * @param bytes The file, already decompressed.
 * @param name What errors and results call it.
 * @returns A trace that keeps T1 to T6.
 * @throws {TraceError} If it is not a trace that could have been recorded.
 */
export function parseTrace(bytes: Uint8Array, name: string): Trace {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [records, ids] = parseHeader(view, name);
  checkCounts(view, name, records);
  checkIds(name, records, ids);
  const trace = empty(name, records, ids);
  for (let record = 0; record < records; record++) {
    parseRecord(view, trace, record);
  }
  checkLives(trace);
  return trace;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function decompress(bytes: Uint8Array, file: string): Uint8Array {
  // The first bytes decide, not the name: a file may have been renamed.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: BYTES_MAX });
  } catch (error) {
    const problem = `damaged gzip data, ${messageOf(error)}`;
    throw new TraceError(file, problem);
  }
}

/**
 * Reads a `.pmtr` or `.pmtr.gz` file.
 *
 * @param path File to read.
 * @returns A trace that keeps T1 to T6.
 * @throws {TraceError} If the file cannot be read or is no such trace.
 */
export function readTrace(path: string): Trace {
  const file = path.replace(/^.*[/\\]/, "");
  let bytes;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    throw new TraceError(path, messageOf(error));
  }
  return parseTrace(decompress(bytes, file), file.replace(/\.gz$/, ""));
}

/** The bytes of a `.pmtr` file. */
export function encodeTrace(trace: Trace): Uint8Array {
  const { codes, blocks, sizes } = trace;
  const bytes = new Uint8Array(HEADER_BYTES + codes.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  [MAGIC, VERSION, codes.length, trace.ids].forEach((word, index) =>
    view.setUint32(index * 4, word, true)
  );
  for (let record = 0; record < codes.length; record++) {
    const at = HEADER_BYTES + record * RECORD_BYTES;
    const code = codes[record];
    const word = code & OP_MASK | code >>> DOMAIN_SHIFT << 8;
    view.setUint32(at, word, true);
    view.setUint32(at + 4, blocks[record], true);
    view.setUint32(at + 8, sizes[record], true);
  }
  return bytes;
}

/** Writes a trace, compressed if the name ends in `.gz`. */
export function writeTrace(path: string, trace: Trace): void {
  const bytes = encodeTrace(trace);
  const compress = path.endsWith(".gz");
  Deno.writeFileSync(path, compress ? gzipSync(bytes, { level: 9 }) : bytes);
}

/** Whether a call is of a domain of the mask (bit 0 RAW, 1 MEM, 2 OBJ). */
export function isSelected(code: number, mask: number): boolean {
  return (mask >>> (code >>> DOMAIN_SHIFT) & 1) !== 0;
}

/**
 * The calls of some domains only, in their order.
 *
 * @param trace A whole trace.
 * @param mask Domains to keep: bit 0 RAW, bit 1 MEM, bit 2 OBJ.
 * @returns A trace of its own; ids stay what they were.
 */
export function selectDomains(trace: Trace, mask: number): Trace {
  const { codes, blocks, sizes } = trace;
  const length = codes.reduce((n, code) => n + +isSelected(code, mask), 0);
  const selected = empty(trace.name, length, trace.ids);
  let call = 0;
  for (let record = 0; record < codes.length; record++) {
    if (!isSelected(codes[record], mask)) continue;
    selected.codes[call] = codes[record];
    selected.blocks[call] = blocks[record];
    selected.sizes[call] = sizes[record];
    call++;
  }
  return selected;
}

/** The first calls of a trace; all blocks then live stay live at its end. */
export function headOf(trace: Trace, length: number, name: string): Trace {
  const blocks = trace.blocks.slice(0, length);
  const ids = blocks.reduce((most, id) => Math.max(most, id + 1), 0);
  const codes = trace.codes.slice(0, length);
  return { name, ids, codes, blocks, sizes: trace.sizes.slice(0, length) };
}

/** What a trace asks for. All bytes. */
export interface Requested {
  /** Most that was live at one time. */
  readonly peak: number;
  /** Live at the end. */
  readonly live: number;
}

/** Sums of the requested sizes of all live blocks. */
export function requestedBytes(trace: Trace): Requested {
  const held = new Uint32Array(trace.ids);
  let live = 0;
  let peak = 0;
  for (let call = 0; call < trace.codes.length; call++) {
    const id = trace.blocks[call];
    const isFree = (trace.codes[call] & OP_MASK) === FREE;
    const size = isFree ? 0 : trace.sizes[call];
    live += size - held[id];
    held[id] = size;
    if (live > peak) peak = live;
  }
  return { peak, live };
}

/**
 * Makes traces: call it like an allocator, then take the trace.
 *
 * Ids are given out as a recorder does it: the one freed last comes first.
 */
export class TraceWriter {
  #codes: number[] = [];
  #blocks: number[] = [];
  #sizes: number[] = [];
  #freed: number[] = [];
  #domains: number[] = [];

  #record(op: number, id: number, size: number): void {
    this.#codes.push(op | this.#domains[id] << DOMAIN_SHIFT);
    this.#blocks.push(id);
    this.#sizes.push(size);
  }

  /** A fresh or reused id for a block of the domain. */
  #take(domain: number): number {
    const id = this.#freed.pop() ?? this.#domains.length;
    this.#domains[id] = domain;
    return id;
  }

  /** Adds a malloc. Returns the id of the block. */
  malloc(domain: number, size: number): number {
    const id = this.#take(domain);
    this.#record(MALLOC, id, size);
    return id;
  }

  /** Adds a calloc of one element. Returns the id of the block. */
  calloc(domain: number, size: number): number {
    const id = this.#take(domain);
    this.#record(CALLOC, id, size);
    return id;
  }

  /** Adds a realloc of NULL. Returns the id of the block. */
  reallocNull(domain: number, size: number): number {
    const id = this.#take(domain);
    this.#record(REALLOC, id, size);
    return id;
  }

  /** Adds a realloc of a live block, which keeps its id. */
  realloc(id: number, size: number): void {
    this.#record(REALLOC, id, size);
  }

  /** Adds a free of a live block. */
  free(id: number): void {
    this.#record(FREE, id, 0);
    this.#freed.push(id);
  }

  /** The trace so far. */
  trace(name: string): Trace {
    return {
      name,
      ids: this.#domains.length,
      codes: Uint8Array.from(this.#codes),
      blocks: Uint32Array.from(this.#blocks),
      sizes: Uint32Array.from(this.#sizes),
    };
  }
}
