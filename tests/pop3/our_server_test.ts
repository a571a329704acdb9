import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  type Maildrop,
  memoryPair,
  pop3CapabilityLists,
  Pop3RefusalError,
  servePop3,
  type ServePop3Options,
} from "@mailwright/mailwright";
import { connectPop3, type Pop3ConnectOptions, Secret } from "../../src/pop3/mod.ts";
import { someMessages } from "./test_server.ts";

const none = { permissions: "none" } as const;
const auth = { user: "ann", password: new Secret("pencil") };
const ALL = pop3CapabilityLists({
  startTls: true,
  clearLogin: true,
  mechanisms: ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"],
});

/** Our session at our server engine, which was written apart from it. */
async function visit(
  how: Pop3ConnectOptions = {},
  serving: ServePop3Options & Partial<Maildrop> & { open?: () => void } = {},
) {
  const contents = someMessages(150);
  const removed: string[] = [];
  const [connection, theirs] = memoryPair();
  const { update, open, ...options } = serving;
  const served = servePop3(theirs, {
    hostname: "pop.example",
    credentials: { password: (user) => user === "ann" ? new Secret("pencil") : undefined },
    open: () => {
      open?.();
      return {
        messages: contents.map((content, index) => ({
          uid: `uid-${index + 1}`,
          size: content.length,
          read: () => [content],
        })),
        update: update ?? ((gone) => {
          removed.push(...gone.map(({ uid }) => uid));
          return 0;
        }),
        close() {},
      };
    },
  }, { capabilities: ALL, ...options });
  try {
    const session = await connectPop3({ connection, auth, ...how });
    return { session, served, removed, contents };
  } catch (error) {
    connection.close();
    await served;
    throw error;
  }
}

Deno.test("Pop3Session and servePop3() agree on a whole visit", none, async () => {
  const { session, served, removed, contents } = await visit();
  deepEqual([session.secure, session.authenticated], [true, "SCRAM-SHA-512"]);
  const { messages, numbers, contradictions } = await session.snapshot();
  deepEqual([messages.length, contradictions], [150, []]);
  for await (const top of session.top(numbers, 0)) ok(top.ok && top.value.complete);
  for await (const item of session.retrieve(numbers)) {
    ok(item.ok);
    deepEqual(await item.value.bytes(), contents[item.no.value - 1]);
  }
  const marks = await session.markDeleted(numbers.slice(0, 100));
  equal(marks.every(({ ok }) => ok), true);
  deepEqual(removed, []);
  equal((await session.commit()).kind, "committed");
  equal(await served, "quit");
  equal(removed.length, 100);
});

Deno.test.each([
  "SCRAM-SHA-512",
  "SCRAM-SHA-256",
  "SCRAM-SHA-1",
  "CRAM-MD5",
  "PLAIN",
  "LOGIN",
  "USER",
  "APOP",
])(
  "Pop3Session logs in at servePop3() by %s",
  async (name) => {
    const { session, served } = await visit({ auth: { ...auth, mechanisms: [name] } }, {
      apop: true,
    });
    equal(session.authenticated, name);
    session.close();
    await served;
  },
);

Deno.test(
  "what the server cannot remove is partial, what it is not asked to stays [P18]",
  none,
  async () => {
    const { session, served } = await visit({}, { update: () => 1 });
    await session.markDeleted((await session.snapshot()).numbers);
    equal((await session.commit()).kind, "partial");
    await served;
    for (const leave of ["rollback", "close"] as const) {
      const { session, served, removed } = await visit();
      await session.markDeleted((await session.snapshot()).numbers);
      await session[leave]();
      await served;
      deepEqual(removed, []);
    }
  },
);

Deno.test("a maildrop in use is a temporary refusal of the login [P29] [T-P20]", none, async () => {
  const open = (): never => {
    throw new Pop3RefusalError({ ok: false, code: "IN-USE", text: "locked" });
  };
  await rejects(visit({}, { open }), { name: "Pop3AuthError", temporary: true });
});

Deno.test("a wrong password is a lasting refusal", none, async () => {
  for (const mechanisms of [["SCRAM-SHA-256"], ["PLAIN"], ["USER"]]) {
    const wrong = { ...auth, password: new Secret("eraser"), mechanisms };
    await rejects(visit({ auth: wrong }), { name: "Pop3AuthError", temporary: false });
  }
});
