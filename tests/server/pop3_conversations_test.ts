import { deepEqual, equal } from "node:assert/strict";
import {
  memoryPair,
  type Pop3Backend,
  pop3CapabilityLists,
  Pop3RefusalError,
  type Pop3ServedSession,
  Secret,
  servePop3,
} from "@mailwright/mailwright";
import { RawClient } from "./raw_client.ts";
import { askList, askOctets, message, servedMaildrop } from "./pop3_served.ts";

const MESSAGES = [
  message("a1", "Subject: one\r\n\r\n1\r\n"),
  message("b2", "Subject: two\r\n\r\n1\r\n2\r\n"),
  message("c3", "Subject: three\r\n\r\n.\r\n"),
];

const pure = { permissions: "none" } as const;

Deno.test("servePop3() serves a whole session", pure, async () => {
  await using session = await servedMaildrop({ messages: MESSAGES, until: "greeting" });
  const { client, course } = session;
  deepEqual(await client.askAll("USER ann", "pass pencil", "STAT"), [
    "+OK Send PASS",
    "+OK Logged in",
    "+OK 3 62",
  ]);
  deepEqual(await askList(client, "LIST"), ["+OK 3 messages", "1 19", "2 22", "3 21"]);
  deepEqual(await askList(client, "UIDL"), ["+OK 3 messages", "1 a1", "2 b2", "3 c3"]);
  equal(await askOctets(client, "RETR 3"), "Subject: three\r\n\r\n..\r\n");
  deepEqual(await client.askAll("LIST 2", "uidl 2", "DELE 2", "NOOP"), [
    "+OK 2 22",
    "+OK 2 b2",
    "+OK Marked as deleted",
    "+OK Nothing done",
  ]);
  equal(await client.ask("QUIT"), "+OK pop.example closing the connection");
  equal(await client.line(), null);
  equal(await session.end, "quit");
  deepEqual(course, { opened: ["ann"], removed: ["b2"], closed: 1 });
});

Deno.test("DELE hides a message from every command until RSET", pure, async () => {
  await using session = await servedMaildrop({ messages: MESSAGES });
  const { client, course } = session;
  const gone = "-ERR The message is marked as deleted";
  deepEqual(
    await client.askAll("DELE 1", "STAT", "LIST 1", "UIDL 1", "RETR 1", "TOP 1 0", "DELE 1"),
    ["+OK Marked as deleted", "+OK 2 43", gone, gone, gone, gone, gone],
  );
  deepEqual(await askList(client, "LIST"), ["+OK 2 messages", "2 22", "3 21"]);
  deepEqual(await askList(client, "UIDL"), ["+OK 2 messages", "2 b2", "3 c3"]);
  deepEqual(await client.askAll("RSET", "STAT", "LIST 1"), [
    "+OK Nothing is marked",
    "+OK 3 62",
    "+OK 1 19",
  ]);
  await client.ask("QUIT");
  deepEqual(course.removed, []);
});

Deno.test("TOP gives the header and as many lines as asked for", pure, async () => {
  await using session = await servedMaildrop({ messages: MESSAGES });
  const { client } = session;
  equal(await askOctets(client, "TOP 2 0"), "Subject: two\r\n\r\n");
  equal(await askOctets(client, "TOP 2 1"), "Subject: two\r\n\r\n1\r\n");
  equal(await askOctets(client, "TOP 2 999999999"), "Subject: two\r\n\r\n1\r\n2\r\n");
  equal(await askOctets(client, "TOP 3 1"), "Subject: three\r\n\r\n..\r\n");
  const wrong = "-ERR Send TOP message lines";
  for (const command of ["TOP 1", "TOP", "TOP 1 -1", "TOP 1 1 1", "TOP 1 1234567890"]) {
    equal(await client.ask(command), wrong);
  }
});

Deno.test("messages may leave numbers free", pure, async () => {
  const messages = [undefined, MESSAGES[0], undefined, undefined, MESSAGES[1]];
  await using session = await servedMaildrop({ messages });
  const { client } = session;
  deepEqual(await askList(client, "LIST"), ["+OK 2 messages", "2 19", "5 22"]);
  deepEqual(await client.askAll("STAT", "LIST 1", "LIST 5", "RETR 6"), [
    "+OK 2 41",
    "-ERR No such message",
    "+OK 5 22",
    "-ERR No such message",
  ]);
});

Deno.test("an empty maildrop has empty lists", pure, async () => {
  await using session = await servedMaildrop();
  const { client } = session;
  equal(await client.ask("STAT"), "+OK 0 0");
  deepEqual(await askList(client, "LIST"), ["+OK 0 messages"]);
  deepEqual(await askList(client, "UIDL"), ["+OK 0 messages"]);
  equal(await client.ask("DELE 1"), "-ERR No such message");
});

Deno.test.each(["0", "01", "-1", "+1", "1e0", "0x1", "1 1", " 1", "1 ", "12345678901", "one"])(
  'a number of a message is not "%s"',
  pure,
  async (number) => {
    await using session = await servedMaildrop({ messages: MESSAGES });
    for (const verb of ["RETR", "DELE", "LIST", "UIDL"]) {
      equal(await session.client.ask(`${verb} ${number}`), "-ERR This is no number of a message");
    }
  },
);

const BEFORE = ["STLS", "UTF8", "USER a", "PASS b", "APOP a b", "AUTH PLAIN"];
const AFTER = ["STAT", "LIST", "UIDL", "RETR 1", "TOP 1 0", "DELE 1", "RSET", "NOOP"];

Deno.test("every command has its state", pure, async () => {
  await using before = await servedMaildrop({ until: "greeting" });
  for (const command of AFTER) equal(await before.client.ask(command), "-ERR Log in first");
  await using after = await servedMaildrop();
  for (const command of BEFORE) equal(await after.client.ask(command), "-ERR Already logged in");
  for (const { client } of [before, after]) {
    for (const command of ["LAST", "XTND XMIT", "constructor", "", " NOOP", "RPOP a"]) {
      equal(await client.ask(command), "-ERR Command not recognized");
    }
  }
});

Deno.test("commands that stand alone take no argument", pure, async () => {
  await using before = await servedMaildrop({ until: "greeting" });
  for (const verb of ["STLS", "UTF8", "CAPA", "QUIT"]) {
    equal(await before.client.ask(`${verb} now`), `-ERR ${verb} takes no argument`);
  }
  await using after = await servedMaildrop();
  for (const verb of ["STAT", "RSET", "NOOP", "CAPA", "QUIT"]) {
    equal(await after.client.ask(`${verb} now`), `-ERR ${verb} takes no argument`);
  }
});

Deno.test("QUIT before the login ends the session and opens nothing", pure, async () => {
  await using session = await servedMaildrop({ until: "greeting" });
  equal(await session.client.ask("QUIT"), "+OK pop.example closing the connection");
  equal(await session.end, "quit");
  deepEqual(session.course, { opened: [], removed: [], closed: 0 });
});

Deno.test(
  "CAPA shows the list of the state, and what is not in it is refused",
  pure,
  async () => {
    const capabilities = {
      clear: ["STLS", "X-CLEAR"],
      tls: ["USER", "SASL PLAIN", "EXPIRE 31 USER"],
      authenticated: ["EXPIRE NEVER"],
    };
    const [ours, theirs] = memoryPair();
    const end = servePop3(theirs, backend(), { capabilities });
    const clear = new RawClient(ours);
    await clear.line();
    deepEqual(await askList(clear, "CAPA"), ["+OK Capability list follows", "STLS", "X-CLEAR"]);
    const missing = "-ERR Command not available here";
    const outside = "-ERR Encryption required for this command";
    deepEqual(await clear.askAll("USER ann", "PASS pencil", "AUTH PLAIN", "UTF8", "LANG"), [
      outside,
      outside,
      outside,
      missing,
      missing,
    ]);
    equal(await clear.ask("STLS"), "+OK Begin TLS");
    const client = new RawClient(await ours.startTls({ hostname: "pop.example" }));
    deepEqual((await askList(client, "CAPA")).slice(1), capabilities.tls);
    deepEqual(await client.askAll("STLS", "USER ann", "PASS pencil", "TOP 1 0", "UIDL"), [
      "-ERR TLS is already there",
      "+OK Send PASS",
      "+OK Logged in",
      missing,
      missing,
    ]);
    deepEqual((await askList(client, "CAPA")).slice(1), capabilities.authenticated);
    await client.ask("QUIT");
    equal(await end, "quit");
  },
);

/** A backend with one message. */
function backend(more: Partial<Pop3Backend> = {}): Pop3Backend {
  return {
    hostname: "pop.example",
    credentials: { password: () => new Secret("pencil") },
    open: () => ({ messages: MESSAGES, update: () => 0, close() {} }),
    ...more,
  };
}

Deno.test("pop3CapabilityLists() lists what it is told to", pure, () => {
  const { clear, tls, authenticated } = pop3CapabilityLists({
    startTls: true,
    user: false,
    mechanisms: ["PLAIN", "LOGIN"],
    top: false,
    uidl: false,
    expire: 0,
    loginDelay: 60,
    more: ["X-ONE"],
  });
  const always = [
    "RESP-CODES",
    "AUTH-RESP-CODE",
    "PIPELINING",
    "EXPIRE 0",
    "LOGIN-DELAY 60",
    "UTF8 USER",
    "LANG",
    "IMPLEMENTATION mailwright",
    "X-ONE",
  ];
  deepEqual(clear, [...always, "STLS"]);
  deepEqual(tls, [...always, "SASL PLAIN LOGIN"]);
  deepEqual(authenticated, tls);
});

Deno.test("servePop3() offers what its backend can do, inside TLS", pure, async () => {
  const [ours, theirs] = memoryPair();
  const end = servePop3(theirs, backend(), { implicitTls: true });
  const client = new RawClient(await ours.startTls({ hostname: "pop.example" }));
  equal(await client.line(), "+OK pop.example POP3 mailwright");
  deepEqual((await askList(client, "CAPA")).slice(-2), [
    "USER",
    "SASL SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN",
  ]);
  client.octets.close();
  equal(await end, "closed");
});

Deno.test("UTF8 and LANG", pure, async () => {
  const sessions: Pop3ServedSession[] = [];
  await using session = await servedMaildrop({
    until: "greeting",
    backend: {
      open(_user, session) {
        sessions.push(session);
        return { messages: [], update: () => 0, close() {} };
      },
    },
  });
  const { client } = session;
  equal(await client.ask("UTF8"), "+OK UTF-8 it is");
  deepEqual(await askList(client, "LANG"), [
    "+OK Languages follow",
    "en English",
    "i-default English",
  ]);
  deepEqual(await client.askAll("LANG EN", "LANG *", "LANG i-default", "LANG de", "LANG en-US"), [
    "+OK en The language is English",
    "+OK en The language is English",
    "+OK i-default The language is English",
    "-ERR This language is not available",
    "-ERR This language is not available",
  ]);
  await client.askAll("USER ann", "PASS pencil");
  deepEqual(sessions.map(({ user, utf8 }) => [user, utf8]), [["ann", true]]);
});

Deno.test("a backend says the greeting, or turns the client away", pure, async () => {
  await using greeted = await servedMaildrop({
    until: "open",
    backend: { connected: () => ({ ok: true, text: "Hello" }) },
  });
  equal(await greeted.client.line(), "+OK Hello");
  const away = { ok: false, code: "SYS/TEMP", text: "Back on Monday" };
  for (
    const connected of [() => away, () => Promise.reject(new Pop3RefusalError(away))]
  ) {
    await using session = await servedMaildrop({ until: "open", backend: { connected } });
    equal(await session.client.rest(), "-ERR [SYS/TEMP] Back on Monday\r\n");
    equal(await session.end, "dismissed");
  }
});
