/**
 * Text as a stream of lines.
 *
 * @module
 */

/** Cuts text into lines; what follows the last line end is dropped. */
export class TextLineStream extends TransformStream<string, string> {
  /** A stream. */
  constructor() {
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line);
      },
    });
  }
}
