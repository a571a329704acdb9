import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { type Pop3Item, type Pop3Message, type Pop3Session, Secret } from "../../src/pop3/mod.ts";
import { ClosedError, ProtocolError } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { countWork } from "../wire/counting.ts";
import { LOGIN, talk } from "./talk.ts";
import { body, concat, latin1, list, loggedIn, someMessages } from "./test_server.ts";

const none = { permissions: "none" } as const;
const decode = (octets: Uint8Array): string => new TextDecoder().decode(octets);

/** The only message of a maildrop. */
async function onlyMessage(session: Pop3Session): Promise<Pop3Message> {
  const listed = await session.list();
  ok(listed.ok && listed.value[0]);
  const answer = await session.retr(listed.value[0].no);
  ok(answer.ok);
  return answer.value;
}

/** A server with one message, whose RETR answers this. */
function answering(answer: string | Uint8Array) {
  return loggedIn({
    messages: someMessages(1),
    answer: (verb) => verb === "RETR" ? answer : undefined,
  });
}

Deno.test.each([
  { name: "an empty message", wire: ".\r\n", content: "" },
  { name: "a message of dots", wire: "..\r\n...\r\n..x\r\n.\r\n", content: ".\r\n..\r\n.x\r\n" },
  { name: "what looks like an end behind a lone LF", wire: "a\n.\r\n.\r\n", content: "a\n.\r\n" },
  { name: "no line end before the header's", wire: "\r\n.\r\n", content: "\r\n" },
])("retr() gives $name octet by octet [P3] [T-P09]", none, async ({ wire, content }) => {
  const { session } = await answering(`+OK\r\n${wire}`);
  await using _session = session;
  equal(decode(await (await onlyMessage(session)).bytes()), content);
  equal((await session.noop()).ok, true);
});

Deno.test("a segment that is only a dot is no end [P3]", none, async () => {
  const { session } = await loggedIn({
    messages: someMessages(1),
    chunk: 1,
    answer: (verb) => verb === "RETR" ? "+OK\r\n..\r\n.\r\n" : undefined,
  });
  await using _session = session;
  equal(decode(await (await onlyMessage(session)).bytes()), ".\r\n");
});

Deno.test(
  "retr() gives any octets: NUL, above 127, lines of a megabyte [P4] [T-P11]",
  none,
  async () => {
    const all = Uint8Array.from({ length: 256 }, (_, octet) => octet).filter((o) =>
      o !== 10 && o !== 13
    );
    const line = new Uint8Array(1_000_000).fill(0xe9);
    const content = concat(all, latin1("\r\n"), line, latin1("\r\n."), all, latin1("\r\n"));
    const wire = concat(
      latin1("+OK\r\n"),
      all,
      latin1("\r\n"),
      line,
      latin1("\r\n.."),
      all,
      latin1("\r\n.\r\n"),
    );
    const { session } = await answering(wire);
    await using _session = session;
    const digest = async (octets: Uint8Array<ArrayBuffer>): Promise<string> =>
      new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
    equal(await digest(await (await onlyMessage(session)).bytes()), await digest(content));
  },
);

Deno.test("a message can be read as a whole, in pieces and as a stream, once", none, async () => {
  const [content = new Uint8Array()] = someMessages(1, 100_000);
  const ways: ((message: Pop3Message) => Promise<string>)[] = [
    async (message) => decode(await message.bytes()),
    async (message) => {
      let text = "";
      await message.read((piece) => void (text += decode(piece)));
      return text;
    },
    async (message) => {
      const pieces: Uint8Array[] = [];
      await message.read(async (piece) => void pieces.push(await Promise.resolve(piece.slice())));
      return decode(concat(...pieces));
    },
    (message) => new Response(message.body).text(),
  ];
  for (const way of ways) {
    const { session } = await loggedIn({ messages: [content] });
    await using _session = session;
    const message = await onlyMessage(session);
    equal(message.complete, false);
    equal(await way(message), decode(content));
    deepEqual([message.complete, message.octets], [true, content.length]);
    await rejects(message.bytes(), { message: "Cannot read message 1 twice" });
    equal((await session.noop()).ok, true);
  }
});

Deno.test("the size that RETR announces spares copies; it is a hint, too [Q6]", none, async () => {
  const [message = new Uint8Array(0)] = someMessages(1, 300_000);
  const movedBehind = async (status: string): Promise<number> => {
    const { session } = await loggedIn({
      messages: [message],
      answer: (verb) =>
        verb === "RETR"
          ? concat(latin1(`${status}\r\n`), body(message).subarray("+OK\r\n".length))
          : undefined,
    });
    await using _session = session;
    const listed = await session.uidl();
    ok(listed.ok);
    const { moved } = await countWork(async () => {
      for await (const item of session.retrieve(listed.value.map(({ no }) => no))) {
        ok(item.ok);
        equal(item.value.size, undefined);
        deepEqual(await item.value.bytes(), message);
      }
    });
    return moved;
  };
  const announced = await movedBehind(`+OK ${message.length} octets`);
  const untold = await movedBehind("+OK message follows");
  ok(announced + message.length / 2 < untold, `${announced} and ${untold} octets moved`);
  for (const wrong of ["0", "17", "999999999999999", "99999999999999999999"]) {
    await movedBehind(`+OK ${wrong} octets`);
  }
});

Deno.test(
  "a small message takes no room for a large size, listed or announced [Q6] [T-P10]",
  none,
  async () => {
    const huge = "999999999999999";
    for (const octets of [60, 600, 1_500, 5_000]) {
      const [message = new Uint8Array(0)] = someMessages(1, octets);
      for (const listed of [false, true]) {
        const { session } = await loggedIn({
          messages: [message],
          chunk: 300,
          answer: (verb) => {
            if (verb === "LIST") return list("", [`1 ${listed ? huge : message.length}`]);
            if (verb !== "RETR" || listed) return undefined;
            return concat(latin1(`+OK ${huge} octets\r\n`), body(message).subarray(5));
          },
        });
        await using _session = session;
        const rows = listed ? await session.list() : await session.uidl();
        ok(rows.ok);
        for await (const item of session.retrieve(rows.value.map(({ no }) => no))) {
          ok(item.ok);
          const content = await item.value.bytes();
          deepEqual(content, message);
          ok(content.buffer.byteLength <= 2 * message.length, `${content.buffer.byteLength}`);
        }
      }
    }
  },
);

Deno.test(
  "the listed size is a hint: less, more or nothing comes, and nothing is lost [Q6] [P27] [T-P10]",
  none,
  async () => {
    for (const size of ["0", "46", "9007199254740991"]) {
      const { session } = await loggedIn({
        messages: someMessages(1, 30_000),
        answer: (verb) => verb === "LIST" ? `+OK\r\n1 ${size}\r\n.\r\n` : undefined,
      });
      await using _session = session;
      const message = await onlyMessage(session);
      equal(message.size, Number(size));
      const { length } = await message.bytes();
      equal(message.octets, length);
      notEqual(message.octets, message.size);
      equal((await session.noop()).ok, true);
    }
  },
);

Deno.test(
  "a message longer than the limit ends the session, and says which [T-P10] [T-X08]",
  none,
  async () => {
    const { session } = await loggedIn({ messages: someMessages(1, 5_000) }, {
      limits: { message: 4_000 },
    });
    await using _session = session;
    await rejects((await onlyMessage(session)).bytes(), {
      name: "Pop3MessageTooLongError",
      message: "Cannot read message 1: it is longer than 4000 octets",
      limit: 4_000,
    });
    equal(session.usable, false);
  },
);

Deno.test.each([
  { name: "FIN in the status", answer: "+O" },
  { name: "FIN behind the status", answer: "+OK\r\n" },
  { name: "FIN in the middle", answer: "+OK\r\nSubject: a\r\n\r\nhalf a li" },
  { name: "FIN before the final dot", answer: "+OK\r\nSubject: a\r\n\r\nline\r\n" },
  { name: "FIN behind the final dot alone", answer: "+OK\r\nSubject: a\r\n\r\nline\r\n." },
])("a message with $name is never complete [P2] [T-P12] [T-S19]", none, async ({ answer }) => {
  for (
    const read of [
      (message: Pop3Message) => message.bytes(),
      (message: Pop3Message) => message.read(() => {}),
      (message: Pop3Message) => new Response(message.body).bytes(),
    ]
  ) {
    const { session } = await talk(
      `${LOGIN}
      C: LIST
      S: +OK
      S: 1 5
      S: .
      C: RETR 1
      S| ${answer.replaceAll("\r", "\\r").replaceAll("\n", "\\n")}
      <close>
      `,
      async (session) => {
        await session.user("ann");
        await session.pass(new Secret("pencil"));
        await rejects(async () => {
          const message = await onlyMessage(session);
          await read(message).finally(() => equal(message.complete, false));
        }, ClosedError);
        equal(session.usable, false);
        return { session };
      },
    ).then(({ result }) => result);
    equal((await session.commit()).kind, "not-committed");
  }
});

Deno.test(
  "a line that is only a dot, sent undoubled, is found out by what follows [Q12] [P5]",
  none,
  async () => {
    const { session, server } = await answering("+OK\r\nfirst\r\n.\r\nsecond\r\n.\r\n");
    await using _session = session;
    equal(decode(await (await onlyMessage(session)).bytes()), "first\r\n");
    await rejects(session.noop(), { name: "ProtocolError", message: /unsolicited data/ });
    deepEqual(server.commands.at(-1), "RETR 1");
    equal((await session.commit()).kind, "not-committed");
  },
);

Deno.test(
  "a final dot without a line end before it ends in a timeout that says so [Q11]",
  none,
  async () => {
    const clock = new FakeClock();
    const { session, server } = await loggedIn({
      messages: someMessages(1),
      answer: (verb) => verb === "RETR" ? "+OK\r\nno line end.\r\n" : undefined,
    }, { clock });
    await using _session = session;
    const reading = (await onlyMessage(session)).bytes();
    const refused = rejects(reading, { name: "TimeoutError", message: /Exchange 2000/ });
    await clock.advance(60_000);
    await refused;
    equal((await session.commit()).kind, "not-committed");
    equal(server.commands.includes("QUIT"), false);
  },
);

Deno.test(
  "each wait for a message is limited, and all of them together [T-G3] [T-X04]",
  none,
  async () => {
    const clock = new FakeClock();
    const { session } = await loggedIn({
      messages: someMessages(1),
      answer: (verb) => verb === "RETR" ? "+OK\r\nhalf a line" : undefined,
    }, { clock, timers: { read: 1_000, message: 500 } });
    await using _session = session;
    const refused = rejects((await onlyMessage(session)).bytes(), {
      name: "TimeoutError",
      timer: "message 1",
      limitMs: 500,
    });
    await clock.advance(500);
    await refused;
  },
);

Deno.test("a slow reader does not use up the time of a message", none, async () => {
  const clock = new FakeClock();
  const { session } = await loggedIn({ messages: someMessages(1, 50_000), chunk: 1_000 }, {
    clock,
    timers: { read: 1_000, message: 1_000 },
  });
  await using _session = session;
  const message = await onlyMessage(session);
  let pieces = 0;
  await message.read(() => ++pieces % 10 === 0 ? clock.advance(10_000) : undefined);
  ok(pieces > 30);
  equal(message.complete, true);
});

Deno.test(
  "cancelling a stream reads on to the end, and the session goes on [P31]",
  none,
  async () => {
    const { session } = await loggedIn({ messages: someMessages(1, 300_000), chunk: 4_096 });
    await using _session = session;
    const message = await onlyMessage(session);
    for await (const piece of message.body) {
      ok(piece.length > 0);
      break;
    }
    equal(message.complete, true);
    equal((await session.noop()).ok, true);
  },
);

Deno.test(
  "a message too long to be passed over closes the connection instead [P31]",
  none,
  async () => {
    const huge = body(new Uint8Array(9_000_000).fill(120));
    const { session } = await loggedIn({
      messages: someMessages(1),
      answer: (verb) => verb === "RETR" ? huge : undefined,
    });
    await using _session = session;
    const message = await onlyMessage(session);
    await rejects(message.body.cancel(), {
      name: "ClosedError",
      message: /more than 8388608 octets/,
    });
    await rejects(session.noop(), ClosedError);
  },
);

Deno.test(
  "an abort in the middle of a message closes the connection: no half reply is used again [P31]",
  none,
  async () => {
    const { session } = await loggedIn({ messages: someMessages(1, 300_000), chunk: 1_000 });
    await using _session = session;
    const controller = new AbortController();
    const listed = await session.list();
    ok(listed.ok && listed.value[0]);
    const answer = await session.retr(listed.value[0].no, { signal: controller.signal });
    ok(answer.ok);
    const reason = new Error("enough");
    let pieces = 0;
    await rejects(
      answer.value.read(() => void (++pieces === 2 && controller.abort(reason))),
      reason,
    );
    await rejects(session.noop(), reason);
  },
);

Deno.test(
  "a message that nobody reads is passed over when the next command comes",
  none,
  async () => {
    const { session } = await loggedIn({ messages: someMessages(1, 50_000) });
    await using _session = session;
    const message = await onlyMessage(session);
    equal((await session.noop()).ok, true);
    equal(message.complete, true);
    await rejects(
      async () => await message.bytes(),
      /it was passed over when the next command came/,
    );
  },
);

Deno.test("a command waits for the message that is being read", none, async () => {
  const { session, server } = await loggedIn({ messages: someMessages(1, 50_000), chunk: 1_000 });
  await using _session = session;
  const message = await onlyMessage(session);
  const order: string[] = [];
  const text = new Response(message.body).text().then(() => order.push("read"));
  await Promise.all([session.noop().then(() => order.push("noop")), text]);
  deepEqual(order, ["read", "noop"]);
  equal(server.commands.at(-1), "NOOP");
});

Deno.test(
  "who takes pieces may fail: the rest is passed over and the session goes on",
  none,
  async () => {
    const { session } = await loggedIn({ messages: someMessages(1, 50_000), chunk: 1_000 });
    await using _session = session;
    const disk = new Error("disk full");
    await rejects((await onlyMessage(session)).read(() => Promise.reject(disk)), disk);
    equal((await session.noop()).ok, true);
  },
);

Deno.test("nobody reads ahead of a stream: the server waits with its reader", none, async () => {
  const { session } = await loggedIn({ messages: someMessages(1, 400_000), chunk: 1_000 });
  await using _session = session;
  const message = await onlyMessage(session);
  const reader = message.body.getReader();
  const before = session.turns.reads;
  await reader.read();
  await reader.read();
  ok(session.turns.reads - before <= 2);
  await reader.cancel();
});

Deno.test.each([
  {
    name: "an empty line",
    wire: "Subject: a\r\n\r\n",
    header: "Subject: a\r\n\r\n",
    rest: "",
    complete: true,
  },
  {
    name: "lines of the body",
    wire: "Subject: a\r\n\r\nb\r\n",
    header: "Subject: a\r\n\r\n",
    rest: "b\r\n",
    complete: true,
  },
  {
    name: "an empty line of LF alone",
    wire: "Subject: a\n\nb\r\n",
    header: "Subject: a\n\n",
    rest: "b\r\n",
    complete: true,
  },
  {
    name: "no empty line",
    wire: "Subject: a\r\n",
    header: "Subject: a\r\n",
    rest: "",
    complete: false,
  },
  { name: "nothing", wire: "", header: "", rest: "", complete: false },
  { name: "no header", wire: "\r\nb\r\n", header: "\r\n", rest: "b\r\n", complete: true },
])(
  "top() ends the header with $name [Q8] [T-P18]",
  none,
  async ({ wire, header, rest, complete }) => {
    const { session } = await loggedIn({
      messages: someMessages(1),
      answer: (verb) => verb === "TOP" ? body(latin1(wire)) : undefined,
    });
    await using _session = session;
    const { numbers: [no] } = await session.snapshot();
    ok(no);
    const answer = await session.top(no, 0);
    // The stuffer of the test makes CRLF of a lone LF.
    const crlf = (text: string): string => text.replaceAll(/\r?\n/g, "\r\n");
    ok(answer.ok);
    deepEqual(
      [decode(answer.value.header), decode(answer.value.body), answer.value.complete],
      [crlf(header), crlf(rest), complete],
    );
  },
);

Deno.test(
  "top() keeps only so much of a server that sends all of it [Q8] [T-P18]",
  none,
  async () => {
    const { session } = await loggedIn({
      messages: someMessages(2),
      answer: (verb) => verb === "TOP" ? body(new Uint8Array(100_000).fill(120)) : undefined,
    }, { limits: { top: 1_000 } });
    await using _session = session;
    const { numbers } = await session.snapshot();
    for await (const top of session.top(numbers, 0)) {
      ok(top.ok);
      deepEqual([top.value.header.length, top.value.complete], [1_000, false]);
    }
    equal((await session.noop()).ok, true);
  },
);

Deno.test(
  "an answer given twice is a breach: the session ends without QUIT [Q8] [Q21]",
  none,
  async () => {
    const twice = "+OK\r\nSubject: a\r\n\r\n.\r\n".repeat(2);
    const { session, server } = await loggedIn({
      messages: someMessages(1),
      answer: (verb) => verb === "TOP" ? twice : undefined,
    });
    await using _session = session;
    const { numbers: [no] } = await session.snapshot();
    ok(no);
    equal((await session.top(no, 0)).ok, true);
    equal((await session.commit()).kind, "not-committed");
    equal(server.commands.at(-1), "TOP 1 0");
  },
);

Deno.test(
  "a message gone elsewhere is a result of its own [P14] [T-P14] [T-P19]",
  none,
  async () => {
    const { session } = await loggedIn({
      messages: someMessages(3),
      answer: (verb, argument) =>
        verb === "RETR" && argument === "2" ? "-ERR Message 2 expunged\r\n" : undefined,
    });
    await using _session = session;
    const { numbers } = await session.snapshot();
    const items: Pop3Item<Pop3Message>[] = [];
    for await (const item of session.retrieve(numbers)) items.push(item);
    deepEqual(items.map(({ ok, no }) => [no.value, ok]), [[1, true], [2, false], [3, true]]);
    const [, gone] = items;
    ok(gone && !gone.ok);
    match(gone.error.message, /^Cannot go on after RETR 2 with .*Message 2 expunged"$/);
    equal((await session.noop()).ok, true);
  },
);

Deno.test("limits on downloads are temporary refusals [Q22]", none, async () => {
  const { session } = await loggedIn({
    messages: someMessages(1),
    answer: (verb) => verb === "RETR" ? "-ERR [SYS/TEMP] daily limit\r\n" : undefined,
  });
  await using _session = session;
  const { numbers } = await session.snapshot();
  for await (const item of session.retrieve(numbers)) {
    ok(!item.ok);
    equal(item.error.temporary, true);
  }
});

Deno.test(
  "a whole message of another session's stream is never mixed up: text where a status is due [P5]",
  none,
  async () => {
    const { session } = await answering("Subject: a\r\n\r\ntext\r\n.\r\n");
    await using _session = session;
    await rejects(onlyMessage(session), ProtocolError);
  },
);

Deno.test("nobody waits for a reader whose connection is gone", none, async () => {
  const { session } = await loggedIn({ messages: someMessages(1, 50_000), chunk: 1_000 });
  const message = await onlyMessage(session);
  const reader = message.body.getReader();
  await reader.read(); // and never again
  const waiting = [session.noop(), session.commit()];
  session.close();
  const [noop, commit] = await Promise.allSettled(waiting);
  equal(noop?.status, "rejected");
  ok(commit?.status === "fulfilled" && "kind" in commit.value);
  equal(commit.value.kind, "not-committed");
});
