import { deepEqual, equal, ok } from "node:assert/strict";
import { connectPop3, Secret } from "../../src/pop3/mod.ts";
import type { Connection } from "../../src/wire/mod.ts";
import { someMessages, startTestServer, wrap } from "./test_server.ts";

const none = { permissions: "none" } as const;

/** A connection whose reads stop after so many octets in all, once. */
function cutAt(connection: Connection, position: number): Connection {
  let left = position;
  return wrap(connection, {
    async read(buffer) {
      const most = left > 0 ? Math.min(buffer.length, left) : buffer.length;
      const count = await connection.read(buffer.subarray(0, most));
      left -= count ?? 0;
      return count;
    },
  });
}

/** All that a session sees of a maildrop, and how many octets it read for that. */
async function visit(connection: Connection) {
  let octets = 0;
  const lines: string[] = [];
  let content = "";
  await using session = await connectPop3({
    connection: wrap(connection, {
      async read(buffer) {
        const count = await connection.read(buffer);
        octets += count ?? 0;
        return count;
      },
    }),
    tls: "none",
    allowCleartextAuth: true,
    auth: { user: "ann", password: new Secret("pencil") },
    onEvent: ({ kind, end, text, bytes }) => {
      if (kind === "line") lines.push(`${end}: ${text}`);
      if (bytes !== undefined) content += new TextDecoder().decode(bytes);
    },
  });
  const { numbers, messages } = await session.snapshot();
  const tops: string[] = [];
  for await (const top of session.top(numbers, 0)) {
    tops.push(top.ok ? new TextDecoder().decode(top.value.header) : "");
  }
  const bodies: string[] = [];
  for await (const body of session.retrieve(numbers)) {
    bodies.push(body.ok ? new TextDecoder().decode(await body.value.bytes()) : "");
  }
  const marks = await session.markDeleted(numbers);
  const { kind } = await session.commit();
  return {
    octets,
    seen: {
      uids: messages.map(({ uid }) => uid),
      tops,
      bodies,
      marks: marks.map(({ ok }) => ok),
      kind,
      content,
      lines: lines.toSorted(),
    },
  };
}

const MESSAGES = someMessages(3, 120);

Deno.test("a session cut at any octet sees what a whole one sees [P1]", none, async () => {
  const whole = await visit(startTestServer({ messages: MESSAGES }).connection);
  equal(whole.seen.kind, "committed");
  deepEqual(whole.seen.bodies, MESSAGES.map((message) => new TextDecoder().decode(message)));
  ok(whole.octets > 500);
  for (let position = 1; position < whole.octets; position++) {
    const { connection } = startTestServer({ messages: MESSAGES });
    deepEqual(await visit(cutAt(connection, position)), whole);
  }
});

Deno.test.each([1, 2, 3, 7])(
  "a session that reads %i octets at a time sees what another sees [P1]",
  none,
  async (chunk) => {
    const whole = await visit(startTestServer({ messages: MESSAGES }).connection);
    deepEqual(await visit(startTestServer({ messages: MESSAGES, chunk }).connection), whole);
  },
);
