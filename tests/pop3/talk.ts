/**
 * A session against a server that plays a script.
 *
 * @module
 */

import { connectPop3, type Pop3ConnectOptions, type Pop3Session } from "../../src/pop3/mod.ts";
import { play, type Played } from "../smtp/scripted_server.ts";

/**
 * Runs a session against a script, up to the greeting unless told otherwise.
 *
 * @param script What the server says and insists on hearing.
 * @param work What the client does.
 * @param how How to connect.
 * @returns What the client's work gave, and what the server saw.
 */
export async function talk<T>(
  script: string,
  work: (session: Pop3Session) => Promise<T>,
  how: Pop3ConnectOptions = {},
): Promise<{ readonly result: T; readonly server: Played }> {
  const server = play(script);
  const result = await (async () => {
    await using session = await connectPop3({
      connection: server.connection,
      tls: "none",
      allowCleartextAuth: true,
      until: "greeting",
      ...how,
    });
    return await work(session);
  })();
  await server.done;
  return { result, server };
}

/** What a session says before the maildrop is open: greeting and login. */
export const LOGIN = `
  S: +OK ready
  C: USER ann
  S: +OK
  C: PASS pencil
  S: +OK 2 messages
`;
