/**
 * A callback of a weak reference, on its way to the worker whose function it is.
 *
 * ```text
 *   0      1         2
 *   ┌──────┬─────────┬───────┐
 *   │ NEXT │ WEAKREF │ OWNER │
 *   └──────┴─────────┴───────┘
 * ```
 *
 * A block of RAW, made with the weak reference, so that the message can be sent
 * when there is no memory. Its word index is the name under which the worker
 * knows the function. Belongs to the weak reference, then to who clears it,
 * then to the queue, then to the worker.
 *
 * @module
 */

/** The record that was enqueued before it, or 0. Word index. */
export const NEXT = 0;
/**
 * The weak reference to call with, whose reference is the record's; 0 if the
 * function is to be forgotten. Byte address.
 */
export const WEAKREF = 1;
/** Owner id of the worker that has the function. */
export const OWNER = 2;

/** Size of the block. Bytes. */
export const NBYTES = 12;
