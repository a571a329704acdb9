/**
 * How a session ends: when the steps are over, and when something is wrong.
 *
 * @module
 */

import type { DialogueEnd } from "./end.ts";
import { FAREWELL_MS } from "../limits.ts";
import type { Replay } from "./replay.ts";
import type { Skip } from "./requirements.ts";
import type { StepBase } from "../step.ts";
import { cut, Stop } from "./stop.ts";

const LAST: StepBase = { at: { file: "", line: 1, column: 1 }, within: FAREWELL_MS };

/**
 * The end of the steps: QUIT if nobody said it. Nothing of it counts.
 *
 * @param end The end.
 */
export async function finish(end: DialogueEnd): Promise<void> {
  const { talk, options } = end;
  if (options.stored !== undefined) return checkRest(options.stored);
  if (!talk.over) await talk.flush();
  talk.checkWritten();
  await close(end, () => end.commands ? sayQuit(end) : hearQuit(end));
}

/**
 * After a failure: QUIT or 421, unless nobody knows what the peer would take it for.
 *
 * @param end The end.
 * @param cause Why it ends.
 */
export async function leave(end: DialogueEnd, cause: Stop | Skip): Promise<void> {
  const { talk, options } = end;
  talk.discard();
  if (options.stored !== undefined || (cause instanceof Stop && cause.final)) return talk.close();
  await close(end, async () => {
    if (end.commands) return await sayQuit(end);
    const pop3 = options.dialogue.protocol === "pop3";
    const line = pop3 ? "-ERR not as expected" : "421 4.3.0 not as expected";
    talk.put({ text: line, shown: line });
    await talk.flush();
  });
}

async function close({ talk }: DialogueEnd, farewell: () => Promise<void>): Promise<void> {
  if (talk.over) return;
  try {
    await farewell();
  } catch {
    // A farewell cannot fail what has passed, nor what has failed already.
  }
  talk.close();
}

async function sayQuit(end: DialogueEnd): Promise<void> {
  const { course, talk } = end;
  if (course.quit || course.inContent || course.inLogin) return;
  end.saySpare({ text: "QUIT", shown: "QUIT" });
  await talk.flush();
  await end.hearPlainReply(LAST);
}

async function hearQuit(end: DialogueEnd): Promise<void> {
  const { course, talk, options: { dialogue: { protocol } } } = end;
  if (course.quit || course.inContent) return;
  await end.hearPlainLine(LAST);
  if (course.asked?.verb !== "QUIT") return;
  end.saySpareReply(protocol === "pop3" ? "+OK" : 221, "Bye", LAST);
  await talk.flush();
}

/** What a transcript has after the last step: nothing, or a farewell. */
function checkRest(stored: Replay): void {
  const line = stored.peek("C");
  if (line !== undefined && /^QUIT\b/i.test(line)) return;
  const rest = line ?? stored.peek("S");
  if (rest === undefined) return;
  const expected = "the end of the session";
  throw new Stop({ id: "unread-input", expected, actual: `"${cut(rest)}"`, unread: cut(rest) });
}
