/**
 * Comments in received fields (RFC 5322 section 3.2.2).
 *
 * @module
 */

/** Comments may hold comments; nobody needs more of them. */
const MAX_DEPTH = 50;

/**
 * The index behind the comment that begins at an index; `undefined` if it has no end, or is nested
 * too deeply to be one.
 */
export function commentEnd(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === "(" && ++depth > MAX_DEPTH) return undefined;
    else if (character === ")" && --depth === 0) return at + 1;
  }
  return undefined;
}

/** Text with a blank for each comment. What is behind a comment without an end stays as it is. */
export function withoutComments(text: string): string {
  let kept = "";
  let done = 0;
  for (let open = text.indexOf("("); open >= 0; open = text.indexOf("(", done)) {
    const end = commentEnd(text, open);
    if (end === undefined) break;
    kept += `${text.slice(done, open)} `;
    done = end;
  }
  return kept + text.slice(done);
}
