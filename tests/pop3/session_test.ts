import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import {
  connectPop3,
  type Pop3Answer,
  Pop3LocalError,
  type Pop3Session,
  Secret,
} from "../../src/pop3/mod.ts";
import { ProtocolError } from "../../src/wire/mod.ts";
import { play } from "../smtp/scripted_server.ts";
import { LOGIN, talk } from "./talk.ts";

const none = { permissions: "none" } as const;
const PENCIL = new Secret("pencil");

/** Logs in as the LOGIN script wants it. */
async function logIn(session: Pop3Session): Promise<Pop3Session> {
  await session.user("ann");
  await session.pass(PENCIL);
  return session;
}

/** The value of an answer that must have one. */
function valueOf<T>(answer: Pop3Answer<T>): T {
  ok(answer.ok, answer.ok ? "" : answer.error.message);
  return answer.value;
}

Deno.test("Pop3Session says every verb and gives its reply as a value", none, async () => {
  await talk(
    `
    S: +OK ready <1896.697170952@dbc.mtview.ca.us>
    C: CAPA
    S: +OK list follows
    S: TOP
    S: UIDL
    S: .
    C: UTF8
    S: +OK
    C: LANG
    S: +OK
    S: de Deutsch
    S: ..dot
    S: .
    C: LANG de
    S: +OK de Sprache
    C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
    S: +OK
    C: STAT
    S: +OK 2 320
    C: LIST
    S: +OK
    S: 1 120
    S: 2 200
    S: .
    C: LIST 2
    S: +OK 2 200
    C: UIDL
    S: +OK
    S: 1 first
    S: 2 second
    S: .
    C: UIDL 1
    S: +OK 1 first
    C: TOP 1 1
    S: +OK
    S: Subject: a
    S:
    S: ..first line
    S: .
    C: RETR 2
    S: +OK 200 octets
    S: Subject: b
    S:
    S: text
    S: .
    C: DELE 2
    S: +OK
    C: RSET
    S: +OK
    C: NOOP
    S: +OK
    C: XTND XMIT
    S: -ERR unknown
    C: XLIST
    S: +OK
    S: one
    S: ..two
    S: .
    C: QUIT
    S: +OK bye
    `,
    async (session) => {
      equal(session.greeting?.ok, true);
      deepEqual(valueOf(await session.capa()).lines, ["TOP", "UIDL"]);
      equal((await session.utf8()).ok, true);
      deepEqual(valueOf(await session.lang()), ["de Deutsch", ".dot"]);
      equal((await session.lang("de")).rest, "de Sprache");
      equal((await session.apop({ user: "mrose", password: new Secret("tanstaaf") })).ok, true);
      equal(session.authenticated, "APOP");
      deepEqual(valueOf(await session.stat()), { count: 2, octets: 320 });
      const [first, second] = valueOf(await session.list());
      ok(first && second);
      deepEqual([first.no.value, first.size, second.size], [1, 120, 200]);
      deepEqual(valueOf(await session.list(second.no)), { no: second.no, size: 200 });
      deepEqual(valueOf(await session.uidl()), [
        { no: first.no, uid: "first" },
        { no: second.no, uid: "second" },
      ]);
      deepEqual(valueOf(await session.uidl(first.no)), { no: first.no, uid: "first" });
      const top = valueOf(await session.top(first.no, 1));
      equal(new TextDecoder().decode(top.header), "Subject: a\r\n\r\n");
      equal(new TextDecoder().decode(top.body), ".first line\r\n");
      const message = valueOf(await session.retr(second.no));
      equal(new TextDecoder().decode(await message.bytes()), "Subject: b\r\n\r\ntext\r\n");
      deepEqual([message.size, message.octets, message.complete], [200, 20, true]);
      equal((await session.dele(second.no)).ok, true);
      deepEqual(session.marked, [second.no]);
      equal((await session.rset()).ok, true);
      deepEqual(session.marked, []);
      equal((await session.noop()).ok, true);
      equal((await session.command("XTND XMIT")).reply.text, "unknown");
      deepEqual((await session.command("XLIST", { lines: true })).lines, ["one", ".two"]);
      equal((await session.quit()).text, "bye");
      equal(session.usable, false);
    },
  );
});

Deno.test.each([
  "+Do you even care?",
  "+OKAY ready",
  "ok ready",
  "* OK IMAP ready",
  "220 mail.example ESMTP",
])("Pop3Session takes %s for no greeting [P5] [T-P01]", none, async (line) => {
  const server = play(`
    S: ${line}
    <eof>
  `);
  await rejects(
    connectPop3({ connection: server.connection, tls: "none" }),
    { name: "ProtocolError", stage: "greeting" },
  );
  await server.done;
  equal(server.heard(), "");
});

Deno.test(
  "connectPop3() hands a refusing greeting on, with its response code [T-P01] [T-P20]",
  none,
  async () => {
    const server = play(`
    S: -ERR [SYS/TEMP] come back later
    <eof>
  `);
    await rejects(
      connectPop3({ connection: server.connection, host: "mail.example", tls: "none" }),
      {
        name: "Pop3ReplyError",
        temporary: true,
        message: 'Cannot go on after the connection with "mail.example": the server answered ' +
          '"-ERR [SYS/TEMP] come back later"',
      },
    );
    await server.done;
  },
);

Deno.test("Pop3Session refuses a whole session as greeting [T-P02] [T-G1]", none, async () => {
  const server = play(`
    S: +OK 2 messages
    S: 1 120
    S: 2 200
    S: .
    <eof>
  `);
  await rejects(connectPop3({ connection: server.connection, tls: "none" }), {
    name: "ProtocolError",
    message: 'Cannot go on: unsolicited data from the server, "1 120\\r\\n2 200\\r\\n.\\r\\n"',
  });
  await server.done;
  equal(server.heard(), "");
});

Deno.test(
  "Pop3Session stops at an empty line in place of a reply, without QUIT [Q14] [P5] [T-G6]",
  none,
  async () => {
    const { server } = await talk(
      `${LOGIN}
    C: LIST
    S: +OK
    S: 1 5
    S: .
    C: DELE 1
    S:
    <eof>
    `,
      async (session) => {
        const [first] = valueOf(await (await logIn(session)).list());
        ok(first);
        await rejects(session.dele(first.no), ProtocolError);
        await rejects(session.noop(), ProtocolError);
        equal(session.usable, false);
        equal((await session.commit()).kind, "not-committed");
      },
    );
    equal(server.heard().includes("QUIT"), false);
  },
);

Deno.test("Pop3Session tries UIDL and TOP although CAPA is refused [Q1]", none, async () => {
  await talk(
    `
    S: +OK ready
    C: CAPA
    S: -ERR what?
    C: USER ann
    S: +OK
    C: PASS pencil
    S: +OK
    C: UIDL
    S: +OK
    S: 1 first
    S: .
    C: TOP 1 0
    S: +OK
    S: Subject: a
    S:
    S: .
    `,
    async (session) => {
      equal((await session.capa()).ok, false);
      equal(session.capabilities.known, false);
      const [row] = valueOf(await (await logIn(session)).uidl());
      ok(row);
      equal(valueOf(await session.top(row.no, 0)).complete, true);
    },
  );
});

Deno.test("a refused UIDL is a value, and the session goes on [Q2] [T-P08]", none, async () => {
  await talk(
    `${LOGIN}
    C: UIDL
    S: -ERR [SYS/TEMP] busy
    C: UIDL
    S: +OK
    S: 1 first
    S: .
    `,
    async (session) => {
      const refused = await (await logIn(session)).uidl();
      ok(!refused.ok);
      deepEqual([refused.error.command, refused.error.temporary], ["UIDL", true]);
      equal(valueOf(await session.uidl()).length, 1);
    },
  );
});

Deno.test.each([
  { verb: "STAT", answer: "+OK seven 1", ask: (session: Pop3Session) => session.stat() },
  {
    verb: "LIST",
    answer: "+OK\n S: 1 120\n S: 0 5\n S: .",
    ask: (session: Pop3Session) => session.list(),
  },
  {
    verb: "LIST",
    answer: "+OK\n S: 1 120\n S: 1 120\n S: .",
    ask: (session: Pop3Session) => session.list(),
  },
  { verb: "UIDL", answer: "+OK\n S: first\n S: .", ask: (session: Pop3Session) => session.uidl() },
])(
  "an answer to $verb that makes no sense is a value; the next command works [P6] [T-P03] [T-P04]",
  none,
  async ({ verb, answer, ask }) => {
    await talk(
      `${LOGIN}
    C: ${verb}
    S: ${answer}
    C: NOOP
    S: +OK
    `,
      async (session) => {
        const refused = await ask(await logIn(session));
        ok(!refused.ok);
        equal(refused.reply.ok, true);
        match(
          refused.error.message,
          new RegExp(`^Cannot use the answer to ${verb} of "localhost": `),
        );
        equal((await session.noop()).ok, true);
      },
    );
  },
);

Deno.test("an answer about another message makes no sense [P6] [T-P13]", none, async () => {
  await talk(
    `${LOGIN}
    C: LIST
    S: +OK
    S: 1 120
    S: 2 200
    S: .
    C: LIST 1
    S: +OK 2 200
    C: UIDL 1
    S: +OK 2 second
    `,
    async (session) => {
      const [first] = valueOf(await (await logIn(session)).list());
      ok(first);
      for (const answer of [await session.list(first.no), await session.uidl(first.no)]) {
        ok(!answer.ok);
        match(answer.error.message, /it is about message 2$/);
      }
    },
  );
});

Deno.test(
  "Pop3Session reads a session whose every line ends in LF, and says so [P2] [T-P09] [T-R02]",
  none,
  async () => {
    const notes: string[] = [];
    const { result } = await talk(
      `
    S| +OK ready\\n
    C: USER ann
    S| +OK\\n
    C: PASS pencil
    S| +OK\\n
    C: LIST
    S| +OK\\n1 120\\n2 200\\n.\\n
    C: RETR 1
    S| +OK\\nSubject: a\\n\\n..dot\\n.\\n
    C: NOOP
    S| +OK\\n
    `,
      async (session) => {
        equal(session.bodyEnd, "lf");
        const [first] = valueOf(await (await logIn(session)).list());
        ok(first);
        const message = valueOf(await session.retr(first.no));
        const text = new TextDecoder().decode(await message.bytes());
        await session.noop();
        return [text, message.bareLf];
      },
      { onEvent: ({ kind, text }) => kind === "note" && notes.push(text) },
    );
    deepEqual(result, ["Subject: a\n\n.dot\n", true]);
    equal(notes.includes("LF ends every line of this session"), true);
  },
);

Deno.test(
  "Pop3Session takes LF . LF for an end only where it was told to be lenient [T-P09]",
  none,
  async () => {
    const script = `${LOGIN}
    C: LIST
    S: +OK
    S: 1 120
    S: .
    C: RETR 1
    S| +OK\\r\\na\\n.\\nb\\r\\n.\\r\\n
  `;
    const retrieve = async (session: Pop3Session): Promise<string> => {
      const [first] = valueOf(await (await logIn(session)).list());
      ok(first);
      const message = valueOf(await session.retr(first.no));
      return new TextDecoder().decode(await message.bytes());
    };
    equal((await talk(script, retrieve)).result, "a\n.\nb\r\n");
    const lenient = await talk(script, async (session) => {
      const text = await retrieve(session);
      await rejects(session.noop(), ProtocolError); // the rest is no reply
      return text;
    }, { lenient: true });
    equal(lenient.result, "a\n");
  },
);

Deno.test("Pop3Session serves calls in the order in which they are made", none, async () => {
  const { server } = await talk(
    `${LOGIN}
    C: STAT
    S: +OK 0 0
    C: NOOP
    S: +OK
    C: LIST
    S: +OK
    S: .
    `,
    async (session) => {
      await logIn(session);
      await Promise.all([session.stat(), session.noop(), session.list()]);
    },
  );
  equal(server.turns(), 5);
});

Deno.test(
  "Pop3Session reads no second greeting, and says nothing before the first",
  none,
  async () => {
    await talk("S: +OK ready\n <eof>", async (session) => {
      await rejects(session.readGreeting(), Pop3LocalError);
      await rejects(session.stat(), { message: "Cannot say STAT: log in first" });
      await rejects(session.list(), Pop3LocalError);
      await rejects(session.uidl(), Pop3LocalError);
      await rejects(session.snapshot(), Pop3LocalError);
      await rejects(session.rset(), Pop3LocalError);
      throws(() => session.number(1), { message: /no listing of this session has it/ });
    });
  },
);

Deno.test(
  "Pop3Session refuses verbs of the authorization state after the login [P13]",
  none,
  async () => {
    await talk(`${LOGIN}<eof>`, async (session) => {
      await logIn(session);
      const given = { user: "ann", password: PENCIL };
      const refused = { message: /^Cannot say [A-Z0-9]+: the session is logged in$/ };
      await rejects(session.utf8(), refused);
      await rejects(session.stls(), refused);
      await rejects(session.user("ann"), refused);
      await rejects(session.pass(PENCIL), refused);
      await rejects(session.apop(given), refused);
      await rejects(session.auth(given), refused);
      await rejects(session.login(given), refused);
    });
  },
);

Deno.test("command() drives the same state as the methods do", none, async () => {
  await talk(
    `${LOGIN}
    C: LIST
    S: +OK
    S: 1 5
    S: 2 5
    S: .
    C: DELE 2
    S: +OK
    C: RSET
    S: +OK
    C: DELE 1
    S: -ERR locked
    C: QUIT
    S: +OK
    `,
    async (session) => {
      await (await logIn(session)).list();
      equal((await session.command("DELE 2")).reply.ok, true);
      deepEqual(session.marked.map(({ value }) => value), [2]);
      await rejects(session.command("quit"), { message: /1 messages are marked: commit\(\) or/ });
      equal((await session.command("rset")).reply.ok, true);
      equal((await session.command("dele 1")).reply.ok, false);
      deepEqual(session.marked, []);
      await rejects(session.command("DELE 3"), Pop3LocalError);
      await rejects(session.command("DELE all"), Pop3LocalError);
      await rejects(session.command("PASS pencil"), {
        message: "Cannot say PASS: it has a method of its own: pass()",
      });
      await rejects(session.command("STLS"), Pop3LocalError);
      equal((await session.command("QUIT")).reply.ok, true);
    },
  );
});

Deno.test("quit() with marks names commit() and rollback(), and says nothing", none, async () => {
  const { server } = await talk(
    `${LOGIN}
    C: LIST
    S: +OK
    S: 1 5
    S: .
    C: DELE 1
    S: +OK
    <eof>
    `,
    async (session) => {
      const [first] = valueOf(await (await logIn(session)).list());
      ok(first);
      await session.dele(first.no);
      await rejects(session.quit(), {
        name: "Pop3LocalError",
        message: "Cannot say QUIT: 1 messages are marked: commit() or rollback()",
      });
    },
  );
  equal(server.heard().includes("QUIT"), false);
});

Deno.test(
  "a number of another session is refused before anything is said [P25]",
  none,
  async () => {
    const script = `${LOGIN}
    C: LIST
    S: +OK
    S: 1 5
    S: .
    <eof>
  `;
    let stale: Awaited<ReturnType<Pop3Session["number"]>> | undefined;
    await talk(script, async (session) => {
      await (await logIn(session)).list();
      stale = session.number(1);
    });
    const { server } = await talk(script, async (session) => {
      await (await logIn(session)).list();
      ok(stale);
      const refused = {
        name: "Pop3LocalError",
        message: 'Cannot use the message number "1": it was not listed in this session',
      };
      await rejects(session.dele(stale), refused);
      await rejects(session.retr(stale), refused);
      await rejects(session.list(stale), refused);
      await rejects(session.top(stale, 0), refused);
      await rejects(session.markDeleted([stale]), refused);
      throws(() => session.retrieve([session.number(1), stale as never]), refused);
    });
    equal(server.heard().includes("DELE"), false);
  },
);

Deno.test(
  "a renumbered maildrop is used by the listing of this session only [P15]",
  none,
  async () => {
    await talk(
      `${LOGIN}
    C: LIST
    S: +OK
    S: 2 5
    S: .
    C: DELE 2
    S: +OK
    `,
      async (session) => {
        const [row] = valueOf(await (await logIn(session)).list());
        ok(row);
        // The login said two messages; 1 was never listed.
        throws(() => session.number(1), Pop3LocalError);
        equal((await session.dele(row.no)).ok, true);
      },
    );
  },
);

Deno.test("snapshot() is one flight where the server offers PIPELINING", none, async () => {
  const { server, result } = await talk(
    `${LOGIN}
    C: CAPA
    S: +OK
    S: PIPELINING
    S: .
    C: STAT
    C: LIST
    C: UIDL
    S: +OK 1 5
    S: +OK
    S: 1 5
    S: .
    S: +OK
    S: 1 first
    S: .
    `,
    async (session) => {
      await (await logIn(session)).capa();
      const before = session.turns.writes;
      const snapshot = await session.snapshot();
      equal(session.turns.writes - before, 1);
      return snapshot;
    },
  );
  deepEqual(result.messages.map(({ no, size, uid }) => `${no} ${size} ${uid}`), ["1 5 first"]);
  equal(server.turns(), 4);
});

Deno.test("snapshot() reads all answers, also behind a refusal", none, async () => {
  const script = (stat: string, list: string): string =>
    `${LOGIN}
    C: STAT
    S: ${stat}
    C: LIST
    S: ${list}
    C: UIDL
    S: -ERR unknown
    C: NOOP
    S: +OK
  `;
  const noop = async (session: Pop3Session, error?: object): Promise<void> => {
    await logIn(session);
    if (error === undefined) equal((await session.snapshot()).uidlError?.reply.text, "unknown");
    else await rejects(session.snapshot(), error);
    equal((await session.noop()).ok, true);
  };
  const empty = "+OK\n S: .";
  await talk(script("-ERR", empty), (session) => noop(session, { command: "STAT" }));
  await talk(script("+OK 0 0", "-ERR"), (session) => noop(session, { command: "LIST" }));
  await talk(script("+OK 0", empty), (session) => noop(session, { name: "Pop3ReplyError" }));
  await talk(script("+OK 0 0", empty), (session) => noop(session));
});
