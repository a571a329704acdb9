import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  capabilityLists,
  type Connection,
  memoryPair,
  serveSmtp,
  type SmtpBackend,
} from "@mailwright/mailwright";
import { RawClient } from "./raw_client.ts";
import { keeper, type Kept, served, watched } from "./served.ts";

const capabilities = capabilityLists({
  startTls: true,
  mechanisms: ["PLAIN"],
  more: ["ETRN", "ATRN", "TURN"],
});
const withLogin = { ...capabilities, clear: [...capabilities.clear, "AUTH PLAIN"] };
const LOGIN = `AUTH PLAIN ${btoa("\0ann\0pencil")}`;

Deno.test("STARTTLS starts anew inside TLS", { permissions: "none" }, async () => {
  const [ours, theirs] = memoryPair();
  const users: (string | undefined)[] = [];
  const backend = keeper([], {
    sender(_sender, { user }) {
      users.push(user);
      return undefined;
    },
  });
  const end = serveSmtp(theirs, backend, { capabilities: withLogin });
  const clear = new RawClient(ours);
  await clear.reply();
  const before = await clear.ask("EHLO client.example");
  equal(before?.includes("250 AUTH PLAIN"), true);
  await clear.ask(LOGIN);
  equal(await clear.ask("STARTTLS now"), "502 5.5.1 Command not implemented here");
  await clear.ask("QUIT");
  equal(await end, "quit");

  const [again, there] = memoryPair();
  const second = serveSmtp(there, backend, { capabilities });
  const client = new RawClient(again);
  await client.reply();
  await client.ask("EHLO client.example");
  equal(await client.ask("STARTTLS now"), "501 5.5.4 STARTTLS takes no parameter");
  await client.ask("MAIL FROM:<a@x.example>");
  equal(await client.ask("STARTTLS"), "503 5.5.1 A mail transaction is open");
  await client.ask("RSET");
  equal(await client.ask("STARTTLS"), "220 2.0.0 Ready to start TLS");
  const inside = new RawClient(await again.startTls({ hostname: "mx.example" }));
  equal(await inside.ask("MAIL FROM:<a@x.example>"), "503 5.5.1 Send EHLO first");
  const hello = await inside.ask("EHLO client.example");
  equal(hello?.includes("STARTTLS"), false);
  equal(hello?.includes("250 AUTH PLAIN"), true);
  equal(await inside.ask("STARTTLS"), "503 5.5.1 TLS is already there");
  equal(await inside.ask(LOGIN), "235 2.7.0 Authentication succeeded");
  await inside.ask("MAIL FROM:<a@x.example>");
  deepEqual(users, [undefined, "ann"]);
  await inside.ask("QUIT");
  equal(await second, "quit");
});

Deno.test.each<[string]>([["STARTTLS"], ["ATRN"], ["TURN"]])(
  "%s with commands behind it ends the session, and they are not obeyed [T-V01]",
  { permissions: "none" },
  async (command) => {
    const senders: string[] = [];
    await using session = await served({
      capabilities: { ...withLogin, authenticated: withLogin.clear },
      backend: {
        sender({ address }) {
          senders.push(address);
          return undefined;
        },
        atrn: () => ({ reply: { code: 250, text: "OK" }, take: () => Promise.resolve() }),
        turn: () => ({ reply: { code: 250, text: "OK" }, take: () => Promise.resolve() }),
      },
    });
    await session.client.ask("EHLO client.example");
    if (command !== "STARTTLS") await session.client.ask(LOGIN);
    await session.client.send(`${command}\r\nMAIL FROM:<evil@x.example>\r\n`);
    equal(await session.client.reply(), "421 4.7.0 Nothing may follow this command");
    equal(await session.client.reply(), null);
    equal(await session.end, "dismissed");
    deepEqual(senders, []);
  },
);

Deno.test("STARTTLS with half a command behind it ends the session [T-V01]", {
  permissions: "none",
}, async () => {
  await using session = await served({ capabilities });
  await session.client.ask("EHLO client.example");
  await session.client.send("STARTTLS\r\nNO");
  equal(await session.client.reply(), "421 4.7.0 Nothing may follow this command");
  equal(await session.end, "dismissed");
});

Deno.test("STARTTLS counts nothing that comes in the clear behind the 220 [T-V01]", {
  permissions: "none",
}, async () => {
  const senders: string[] = [];
  await using session = await served({
    capabilities,
    backend: {
      sender({ address }) {
        senders.push(address);
        return undefined;
      },
    },
  });
  const { client } = session;
  await client.ask("EHLO client.example");
  await client.ask("STARTTLS");
  await client.send("MAIL FROM:<evil@x.example>\r\n");
  const connection = client.octets as Connection; // memoryPair made it
  await rejects(connection.startTls({ hostname: "mx.example" }), { name: "TlsError" });
  equal(await session.end, "tls");
  deepEqual(senders, []);
});

/** A backend that hands the connection of ATRN and TURN to `take`. */
function turning(take: (connection: Connection) => Promise<void>): Partial<SmtpBackend> {
  const reply = { code: 250, status: "2.0.0", text: "OK now reversing the connection" };
  return {
    atrn(domains, { user }) {
      if (user !== "ann") return { code: 450, status: "4.7.1", text: "Not yours" };
      if (domains.includes("empty.example")) return { code: 453, text: "You have no mail" };
      if (domains.includes("busy.example")) return { code: 451, text: "Not now" };
      return { reply, take };
    },
    turn: () => ({ reply, take }),
  };
}

Deno.test.each<[string]>([["ATRN x.example,y.example"], ["ATRN"], ["TURN"]])(
  "%s gives the bare connection to the taker, and mail flows the other way",
  { permissions: "none" },
  async (command) => {
    const taken: string[] = [];
    await using session = await served({
      capabilities: { ...withLogin, authenticated: withLogin.clear },
      backend: turning(async (connection) => {
        const sender = new RawClient(connection);
        taken.push(await sender.reply() ?? "");
        const replies = await sender.askAll(
          "EHLO mx.example",
          "MAIL FROM:<a@x.example>",
          "RCPT TO:<b@x.example>",
          "DATA",
          "held\r\n.",
          "QUIT",
        );
        taken.push(replies.at(-2) ?? "");
        connection.close();
      }),
    });
    const { client } = session;
    equal(await client.ask(command), "530 5.7.0 Authentication required");
    await client.askAll("EHLO client.example", LOGIN);
    equal(await client.ask(command), "250 2.0.0 OK now reversing the connection");
    // The end that was the client now serves.
    const mails: Kept[] = [];
    const connection = client.octets as Connection; // memoryPair made it
    equal(await serveSmtp(connection, keeper(mails, { hostname: "client.example" })), "quit");
    equal(await session.end, "turned");
    deepEqual(taken, ["220 client.example ESMTP mailwright", "250 2.0.0 Queued as 1"]);
    deepEqual(mails.map(({ content }) => content), ["held\r\n"]);
  },
);

Deno.test("ATRN says why it does not turn", { permissions: "none" }, async () => {
  await using session = await served({
    capabilities: { ...withLogin, authenticated: withLogin.clear },
    backend: turning(() => Promise.resolve()),
  });
  const replies = await session.client.askAll(
    "EHLO client.example",
    LOGIN,
    "ATRN empty.example",
    "ATRN busy.example",
    "ATRN a b",
    "ATRN a,,b",
    "TURN now",
    "MAIL FROM:<a@x.example>",
    "ATRN x.example",
  );
  deepEqual(replies.slice(2), [
    "453 You have no mail",
    "451 Not now",
    "501 5.5.4 Send ATRN [domain,domain...]",
    "501 5.5.4 Send ATRN [domain,domain...]",
    "501 5.5.4 TURN takes no parameter",
    "250 2.1.0 Sender OK",
    "503 5.5.1 A mail transaction is open",
  ]);
});

Deno.test("serveSmtp() ends with the reason of its signal", { permissions: "none" }, async () => {
  const stop = new AbortController();
  await using session = await served({ signal: stop.signal });
  stop.abort(new Error("Shutting down"));
  await rejects(session.end, { message: "Shutting down" });
  equal(await session.client.reply(), null);
});

Deno.test("serveSmtp() says 421 when the backend is broken, and throws what it threw", {
  permissions: "none",
}, async () => {
  await using session = await served({
    backend: {
      recipient() {
        throw new TypeError("A defect");
      },
    },
  });
  const replies = await session.client.askAll(
    "EHLO client.example",
    "MAIL FROM:<a@x.example>",
    "RCPT TO:<b@x.example>",
  );
  equal(replies.at(-1), "421 4.3.0 Internal error");
  await rejects(session.end, { name: "TypeError", message: "A defect" });
});

Deno.test("serveSmtp() never writes a control character of a backend", {
  permissions: "none",
}, async () => {
  await using session = await served({
    backend: { sender: () => ({ code: 250, text: "a\r\n250 b" }) },
  });
  const replies = await session.client.askAll("EHLO client.example", "MAIL FROM:<a@x.example>");
  equal(replies.at(-1), "421 4.3.0 Internal error");
  await rejects(session.end, { name: "SyntaxError" });
});

Deno.test("serveSmtp() closes a client that does not read", { permissions: "none" }, async () => {
  const [ours, theirs] = memoryPair({ capacity: 64 });
  const clock = new StillClock();
  const stuck = Promise.withResolvers<void>();
  const connection = watched(theirs, (bytes) => {
    if (bytes.length > 64) stuck.resolve();
  });
  const end = serveSmtp(connection, keeper([]), { clock });
  const client = new RawClient(ours);
  await client.send("HELP\r\nHELP\r\n");
  await stuck.promise;
  clock.pass(400_000);
  equal(await end, "timeout");
  client.octets.close();
});

Deno.test.each<[string, string]>([
  ["between commands", ""],
  ["within a command", "NOO"],
  ["within a login", "EHLO a\r\nAUTH PLAIN\r\n"],
  ["within the content", "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nDATA\r\nx"],
  [
    "within a chunk",
    "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nBDAT 9 LAST\r\nx",
  ],
])("serveSmtp() says 421 to a client that is silent %s, and closes [T-V04]", {
  permissions: "none",
}, async (_name, said) => {
  const clock = new StillClock();
  await using session = await served({ clock, capabilities: withLogin });
  await session.client.send(said);
  await clock.asleep;
  clock.pass(299_999);
  clock.pass(2);
  equal(await session.end, "timeout");
  const heard = (await session.client.rest()).split("\r\n");
  deepEqual(heard.slice(-2), ["421 4.4.2 mx.example has waited too long", ""]);
  equal(session.mails.length, 0);
});

Deno.test("serveSmtp() stores no message that ends while its 421 is on the way", {
  permissions: "none",
}, async () => {
  const [ours, theirs] = memoryPair();
  const clock = new StillClock();
  const [taken, go, heard] = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const finished: string[] = [];
  const backend = keeper([], {
    message: () => ({
      write() {
        taken?.resolve();
        return go?.promise;
      },
      finish() {
        finished.push("too late");
        return [];
      },
      abort() {},
    }),
  });
  const slow: Connection = {
    ...watched(theirs, () => {}),
    async write(bytes) {
      if (new TextDecoder().decode(bytes).startsWith("421")) await heard?.promise;
      await theirs.write(bytes);
    },
  };
  const end = serveSmtp(slow, backend, { clock, limits: { messageMs: 1000 } });
  const client = new RawClient(ours);
  await client.reply();
  await client.askAll("EHLO a", "MAIL FROM:<>", "RCPT TO:<a@x.example>", "DATA");
  await client.send("x\r\n.\r\n");
  await taken?.promise;
  clock.pass(1001);
  go?.resolve();
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  heard?.resolve();
  equal(await client.reply(), "421 4.4.2 mx.example has waited too long");
  equal(await end, "timeout");
  deepEqual(finished, []);
  client.octets.close();
});

/** A clock that moves only when it is told to. */
class StillClock {
  #now = 0;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  readonly #slept = Promise.withResolvers<void>();
  /** Resolves when somebody sleeps and nothing else is left to do. */
  readonly asleep: Promise<void> = this.#slept.promise.then(async () => {
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  });

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#slept.resolve();
    return new Promise((wake, reject) => {
      this.#sleepers.push({ at: this.#now + ms, wake });
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  pass(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter(({ at }) => at <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
    for (const { wake } of due) wake();
  }
}
