import { deepEqual, equal, ok } from "node:assert/strict";
import { connectPop3, Secret } from "../../src/pop3/mod.ts";
import { type Connection, TlsError } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { body, latin1, someMessages, startTestServer, wrap } from "./test_server.ts";

const none = { permissions: "none" } as const;
const MESSAGES = someMessages(3);
const RETR_OCTETS = body(MESSAGES[0] as Uint8Array).length; // there are three

/** Where it happens: behind so many octets of the answer to a command. */
const STAGES = [
  { name: "greeting", verb: "", octets: 0, reached: "login" },
  { name: "CAPA", verb: "CAPA", octets: 0, reached: "login" },
  { name: "STLS", verb: "STLS", octets: 0, reached: "login" },
  { name: "handshake", verb: "TLS", octets: 0, reached: "login" },
  { name: "USER", verb: "USER", octets: 0, reached: "login" },
  { name: "PASS", verb: "PASS", octets: 0, reached: "login" },
  { name: "STAT", verb: "STAT", octets: 0, reached: "marks" },
  { name: "mid LIST", verb: "LIST", octets: 9, reached: "marks" },
  { name: "mid UIDL", verb: "UIDL", octets: 9, reached: "marks" },
  { name: "after RETR", verb: "RETR", octets: 0, reached: "marks" },
  { name: "mid body", verb: "RETR", octets: 60, reached: "marks" },
  { name: "before terminator", verb: "RETR", octets: RETR_OCTETS - 3, reached: "marks" },
  { name: "after DELE sent", verb: "DELE", octets: 0, reached: "marks" },
  { name: "after DELE +OK", verb: "DELE", octets: "+OK\r\n".length, reached: "marks" },
  { name: "idle", verb: "NOOP", octets: 0, reached: "marks" },
  { name: "after QUIT sent", verb: "QUIT", octets: 0, reached: "quit" },
  { name: "mid QUIT reply", verb: "QUIT", octets: 2, reached: "quit" },
  { name: "after QUIT reply", verb: "QUIT", octets: "+OK bye\r\n".length, reached: "done" },
] as const;

const FAULTS = ["FIN", "RST", "silence", "-ERR x and FIN", "TLS close without notify"] as const;

type Stage = (typeof STAGES)[number];
type Fault = (typeof FAULTS)[number];

/** What a read of a faulty connection gives. */
const READS: Readonly<
  Record<Fault, (buffer: Uint8Array, again: boolean) => Promise<number | null>>
> = {
  "FIN": () => Promise.resolve(null),
  "RST": () => Promise.reject(new Deno.errors.ConnectionReset("reset")),
  "silence": () => new Promise(() => {}),
  "-ERR x and FIN": (buffer, again) => {
    const line = latin1("-ERR x\r\n");
    buffer.set(line);
    return Promise.resolve(again ? null : line.length);
  },
  "TLS close without notify": () => Promise.reject(new Deno.errors.UnexpectedEof("no notify")),
};

/** A connection that fails at a stage. */
class Faulty {
  readonly #stage: Stage;
  readonly #fault: Fault;
  /** Octets until it happens; `undefined` before the command was said. */
  #left: number | undefined;
  #happened = false;
  /** Whether QUIT was written. */
  quitting = false;

  constructor(stage: Stage, fault: Fault) {
    this.#stage = stage;
    this.#fault = fault;
    if (stage.verb === "") this.#left = stage.octets;
  }

  through(connection: Connection): Connection {
    const { promise: interrupted, reject } = Promise.withResolvers<never>();
    interrupted.catch(() => {}); // only where something waits
    return wrap(connection, {
      read: (buffer) => Promise.race([this.#read(connection, buffer), interrupted]),
      write: (bytes) => this.#write(connection, bytes),
      startTls: (options) => Promise.race([this.#startTls(connection, options), interrupted]),
      close: () => {
        connection.close();
        reject(new Deno.errors.Interrupted("operation canceled"));
      },
    });
  }

  async #read(connection: Connection, buffer: Uint8Array): Promise<number | null> {
    if (this.#left === 0) {
      const again = this.#happened;
      this.#happened = true;
      return await READS[this.#fault](buffer, again);
    }
    const count = await connection.read(buffer.subarray(0, this.#left));
    if (this.#left !== undefined) this.#left -= count ?? 0;
    return count;
  }

  #write(connection: Connection, bytes: Uint8Array): Promise<void> {
    const text = new TextDecoder().decode(bytes);
    this.quitting ||= text.startsWith("QUIT");
    if (this.#left === undefined && text.startsWith(this.#stage.verb)) {
      this.#left = this.#stage.octets;
    } else if (this.#left === 0 && this.#fault === "RST") {
      return Promise.reject(new Deno.errors.BrokenPipe("reset"));
    }
    return connection.write(bytes);
  }

  async #startTls(
    connection: Connection,
    options: Parameters<Connection["startTls"]>[0],
  ): Promise<Connection> {
    if (this.#stage.verb !== "TLS") return this.through(await connection.startTls(options));
    if (this.#fault === "silence") return await new Promise(() => {});
    throw new TlsError("Cannot start TLS", { failure: "closed" });
  }
}

/** What comes of a whole visit to a maildrop. */
async function visit(connection: Connection, clock: FakeClock) {
  const errors: string[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      errors.push((error as Error).name);
      return undefined;
    }
  };
  const session = await attempt(() =>
    connectPop3({ connection, clock, auth: { user: "ann", password: new Secret("pencil") } })
  );
  if (session === undefined) return { errors, outcome: undefined };
  await attempt(() => session.stat());
  const listed = await attempt(() => session.list());
  await attempt(() => session.uidl());
  const [row] = listed?.ok ? listed.value : [];
  if (row !== undefined) {
    const answer = await attempt(() => session.retr(row.no));
    if (answer?.ok) await attempt(() => answer.value.bytes());
    await attempt(() => session.dele(row.no));
  }
  await attempt(() => session.noop());
  return { errors, outcome: await session.commit() };
}

const CASES = STAGES.flatMap((stage) =>
  FAULTS.map((fault) => ({ stage, fault, at: stage.name, reached: stage.reached }))
);

Deno.test.each(CASES)(
  "a session meets $fault at $at [T-D07] [T-D08]",
  none,
  async ({ stage, fault }) => {
    const clock = new FakeClock();
    const server = startTestServer({
      messages: MESSAGES,
      tls: true,
      capabilities: ["STLS", "USER", "UIDL"],
    });
    const faulty = new Faulty(stage, fault);
    const visiting = visit(faulty.through(server.connection), clock);
    let over = false;
    visiting.finally(() => over = true);
    for (let minutes = 0; !over && minutes < 60; minutes++) await clock.advance(60_000);
    equal(over, true, "it never ends");
    const { errors, outcome } = await visiting;

    switch (stage.reached) {
      case "login":
        equal(outcome, undefined);
        equal(errors.length, 1);
        break;
      case "marks":
        equal(outcome?.kind, "not-committed");
        // `-ERR` is a value; what follows it finds the connection closed.
        ok(errors.length > 0 || fault === "-ERR x and FIN");
        break;
      case "quit":
        equal(
          outcome?.kind,
          fault === "-ERR x and FIN" && stage.octets === 0 ? "partial" : "unknown",
        );
        deepEqual(errors, []);
        break;
      case "done":
        equal(outcome?.kind, "committed");
    }
    if (stage.reached === "login" || stage.reached === "marks") {
      equal(faulty.quitting, false, "QUIT was said");
      equal(server.left().length, MESSAGES.length);
    }
  },
);

Deno.test.each([
  { at: "greeting", fault: "-ERR x and FIN", error: "Pop3ReplyError" },
  { at: "greeting", fault: "silence", error: "TimeoutError" },
  { at: "greeting", fault: "FIN", error: "ClosedError" },
  { at: "STLS", fault: "-ERR x and FIN", error: "TlsError" },
  { at: "STLS", fault: "RST", error: "ClosedError" },
  { at: "handshake", fault: "silence", error: "TimeoutError" },
  { at: "handshake", fault: "FIN", error: "TlsError" },
  { at: "USER", fault: "-ERR x and FIN", error: "Pop3AuthError" },
  { at: "PASS", fault: "-ERR x and FIN", error: "Pop3AuthError" },
  { at: "PASS", fault: "silence", error: "TimeoutError" },
  { at: "PASS", fault: "TLS close without notify", error: "ClosedError" },
  { at: "mid body", fault: "TLS close without notify", error: "ClosedError" },
  { at: "before terminator", fault: "FIN", error: "ClosedError" },
  { at: "mid LIST", fault: "RST", error: "ClosedError" },
])("$fault at $at is a $error [T-D09] [T-S19]", none, async ({ at, fault, error }) => {
  const found = CASES.find((one) => one.at === at && one.fault === fault);
  ok(found);
  const clock = new FakeClock();
  const server = startTestServer({ messages: MESSAGES, tls: true, capabilities: ["STLS", "USER"] });
  const visiting = visit(new Faulty(found.stage, found.fault).through(server.connection), clock);
  for (let minutes = 0; minutes < 10; minutes++) await clock.advance(60_000);
  equal((await visiting).errors[0], error);
});
