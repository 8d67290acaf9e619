/**
 * File name patterns: `*`, `?`, `[seq]` and `[!seq]`.
 *
 * Takes at most pattern times text steps, whatever the pattern.
 *
 * Source: CPython 3.14 Lib/fnmatch.py: fnmatchcase().
 *
 * @module
 */

/** One character of a pattern: null is `*`, else what fits it. */
type Token = null | ((char: string) => boolean);

/** True if a character is in a set such as `a-z_`. */
function isInSet(set: readonly string[], char: string): boolean {
  for (let k = 0; k < set.length; k++) {
    if (set[k + 1] === "-" && k + 2 < set.length) {
      if (set[k] <= char && char <= set[k + 2]) return true;
      k += 2;
    } else if (set[k] === char) return true;
  }
  return false;
}

/** The token of a set that starts behind a `[`, and where it ends; or null. */
function parseSet(
  chars: readonly string[],
  start: number,
): { readonly token: Token; readonly end: number } | null {
  const isNegated = chars[start] === "!";
  const first = isNegated ? start + 1 : start;
  // A `]` that comes first is one of the set.
  const end = chars.indexOf("]", first + 1);
  if (end < 0) return null;
  const set = chars.slice(first, end);
  return { token: (char) => isInSet(set, char) !== isNegated, end };
}

function parse(pattern: string): Token[] {
  const chars = [...pattern];
  const tokens: Token[] = [];
  for (let k = 0; k < chars.length; k++) {
    const char = chars[k];
    const set = char === "[" ? parseSet(chars, k + 1) : null;
    if (set !== null) {
      tokens.push(set.token);
      k = set.end;
    } else if (char === "*") tokens.push(null);
    else if (char === "?") tokens.push(() => true);
    else tokens.push((other) => other === char);
  }
  return tokens;
}

/** True if tokens fit a whole text. */
function fits(tokens: readonly Token[], chars: readonly string[]): boolean {
  let token = 0;
  let char = 0;
  let star = -1;
  let starChar = 0;
  while (char < chars.length) {
    const test = tokens[token];
    if (test === null) {
      star = token++;
      starChar = char;
    } else if (test !== undefined && test(chars[char])) {
      token++;
      char++;
    } else if (star >= 0) {
      token = star + 1;
      char = ++starChar;
    } else return false;
  }
  return tokens.slice(token).every((test) => test === null);
}

/**
 * Makes a test of a pattern.
 *
 * @param pattern The pattern.
 * @returns A function that says whether the whole of a text fits it.
 */
export function matcher(pattern: string): (text: string) => boolean {
  const tokens = parse(pattern);
  return (text) => fits(tokens, [...text]);
}
