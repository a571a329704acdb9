/**
 * A served session of POP3 in memory, and a maildrop that tells what became of it.
 *
 * @module
 */

import {
  type CapabilityLists,
  type Maildrop,
  type MaildropMessage,
  memoryPair,
  type Pop3Backend,
  pop3CapabilityLists,
  Secret,
  servePop3,
  type ServePop3Options,
  type SessionEnd,
} from "@mailwright/mailwright";
import { RawClient } from "./raw_client.ts";
import { watched } from "./served.ts";

/** Everything, and in the clear too: most tests are not about TLS. */
export const OPEN: CapabilityLists = pop3CapabilityLists({
  clearLogin: true,
  startTls: true,
  mechanisms: ["SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", "X-NEW"],
});

/** Text as octets, one for each character. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A message with some content. */
export function message(uid: string, content: string): MaildropMessage {
  return { uid, size: content.length, read: () => [latin1(content)] };
}

/** What a backend was asked for. */
export interface Course {
  readonly opened: string[];
  readonly removed: string[];
  closed: number;
}

/** A client and what serves it. */
export interface ServedMaildrop extends AsyncDisposable {
  readonly client: RawClient;
  readonly course: Course;
  /** How the session ended. */
  readonly end: Promise<SessionEnd>;
  /** How many writes the server made. */
  writes(): number;
}

/** How {@linkcode servedMaildrop} differs from an ordinary server. */
export interface ServedMaildropOptions extends ServePop3Options {
  readonly messages?: Maildrop["messages"];
  readonly maildrop?: Partial<Maildrop>;
  readonly backend?: Partial<Pop3Backend>;
  /** The most octets one read gives. */
  readonly chunk?: number;
  /** How many unread octets one direction holds. */
  readonly capacity?: number;
  /** How far the test's client goes by itself. @default {"login"} */
  readonly until?: "open" | "greeting" | "login";
}

/** Serves a session in memory for `ann`, whose password is `pencil`, and logs in. */
export async function servedMaildrop(
  options: ServedMaildropOptions = {},
): Promise<ServedMaildrop> {
  const { messages = [], maildrop, backend, chunk, capacity, until = "login", ...rest } = options;
  const [ours, theirs] = memoryPair({
    ...(chunk === undefined ? {} : { chunk }),
    ...(capacity === undefined ? {} : { capacity }),
  });
  const course: Course = { opened: [], removed: [], closed: 0 };
  let writes = 0;
  const end = servePop3(watched(theirs, () => writes++), {
    hostname: "pop.example",
    credentials: {
      password: (user) => user === "ann" ? new Secret("pencil") : undefined,
      token: (user, token) => user === "ann" && token.expose() === "ya29.token",
    },
    open(user) {
      course.opened.push(user);
      return {
        messages,
        update(removed) {
          course.removed.push(...removed.map(({ uid }) => uid));
          return 0;
        },
        close: () => void course.closed++,
        ...maildrop,
      };
    },
    ...backend,
  }, { capabilities: OPEN, ...rest });
  end.catch(() => {}); // a test that expects a rejection awaits it itself
  const client = new RawClient(ours);
  if (until !== "open") await client.line();
  if (until === "login") await client.askAll("USER ann", "PASS pencil");
  return {
    client,
    course,
    end,
    writes: () => writes,
    async [Symbol.asyncDispose]() {
      ours.close();
      await end.catch(() => {});
    },
  };
}

/** Asks for a list: the status line, and the lines up to the dot. A refusal has no lines. */
export async function askList(client: RawClient, command: string): Promise<(string | null)[]> {
  const lines = [await client.ask(command)];
  if (!lines[0]?.startsWith("+OK")) return lines;
  for (let line = await client.line(); line !== "."; line = await client.line()) lines.push(line);
  return lines;
}

/** Asks for content: what stands between the status line and the dot, octet by octet, dots doubled. */
export async function askOctets(client: RawClient, command: string): Promise<string> {
  const lines = await askList(client, command);
  return lines.slice(1).map((line) => `${line}\r\n`).join("");
}
