/**
 * The verdict: what the first fatal error of the heap said.
 *
 * ```text
 *   0         1          2                                            128
 *   ┌─────────┬──────────┬──────────────────── … ─────────────────────┐
 *   │ X_OWNER │ X_LENGTH │ TEXT: UTF-8, 4 bytes a word, 126 words      │
 *   └─────────┴──────────┴──────────────────── … ─────────────────────┘
 * ```
 *
 * `sync/fatal.ts` writes and reads it. TEXT is plain: it belongs to who is
 * named by X_OWNER until X_LENGTH is not 0, and never changes afterwards.
 *
 * @module
 */

/** Owner id of who writes or has written the text, or 0. Atomic. */
export const X_OWNER = 0;
/** Bytes of the text and one, or 0 while there is none. Atomic. */
export const X_LENGTH = 1;
/** The text. */
export const TEXT = 2;

/** Room for the text. Bytes. */
export const MAX_BYTES = 504;
/** Size of the record. Words. */
export const SIZEOF = 128;
