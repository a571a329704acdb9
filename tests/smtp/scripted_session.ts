/**
 * Sessions over a script.
 *
 * @module
 */

import { type SessionOptions, SmtpSession } from "../../src/smtp/session.ts";
import type { Connection, Security, TranscriptEvent } from "../../src/wire/mod.ts";
import { play, type Played } from "./scripted_server.ts";

/** A session and the script that it meets. */
export interface Scripted extends AsyncDisposable, Played {
  readonly session: SmtpSession;
  /** What happened, as a listener hears it. */
  readonly events: readonly TranscriptEvent[];
  /** The lines of both ends as they may be shown, `C: ` and `S: ` before them. */
  transcript(): string[];
}

/** What a test may say of the session, and of the connection below. */
export interface ScriptedOptions extends Partial<SessionOptions> {
  /** What the connection is taken for; by default it is in the clear. */
  readonly security?: Security;
}

/** Makes a session that has not yet said anything. */
export function scripted(
  script: string,
  { security, ...options }: ScriptedOptions = {},
): Scripted {
  const played = play(script);
  const events: TranscriptEvent[] = [];
  const connection = security === undefined
    ? played.connection
    : { ...passed(played.connection), security };
  const session = new SmtpSession(connection, {
    host: "mx.example",
    name: "client.example",
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return {
    ...played,
    session,
    events,
    transcript: () =>
      events.filter(({ kind }) => kind === "line").map(({ end, text }) => `${end}: ${text}`),
    [Symbol.asyncDispose]: () => {
      session.close();
      return Promise.resolve();
    },
  };
}

/**
 * Makes a session that has read the greeting and said EHLO.
 *
 * @param offered What the server offers: keywords with parameters, separated by commas.
 * @param script What follows.
 * @param options The session's.
 */
export async function greeted(
  offered: string,
  script: string,
  options: ScriptedOptions = {},
): Promise<Scripted> {
  const verb = options.protocol === "lmtp" ? "LHLO" : "EHLO";
  const lines = ["mx.example", ...offered.split(",").map((line) => line.trim()).filter(Boolean)];
  const reply = lines.map((line, index) => `S: 250${index + 1 < lines.length ? "-" : " "}${line}`);
  const made = scripted(
    `S: 220 mx.example\nC: ${verb} client.example\n${reply.join("\n")}\n${script}`,
    options,
  );
  await made.session.readGreeting();
  await (verb === "LHLO" ? made.session.lhlo() : made.session.ehlo());
  return made;
}

/**
 * Passes a connection on, so that a test can say something else of it: `{ ...passed(c), security }`.
 *
 * @param connection The connection.
 */
export function passed(connection: Connection): Connection {
  return {
    local: connection.local,
    remote: connection.remote,
    security: connection.security,
    read: (buffer) => connection.read(buffer),
    write: (bytes) => connection.write(bytes),
    startTls: (options) => connection.startTls(options),
    close: () => connection.close(),
  };
}
