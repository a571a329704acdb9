/**
 * A server that makes up its answers: for exchanges with fresh numbers in them.
 *
 * @module
 */

import {
  Channel,
  type Connection,
  memoryPair,
  type MemoryPairOptions,
} from "../../src/wire/mod.ts";

/** Gives the reply to a line: lines separated by LF, `undefined` for none, `null` to close. */
export type Answer = (
  line: string,
) => string | undefined | null | Promise<string | undefined | null>;

/** The client's end, and what the server heard. */
export interface Answering {
  readonly connection: Connection;
  /** The lines of the client. */
  readonly lines: readonly string[];
  /** Resolves when the connection is over. */
  readonly done: Promise<void>;
}

/** Starts a server that greets with 220 and then asks `answer` about each line. */
export function answering(answer: Answer, options: MemoryPairOptions = {}): Answering {
  const [connection, theirs] = memoryPair(options);
  const lines: string[] = [];
  const done = serve(theirs, async (line) => {
    lines.push(line);
    return await answer(line);
  });
  done.catch(() => {}); // looked at when the test awaits it
  return { connection, lines, done };
}

async function serve(connection: Connection, answer: Answer): Promise<void> {
  const channel = new Channel(connection, { end: "S", lineLimit: 16_384 });
  const say = async (text: string): Promise<void> => {
    channel.putContent(new TextEncoder().encode(`${text.replaceAll("\n", "\r\n")}\r\n`));
    await channel.flush();
  };
  try {
    await say("220 mx.example");
    for (let line = await channel.readLine(); line !== null; line = await channel.readLine()) {
      const reply = await answer(line.text);
      if (reply === null) return;
      if (reply !== undefined) await say(reply);
    }
  } finally {
    channel.close();
  }
}

/** Answers EHLO with an offer, QUIT with 221, and gives the rest to `answer`. */
export function offering(lines: readonly string[], answer: Answer): Answer {
  const offer = ["mx.example", ...lines];
  return (line) => {
    if (line.startsWith("EHLO ")) {
      return offer.map((text, at) => `250${at + 1 < offer.length ? "-" : " "}${text}`).join("\n");
    }
    return line === "QUIT" ? "221 bye" : answer(line);
  };
}
