/**
 * A server that plays a script: it says what stands behind `S:` and insists on what stands behind `C:`.
 *
 * @module
 */

import { equal } from "node:assert/strict";
import {
  Channel,
  type Connection,
  memoryPair,
  type MemoryPairOptions,
} from "../../src/wire/mod.ts";
import { settle } from "../fake_clock.ts";

/** A script on its way: the client's end, and the promise that the server has seen all of it. */
export interface Played {
  /** The client's end of the connection. */
  readonly connection: Connection;
  /** Resolves when the script is over; rejects with the first difference. */
  readonly done: Promise<void>;
  /** What the client wrote, as text. */
  readonly heard: () => string;
  /** Every read of the server that gave something: with one write per turn, one for each turn. */
  readonly turns: () => number;
}

/**
 * Plays a script against whoever speaks on the returned connection.
 *
 * - `S: text` is written with CRLF; adjacent ones go out in one write.
 * - `C: text` must be the next line of the client; `C: *` takes any line.
 * - `C~ prefix` must be the beginning of the next line.
 * - `S| text` is written as it stands, with `\r`, `\n` and `\xHH` as escapes and no CRLF.
 * - `<close>` closes, `<eof>` waits for the client to close, `<tls>` upgrades.
 * - `<turn>` ends a segment: what follows is written when the client has read it.
 *
 * @param script The script; blank lines are left out.
 * @param options Sizes of the connection.
 * @returns The client's end and the outcome.
 */
export function play(script: string, options: MemoryPairOptions = {}): Played {
  const [connection, theirs] = memoryPair(options);
  let heard = "";
  let turns = 0;
  const spied: Connection = spy(theirs, (bytes) => {
    heard += new TextDecoder().decode(bytes);
    turns++;
  });
  const done = perform(spied, script.split("\n").map((line) => line.trim()).filter(Boolean));
  done.catch(() => {}); // looked at when the test awaits it
  return { connection, done, heard: () => heard, turns: () => turns };
}

function spy(connection: Connection, hear: (bytes: Uint8Array) => void): Connection {
  return {
    local: connection.local,
    remote: connection.remote,
    security: connection.security,
    write: (bytes) => connection.write(bytes),
    close: () => connection.close(),
    read: async (buffer) => {
      const count = await connection.read(buffer);
      if (count !== null) hear(buffer.subarray(0, count));
      return count;
    },
    startTls: async (options) => spy(await connection.startTls(options), hear),
  };
}

async function perform(connection: Connection, script: readonly string[]): Promise<void> {
  const channel = new Channel(connection, { end: "S" });
  const encoder = new TextEncoder();
  try {
    for (const step of script) {
      const text = step.slice(2).trimStart();
      if (step.startsWith("S:")) channel.putContent(encoder.encode(`${text}\r\n`));
      else if (step.startsWith("S|")) channel.putContent(unescape(text));
      else {
        await channel.flush();
        if (step === "<close>") return;
        if (step === "<turn>") await settle();
        else if (step === "<eof>") equal((await channel.readLine())?.text, undefined);
        else if (step === "<tls>") await channel.startTls({ hostname: "" });
        else await hear(channel, step, text);
      }
    }
    await channel.flush();
  } finally {
    channel.close();
  }
}

async function hear(channel: Channel, step: string, text: string): Promise<void> {
  const line = (await channel.readLine())?.text;
  if (step.startsWith("C~")) equal(line?.slice(0, text.length), text);
  else if (text !== "*") equal(line, text);
}

/** Octets of a text with escapes; everything else is Latin-1. */
export function unescape(text: string): Uint8Array {
  const plain = text.replace(
    /\\(r|n|t|\\|x[0-9a-f]{2})/g,
    (_, code: string) =>
      code === "r"
        ? "\r"
        : code === "n"
        ? "\n"
        : code === "t"
        ? "\t"
        : code === "\\"
        ? "\\"
        : String.fromCharCode(parseInt(code.slice(1), 16)),
  );
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}
