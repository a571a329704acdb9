/**
 * Text that readers may wrap anew: format=flowed (RFC 3676).
 *
 * @module
 */

/** RFC 3676 section 4.2 asks for at most 78 characters, the blank at the end included. */
const MAX_LINE = 78;
const SIGNATURE = "-- ";
/** What would be read as a quote, as stuffing, or be changed on the way (section 4.4). */
const STUFFED = /^(?: |>|From )/;

/**
 * Wraps each line of text softly: it ends in a blank where it goes on. A line that begins with ">" is
 * a quote and stays as it is.
 *
 * @param text Lines that end in LF.
 * @returns The lines of the body, which end in LF too.
 */
export function flow(text: string): string {
  return text.split("\n").map(flowLine).join("\n");
}

function flowLine(line: string): string {
  if (line === SIGNATURE) return line;
  // A blank at the end would join the line with the next one.
  const rest = trimmedEnd(line);
  if (rest.startsWith(">")) return rest;
  const lines: string[] = [];
  let start = 0;
  do {
    const stuffing = STUFFED.test(rest.slice(start, start + 5)) ? " " : "";
    const end = lineEnd(rest, start, MAX_LINE - stuffing.length);
    // A piece that looks like the line above a signature would be taken for it.
    const fit = rest.slice(start, end) === SIGNATURE ? nextBlank(rest, end) : end;
    lines.push(stuffing + rest.slice(start, fit));
    start = fit;
  } while (start < rest.length);
  return lines.join("\n");
}

/** The index behind the last blank that fits, behind the first one at least, or the end. */
function lineEnd(line: string, start: number, room: number): number {
  if (line.length - start <= room) return line.length;
  // The blanks of an indent are no place to break: nothing but blanks would stand before it.
  let word = start;
  while (line[word] === " ") word++;
  const last = line.lastIndexOf(" ", start + room - 1);
  return last > word ? last + 1 : nextBlank(line, Math.max(word, start + room - 1));
}

/** The index behind the next blank, or the end. */
function nextBlank(line: string, from: number): number {
  const blank = line.indexOf(" ", from);
  return blank < 0 ? line.length : blank + 1;
}

/** Without the blanks at its end; linear, which a pattern is not. */
function trimmedEnd(line: string): string {
  let end = line.length;
  while (line[end - 1] === " ") end--;
  return line.slice(0, end);
}
