/**
 * The report on a block: what stands in its header, fences and data.
 *
 * Texts are CPython's to the byte, with two additions. A byte that is no
 * printable ASCII is shown as Python's stderr shows it, `\xdd`. Where C would
 * read outside of its memory, because a damaged size leads there, the report
 * says so and goes on.
 *
 * ## Threads
 *   Reads only, of memory that may belong to nobody: what it says may be out of
 *   date when it is read. It never reads outside the heap.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyObject_DebugDumpAddress().
 *
 * @module
 */

import * as Layout from "../../layout/debug_block.ts";
import { PointerError, show } from "../../errors.ts";
import { type Address, Bytes, type Memory } from "../../memory/mod.ts";
import * as Block from "./block.ts";
import * as Stderr from "./stderr.ts";
import { allocationTraceback } from "../tracemalloc/report.ts";

const { TAIL, DEADBYTE, FORBIDDENBYTE } = Layout;
/** Bytes of the leading fence. Count. C: SST - 1. */
const LEADING = 7;
/** Bytes of data that are shown at each end. Count. C: SST. */
const SHOWN = 8;

/** A byte as `%c` of C prints it, or as `\xdd`. */
export function charOf(byte: number): string {
  return byte >= 0x20 && byte < 0x7f
    ? String.fromCharCode(byte)
    : "\\x" + hexOf(byte);
}

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** The bytes from `from` on, in hexadecimal. */
function dataOf(m: Memory, from: Address, count: number): string {
  let text = "";
  for (let k = 0; k < count; k++) {
    text += " " + hexOf(Bytes.byteAt(m, from + k));
  }
  return text;
}

/** A line for each byte of a fence, with a mark on the wrong ones. */
function damageOf(
  m: Memory,
  from: Address,
  count: number,
  name: (k: number) => string,
): string {
  let text = "";
  for (let k = 0; k < count; k++) {
    const byte = Bytes.byteAt(m, from + k);
    const mark = byte === FORBIDDENBYTE ? "" : " *** OUCH";
    text += `        at ${name(k)}: 0x${hexOf(byte)}${mark}\n`;
  }
  return text;
}

/** What the leading fence looks like. */
function leadingOf(m: Memory, p: Address): string {
  const from = p - LEADING;
  if (Bytes.isFilled(m, from, LEADING, FORBIDDENBYTE)) {
    return `    The ${LEADING} pad bytes at p-${LEADING} are ` +
      "FORBIDDENBYTE, as expected.\n";
  }
  return `    The ${LEADING} pad bytes at p-${LEADING} are not all ` +
    "FORBIDDENBYTE (0xfd):\n" +
    damageOf(m, from, LEADING, (k) => `p-${LEADING - k}`) +
    "    Because memory is corrupted at the start, the count of bytes " +
    "requested\n       may be bogus, and checking the trailing pad bytes may " +
    "segfault.\n";
}

/** What the trailing fence looks like, if it is inside the heap. */
function trailingOf(m: Memory, tail: bigint): string {
  const line = `    The ${TAIL} pad bytes at tail=0x${tail.toString(16)} are `;
  if (!isInside(m, tail)) return line + "outside the heap.\n";
  const from = Number(tail);
  if (Bytes.isFilled(m, from, TAIL, FORBIDDENBYTE)) {
    return line + "FORBIDDENBYTE, as expected.\n";
  }
  return line + "not all FORBIDDENBYTE (0xfd):\n" +
    damageOf(m, from, TAIL, (k) => `tail+${k}`);
}

/** True if a fence at that address, and data before it, can be read. */
function isInside(m: Memory, tail: bigint): boolean {
  return tail >= SHOWN && tail + BigInt(TAIL) <= m.buffer.byteLength;
}

/** The line with the data, or `""` if there is none. */
function dataLineOf(
  m: Memory,
  p: Address,
  nbytes: bigint,
  tail: bigint,
): string {
  if (nbytes === 0n) return "";
  const head = "    Data at p:";
  if (!isInside(m, tail)) return `${head}${dataOf(m, p, SHOWN)} ...\n`;
  if (nbytes <= 2 * SHOWN) return `${head}${dataOf(m, p, Number(nbytes))}\n`;
  const end = dataOf(m, Number(tail) - SHOWN, SHOWN);
  return `${head}${dataOf(m, p, SHOWN)} ...${end}\n`;
}

/**
 * The report on a block.
 *
 * C: `_PyObject_DebugDumpAddress()`.
 *
 * @param m The heap.
 * @param p Address at least 16 bytes from the start of the heap and 8 from its
 * end, or 0.
 * @returns Lines, each with its end.
 */
export function block(m: Memory, p: Address): string {
  const head = `Debug memory block at address p=${
    p === 0 ? "(nil)" : show(p)
  }:`;
  if (p === 0) return `${head}\n`;
  const nbytes = Block.exactSizeAt(m, p);
  // As in C, whose addresses have 64 bits.
  const tail = BigInt.asUintN(64, BigInt(p) + nbytes);
  return `${head} API '${charOf(Block.idAt(m, p))}'\n` +
    `    ${nbytes} bytes originally requested\n` +
    leadingOf(m, p) + trailingOf(m, tail) + dataLineOf(m, p, nbytes, tail) +
    "\n" + allocationTraceback(m, p);
}

/**
 * Writes the report on a block to stderr.
 *
 * @param m The heap.
 * @param p Block of the hooks, or 0.
 * @throws {PointerError} If none can be there.
 */
export function dumpAddress(m: Memory, p: Address): void {
  const isInside = p >= Layout.HEADER && p + TAIL <= Block.endOf(m);
  if (p !== 0 && !(isInside && Number.isInteger(p))) {
    throw new PointerError(
      `Cannot report on ${show(p)}: no block of the debug hooks can be there`,
    );
  }
  Stderr.write(block(m, p));
}

/**
 * The report on a block that was free when somebody wrote to it.
 *
 * @param m The heap.
 * @param p Where its data was.
 * @param from First byte that should be dead. Byte address.
 * @param end Behind the last one. Byte address.
 * @returns Lines, each with its end.
 */
export function freed(
  m: Memory,
  p: Address,
  from: Address,
  end: Address,
): string {
  let text = `Debug memory block at address p=${show(p)}: freed\n` +
    `    The ${end - from} bytes at p${offset(from - p)} are not all ` +
    "DEADBYTE (0xdd):\n";
  for (let at = from; at < end; at++) {
    const byte = Bytes.byteAt(m, at);
    if (byte === DEADBYTE) continue;
    text += `        at p${offset(at - p)}: 0x${hexOf(byte)} *** OUCH\n`;
  }
  const count = Math.min(end - p, 2 * SHOWN);
  return `${text}    Data at p:${dataOf(m, p, Math.max(count, 0))}\n\n`;
}

/** `+5` or `-5`. */
function offset(distance: number): string {
  return distance < 0 ? `${distance}` : `+${distance}`;
}
