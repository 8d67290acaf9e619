/**
 * Hashes as Python's on a 32-bit machine: numbers modulo 2^31 - 1, so that
 * equal numbers of different types have equal hashes; bytes by a keyed
 * function, so that nobody outside can make them collide. No hash is -1.
 *
 * ## Threads
 *   Reads bytes that nobody writes any more, and the heap's secrets.
 *
 * Source: CPython 3.14 Python/pyhash.c, Include/cpython/pyhash.h.
 * Differs: bytes by HalfSipHash-1-3, the SipHash-1-3 of 32-bit words.
 *
 * @module
 */

import * as Allocators from "../layout/allocators.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import type { Address, Memory } from "../memory/mod.ts";

/** Bits of a number's hash. Count. C: PyHASH_BITS. */
const BITS = 31;
/** Modulus of a number's hash. C: PyHASH_MODULUS. */
const MODULUS = 0x7fffffff;
/** Hash of infinity. C: PyHASH_INF. */
const INFINITE = 314159;
/** Factor of an imaginary part. C: PyHASH_IMAG. */
const IMAG = 1000003;

const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);

/** A hash is no -1, which says that something failed. */
export function valid(hash: number): number {
  return hash === -1 ? -2 : hash | 0;
}

/** Hash of what equals itself only. C: `_Py_HashPointer()`. */
export function ofPointer(op: Address): number {
  return valid((op >>> 4) | (op << 28));
}

/**
 * Hash of a digit behind the hash of the digits above it, both below the
 * modulus.
 *
 * @param bits Bits of the digit, below 31. Count.
 */
export function addDigit(hash: number, digit: number, bits: number): number {
  const sum = rotated(hash, bits) + digit;
  return sum >= MODULUS ? sum - MODULUS : sum;
}

/** A hash times a power of 2: 2^31 is 1. */
function rotated(hash: number, bits: number): number {
  return ((hash << bits) & MODULUS) | (hash >>> (BITS - bits));
}

/**
 * Hash of a double. C: `_Py_HashDouble()`.
 *
 * @param op The object, whose address is the hash of NaN.
 */
export function ofDouble(op: Address, value: number): number {
  if (Math.abs(value) < MODULUS && Number.isInteger(value)) {
    return valid(value | 0);
  }
  if (Number.isNaN(value)) return ofPointer(op);
  if (!Number.isFinite(value)) return value > 0 ? INFINITE : -INFINITE;
  DOUBLE[0] = value;
  const raised = (WORDS[1] >>> 20) & 0x7ff;
  const high = WORDS[1] & 0xfffff;
  const mantissa = ((raised === 0 ? 0 : 0x100000) + high) * 2 ** 32 + WORDS[0];
  const exponent = Math.max(raised, 1) - 1075;
  const turns = ((exponent % BITS) + BITS) % BITS;
  const hash = rotated(mantissa % MODULUS, turns);
  return valid(value < 0 ? -hash : hash);
}

/** Hash of a complex number. C: `complex_hash()`. */
export function ofComplex(op: Address, real: number, imag: number): number {
  const first = ofDouble(op, real);
  return valid((first + Math.imul(IMAG, ofDouble(op, imag))) | 0);
}

/**
 * Hash of bytes. C: `Py_HashBuffer()`.
 *
 * @param from First of them, a multiple of 4. What follows the last one up to
 * a whole word may be read. Byte address.
 * @param nbytes Bytes; of none the hash is 0.
 */
export function ofBytes(m: Memory, from: Address, nbytes: number): number {
  if (nbytes === 0) return 0;
  const { i32 } = m;
  const key0 = i32[Layout.ALLOCATORS + Allocators.SECRET];
  const key1 = i32[Header.HEAP_ID];
  return valid(halfSip(i32, from >>> 2, nbytes, key0, key1));
}

/**
 * HalfSipHash-1-3 with a result of 32 bits.
 *
 * @param at First of the bytes. Word index.
 */
export function halfSip(
  i32: Int32Array,
  at: number,
  nbytes: number,
  key0: number,
  key1: number,
): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = key0 ^ 0x6c796765;
  let v3 = key1 ^ 0x74656462;
  const words = nbytes >>> 2;
  const mask = (1 << ((nbytes & 3) << 3)) - 1;
  // The words, the rest with the length, and three rounds to finish.
  for (let k = 0; k < words + 4; k++) {
    let word = 0;
    if (k < words) word = i32[at + k];
    else if (k === words) {
      word = (mask === 0 ? 0 : i32[at + k] & mask) | (nbytes << 24);
    } else if (k === words + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
