/**
 * A server that knows BDAT, and answers chunks as a test wants it.
 *
 * @module
 */

import { Channel, type Connection } from "../../src/wire/mod.ts";

/** What it saw. */
export interface BdatServed {
  /** All command lines, EHLO first. */
  readonly commands: readonly string[];
  /** The octets of all chunks, joined. */
  readonly content: string;
}

/** How it behaves. */
export interface BdatOptions {
  /** Further lines of the reply to EHLO. */
  readonly offered?: readonly string[];
  /** The reply to a chunk, from 1; 250 unless told otherwise. `close` hangs up instead. */
  readonly chunk?: (number: number, last: boolean) => string | undefined;
  /** Answers chunks only when so many have come or the last one; after a refusal at once. */
  readonly patience?: number;
}

/**
 * Serves until the client closes.
 *
 * @param connection The server's end.
 * @param options How.
 */
export async function serveBdat(
  connection: Connection,
  { offered = [], chunk = () => undefined, patience = 1 }: BdatOptions = {},
): Promise<BdatServed> {
  const channel = new Channel(connection, { end: "S" });
  const encoder = new TextEncoder();
  const commands: string[] = [];
  const owed: string[] = [];
  let content = "";
  let number = 0;
  let refused = false;
  const say = async (...replies: readonly string[]): Promise<void> => {
    for (const reply of replies) channel.putContent(encoder.encode(`${reply}\r\n`));
    await channel.flush();
  };
  try {
    while (true) {
      const line = (await channel.readLine())?.text;
      if (line === undefined) return { commands, content };
      commands.push(line);
      const [, size, last] = /^BDAT (\d+)( LAST)?$/.exec(line) ?? [];
      if (size !== undefined) {
        content += await take(channel, Number(size));
        const reply = chunk(++number, last !== undefined) ?? "250 chunk";
        if (reply === "close") return { commands, content };
        owed.push(reply);
        const now = refused || last !== undefined || owed.length >= patience;
        if (now) {
          refused ||= owed.some((reply) => !reply.startsWith("2"));
          await say(...owed.splice(0));
        }
      } else if (line.startsWith("EHLO")) {
        await say("250-mx.example", ...offered.map((word) => `250-${word}`), "250 CHUNKING");
      } else await say("250 ok");
    }
  } finally {
    channel.close();
  }
}

async function take(channel: Channel, size: number): Promise<string> {
  const decoder = new TextDecoder("latin1");
  let text = "";
  for (let left = size; left > 0;) {
    const octets = channel.take(left);
    left -= octets.length;
    text += decoder.decode(octets);
    if (left > 0 && !await channel.fill()) throw new Error("the client closed within a chunk");
  }
  return text;
}
