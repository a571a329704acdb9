/**
 * A small POP3 server in memory, for tests with many messages: obedient, unless told otherwise.
 *
 * @module
 */

import {
  connectPop3,
  type Pop3ConnectOptions,
  type Pop3Session,
  Secret,
} from "../../src/pop3/mod.ts";
import { type Connection, DotStuffer, memoryPair } from "../../src/wire/mod.ts";

/** What a server of a test does. */
export interface TestServerOptions {
  /** The messages in the maildrop. */
  readonly messages?: readonly Uint8Array[];
  /** The lines of CAPA; `null` refuses it. @default {["PIPELINING", "UIDL", "TOP", "USER"]} */
  readonly capabilities?: readonly string[] | null;
  /**
   * What to answer instead: the whole answer with its line ends, `<close>` for none and the end of the
   * connection, `<silence>` for none. `undefined` is the ordinary answer.
   */
  readonly answer?: (verb: string, argument: string) => string | Uint8Array | undefined;
  /** Whether STLS works; it then has to be among the capabilities. @default {false} */
  readonly tls?: boolean;
  /** Its first line, with the line end. @default {"+OK ready\\r\\n"} */
  readonly greeting?: string;
  /** The most octets that the client reads at once. @default {Infinity} */
  readonly chunk?: number;
  /** Puts something between the client and its end of the connection. */
  readonly through?: (connection: Connection) => Connection;
}

/** A running server and the client's end of the connection. */
export interface TestServer {
  /** The client's end. */
  readonly connection: Connection;
  /** The commands, as they came. */
  readonly commands: readonly string[];
  /** How often the server had read all and had to wait for the client: its turns. */
  readonly turns: () => number;
  /** What is left in the maildrop; only QUIT removes. */
  readonly left: () => readonly Uint8Array[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Starts a server. */
export function startTestServer(options: TestServerOptions = {}): TestServer {
  const [connection, theirs] = memoryPair({ chunk: options.chunk ?? Infinity });
  const server = new Server(theirs, options);
  server.run().catch(() => {}); // the client has gone
  return {
    connection: options.through?.(connection) ?? connection,
    commands: server.commands,
    turns: () => server.turns,
    left: () => server.left,
  };
}

/** Starts a server and logs in. */
export async function loggedIn(
  options: TestServerOptions = {},
  how: Pop3ConnectOptions = {},
): Promise<{ session: Pop3Session; server: TestServer }> {
  const server = startTestServer(options);
  const session = await connectPop3({
    connection: server.connection,
    tls: "none",
    allowCleartextAuth: true,
    auth: { user: "ann", password: new Secret("pencil") },
    ...how,
  });
  return { session, server };
}

/** Messages with different contents. */
export function someMessages(count: number, octets: number = 200): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const header = `Subject: message ${index + 1}\r\nFrom: a@alpha.example\r\n\r\n`;
    const line = `.line of message ${index + 1}\r\n`;
    return encoder.encode(header + line.repeat(Math.ceil((octets - header.length) / line.length)));
  });
}

class Server {
  readonly commands: string[] = [];
  turns = 0;
  #connection: Connection;
  readonly #options: TestServerOptions;
  readonly #marked = new Set<number>();
  left: readonly Uint8Array[];

  constructor(connection: Connection, options: TestServerOptions) {
    this.#connection = connection;
    this.#options = options;
    this.left = options.messages ?? [];
  }

  async run(): Promise<void> {
    const { greeting = "+OK ready\r\n" } = this.#options;
    await this.#connection.write(latin1(greeting));
    const buffer = new Uint8Array(64 * 1024);
    let unread = "";
    while (true) {
      const count = await this.#connection.read(buffer);
      if (count === null) return;
      this.turns++;
      unread += decoder.decode(buffer.subarray(0, count));
      const lines = unread.split("\r\n");
      unread = lines.pop() ?? "";
      const answers: Uint8Array[] = [];
      let open = true;
      for (const line of lines) {
        this.commands.push(line);
        const [verb = "", argument = ""] = line.split(/ (.*)/s);
        const answer = this.#options.answer?.(verb, argument) ?? this.#obey(verb, argument);
        if (answer === "<close>") open = false;
        else if (answer === "<silence>") continue;
        else answers.push(typeof answer === "string" ? latin1(answer) : answer);
        if (verb === "QUIT") open = false;
        if (!open) break;
      }
      // One write: whoever reads finds all of it.
      if (answers.length > 0) await this.#connection.write(concat(...answers));
      if (!open) return this.#connection.close();
      if (this.#options.tls && lines.includes("STLS")) {
        this.#connection = await this.#connection.startTls({ hostname: "" });
      }
    }
  }

  #obey(verb: string, argument: string): string | Uint8Array {
    const { capabilities = ["PIPELINING", "UIDL", "TOP", "USER"] } = this.#options;
    const number = Number.parseInt(argument);
    const content = this.#marked.has(number) ? undefined : this.left[number - 1];
    switch (verb) {
      case "CAPA":
        return capabilities === null ? "-ERR unknown\r\n" : list("", capabilities);
      case "STAT": {
        const sizes = this.#unmarked().map(([, { length }]) => length);
        return `+OK ${sizes.length} ${sizes.reduce((sum, size) => sum + size, 0)}\r\n`;
      }
      case "LIST":
        return argument === ""
          ? list("", this.#unmarked().map(([no, { length }]) => `${no} ${length}`))
          : content === undefined
          ? "-ERR none\r\n"
          : `+OK ${number} ${content.length}\r\n`;
      case "UIDL":
        return argument === ""
          ? list("", this.#unmarked().map(([no]) => `${no} uid-${no}`))
          : content === undefined
          ? "-ERR none\r\n"
          : `+OK ${number} uid-${number}\r\n`;
      case "TOP":
        return content === undefined ? "-ERR none\r\n" : body(topOf(content));
      case "RETR":
        return content === undefined ? "-ERR none\r\n" : body(content);
      case "DELE":
        if (content === undefined) return "-ERR none\r\n";
        this.#marked.add(number);
        return "+OK\r\n";
      case "RSET":
        this.#marked.clear();
        return "+OK\r\n";
      case "QUIT":
        this.left = this.#unmarked().map(([, kept]) => kept);
        return "+OK bye\r\n";
      case "STLS":
        return this.#options.tls ? "+OK\r\n" : "-ERR no TLS here\r\n";
      default:
        return "+OK\r\n";
    }
  }

  #unmarked(): (readonly [number, Uint8Array])[] {
    const all = this.left.map((content, at) => [at + 1, content] as const);
    return all.filter(([number]) => !this.#marked.has(number));
  }
}

/** A multi-line answer. */
export function list(status: string, lines: readonly string[]): string {
  return `+OK ${status}\r\n${lines.map((line) => `${line}\r\n`).join("")}.\r\n`;
}

/** A message as an answer. */
export function body(content: Uint8Array): Uint8Array {
  const stuffer = new DotStuffer({ lineEnds: "normalize" });
  const stuffed = stuffer.push(content).slice();
  return concat(encoder.encode("+OK\r\n"), stuffed, stuffer.end());
}

function topOf(content: Uint8Array): Uint8Array {
  const end = decoder.decode(content).indexOf("\r\n\r\n");
  return end < 0 ? content : content.subarray(0, end + 4);
}

/** A connection of which some parts are others. */
export function wrap(connection: Connection, parts: Partial<Connection>): Connection {
  return {
    local: connection.local,
    remote: connection.remote,
    security: connection.security,
    read: (buffer) => connection.read(buffer),
    write: (bytes) => connection.write(bytes),
    startTls: (options) => connection.startTls(options),
    close: () => connection.close(),
    ...parts,
  };
}

/** Octets one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

/** The octets of a text whose characters are octets. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
