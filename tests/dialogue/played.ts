/**
 * Dialogues against dialogues, in memory and without waiting.
 *
 * @module
 */

import {
  type BothResults,
  type DialogueResult,
  parseDialogue,
  playBoth,
  runDialogue,
  type RunDialogueOptions,
  type SelfPlayOptions,
  serveDialogue,
  type ServeDialogueOptions,
} from "../../src/dialogue/mod.ts";
import { type Connection, memoryPair } from "../../src/wire/mod.ts";
import { FakeClock, settle } from "../fake_clock.ts";
import { cryptoBusy } from "./busy_crypto.ts";

/** Turns the clock to the next waking whenever nothing else goes on, until the work is done. */
export async function turning<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let done = false;
  const over = (): void => void (done = true);
  work.then(over, over);
  while (!done) {
    for (let turns = 0; (turns < 4 || cryptoBusy()) && !done; turns++) await settle();
    if (!done && clock.sleeping > 0) await clock.advance(clock.nextWaking - clock.monotonic());
  }
  return await work;
}

/** Plays one text as the client against another as the server. */
export function against(
  client: string,
  server: string,
  options: SelfPlayOptions = {},
): Promise<BothResults> {
  const clock = new FakeClock();
  const work = playBoth(
    parseDialogue(client, { file: "client.dialogue" }),
    parseDialogue(server, { file: "server.dialogue" }),
    { throwOnFailure: false, clock, ...options },
  );
  return turning(clock, work);
}

/** The id of the first failure; the status if there is none. */
export function idOf({ failures, status }: DialogueResult): string {
  return failures[0]?.id ?? status;
}

/** What was said at one end, a line for each event: `C: NOOP`, `S: 250 ok`, `tls`. */
export function said({ transcript }: DialogueResult): readonly string[] {
  return transcript.filter(({ kind }) => kind !== "open" && kind !== "close").map((event) => {
    const text = event.kind === "content" ? new TextDecoder().decode(event.bytes) : event.text;
    return event.kind === "line" || event.kind === "content"
      ? `${event.end}: ${text.replace(/\r\n$/, "")}`
      : event.kind;
  });
}

/** Everything that is done to a connection, in order. */
export interface Spied {
  /** The connection. */
  readonly connection: Connection;
  /** `read`, `got`, `write text`, `tls`, `close`. */
  readonly log: string[];
}

/** Writes down what is done to a connection. */
export function spy(connection: Connection, log: string[] = []): Spied {
  const spied: Connection = {
    local: connection.local,
    remote: connection.remote,
    security: connection.security,
    read: async (buffer) => {
      log.push("read");
      const count = await connection.read(buffer);
      log.push("got");
      return count;
    },
    write: (bytes) => {
      log.push(`write ${new TextDecoder().decode(bytes)}`);
      return connection.write(bytes);
    },
    startTls: async (options) => {
      log.push("tls");
      return spy(await connection.startTls(options), log).connection;
    },
    close: () => {
      log.push("close");
      connection.close();
    },
  };
  return { connection: spied, log };
}

/** Runs a text as the client against octets that the server writes, one part for each read. */
export async function runAgainst(
  text: string,
  octets: string | readonly string[],
  options: RunDialogueOptions & { readonly end?: boolean } = {},
): Promise<{ readonly result: DialogueResult; readonly log: readonly string[] }> {
  const [ours, theirs] = memoryPair();
  const { connection, log } = spy(ours);
  const clock = new FakeClock();
  for (const part of [octets].flat()) await theirs.write(new TextEncoder().encode(part));
  const { end = true } = options;
  const heard = end ? drain(theirs) : undefined;
  const work = runDialogue(parseDialogue(text, { file: "client.dialogue" }), {
    connection,
    throwOnFailure: false,
    clock,
    ...options,
  });
  const result = await turning(clock, work);
  theirs.close();
  await heard;
  return { result, log };
}

async function drain(connection: Connection): Promise<void> {
  const buffer = new Uint8Array(1024);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // The test has closed it.
  }
}

/** Serves a text to octets that the client writes. */
export async function serveTo(
  text: string,
  octets: string,
  options: ServeDialogueOptions = {},
): Promise<{ readonly result: DialogueResult; readonly log: readonly string[] }> {
  const [ours, theirs] = memoryPair();
  const { connection, log } = spy(theirs);
  const clock = new FakeClock();
  await ours.write(new TextEncoder().encode(octets));
  const heard = drain(ours);
  const work = serveDialogue(parseDialogue(text, { file: "server.dialogue" }), connection, {
    throwOnFailure: false,
    clock,
    ...options,
  });
  const [result] = await turning(clock, work);
  ours.close();
  await heard;
  if (result === undefined) throw new Error("nothing was served");
  return { result, log };
}
