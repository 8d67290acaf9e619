/**
 * What tests of hostile input share: hashes of heaps, and what calls throw.
 *
 * @module
 */

/** The words of a buffer, plain. */
export function words(
  buffer: SharedArrayBuffer,
): Int32Array<SharedArrayBuffer> {
  return new Int32Array(buffer, 0, buffer.byteLength >>> 2);
}

/** A hash of all whole words of a buffer (FNV-1a over words). */
export function hashOf(buffer: SharedArrayBuffer): number {
  const all = words(buffer);
  let hash = 0x811c9dc5;
  for (let k = 0; k < all.length; k++) {
    hash = Math.imul(hash ^ all[k], 0x01000193);
  }
  return hash >>> 0;
}

/** What a call throws, or the text `accepted`. */
export function attempt(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return "accepted";
}
