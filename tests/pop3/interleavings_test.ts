import { deepEqual, equal, ok } from "node:assert/strict";
import type { Pop3Item, Pop3Message, Pop3Session } from "../../src/pop3/mod.ts";
import type { Connection } from "../../src/wire/mod.ts";
import { FakeClock, settle } from "../fake_clock.ts";
import { seeded } from "../message/random.ts";
import { loggedIn, someMessages, wrap } from "./test_server.ts";

const none = { permissions: "none" } as const;
const COUNT = 60;
const MESSAGES = Array.from(
  { length: COUNT },
  (_, at) => someMessages(1, 60 + at * 97 % 3_000).at(0) ?? new Uint8Array(0),
);

type Random = (limit: number) => number;

/** Writes take a while: meanwhile nobody else writes, and what is lent to them stays as it is. */
function slowly(connection: Connection, random: Random): Connection {
  let writing = false;
  return wrap(connection, {
    async write(bytes) {
      equal(writing, false);
      writing = true;
      const before = bytes.slice();
      for (let ticks = random(6); ticks > 0; ticks--) await settle();
      deepEqual(bytes, before);
      await connection.write(bytes);
      writing = false;
    },
  });
}

interface Run {
  readonly session: Pop3Session;
  /** Lets some time go by. */
  readonly wait: () => Promise<void>;
  readonly random: Random;
  /** The commands about a message, in their order. */
  readonly asked: (verb: string) => readonly number[];
  /** Whether the server refuses a message. */
  readonly refused: (number: number) => boolean;
}

async function run(seed: number, work: (run: Run) => Promise<void>): Promise<void> {
  const random = seeded(seed);
  const refusing = random(3);
  const refused = (number: number): boolean =>
    refusing > 0 && seeded(seed + number)(10) < (refusing === 2 ? 8 : 2);
  const clock = new FakeClock();
  const { session, server } = await loggedIn({
    messages: MESSAGES,
    chunk: 1 + random(2_000),
    through: (connection) => slowly(connection, random),
    answer: (verb, argument) =>
      // Whoever takes the answer to NOOP for another one sees a refusal too many.
      verb === "NOOP" || /^\d/.test(argument) && refused(Number.parseInt(argument))
        ? "-ERR not now\r\n"
        : undefined,
  }, { clock, keepAliveMs: 10_000, window: 1 + random(64) });
  await using _session = session;
  const asked = (verb: string): readonly number[] =>
    server.commands.flatMap((line) => {
      const [said, argument = ""] = line.split(" ");
      return said === verb ? [Number.parseInt(argument)] : [];
    });
  const waits: Promise<void>[] = [];
  const wait = (): Promise<void> => {
    const over = clock.advance(random(25_000));
    waits.push(over);
    return over;
  };
  await work({ session, wait, random, asked, refused });
  await Promise.all(waits);
  // Nothing is left over for the next command.
  equal((await session.stat()).ok, true);
}

/** One result for each message: what the server said of it, or that it was not asked. */
function check({ asked, refused }: Run, verb: string, items: readonly Pop3Item<unknown>[]): void {
  const numbers = asked(verb);
  deepEqual(numbers, numbers.map((_, at) => at + 1)); // each once, in order
  for (const { ok, no, reply } of items) {
    equal(ok, reply !== undefined && !refused(no.value), `${verb} ${no}`);
    equal(reply !== undefined, no.value <= numbers.length, `${verb} ${no}`);
  }
}

/** Does one of the things that can be done with a message. */
async function use(message: Pop3Message, random: Random): Promise<void> {
  const expected = MESSAGES[message.no.value - 1];
  switch (random(5)) {
    case 0:
      return; // passed over
    case 1:
      for await (const _ of message.body) break; // cancelled
      return;
    case 2: {
      let octets = 0;
      await message.read((piece) => void (octets += piece.length));
      equal(octets, expected?.length);
      return;
    }
    default:
      deepEqual(await message.bytes(), expected);
  }
}

Deno.test(
  "retrieve() gives each message its own answer, whatever crosses it [P27] [Q20] [Q21]",
  none,
  async () => {
    let stopped = 0;
    let noops = 0;
    for (let seed = 0; seed < 12; seed++) {
      await run(seed * 1_000, async (run) => {
        const { session, wait, random } = run;
        const { numbers } = await session.snapshot();
        const items: Pop3Item<Pop3Message>[] = [];
        const end = random(4) === 0 ? 1 + random(COUNT) : COUNT;
        for await (const item of session.retrieve(numbers)) {
          items.push(item);
          if (random(3) === 0) await wait();
          if (item.ok) await use(item.value, random);
          // The NOOP is on its way when the next one is asked for.
          if (random(3) === 0) {
            void wait();
            for (let ticks = random(4); ticks > 0; ticks--) await settle();
          }
          if (items.length === end) break;
        }
        check(run, "RETR", items);
        if (run.asked("RETR").length < COUNT) stopped++;
        noops += run.asked("NOOP").length;
        equal(items.length, end);
      });
    }
    ok(stopped > 2 && noops > 50, `${stopped}, ${noops}`);
  },
);

Deno.test(
  "top() and markDeleted() give each message its own answer [Q20] [Q21]",
  none,
  async () => {
    for (let seed = 0; seed < 12; seed++) {
      await run(seed * 1_000 + 7, async (run) => {
        const { session, wait, random } = run;
        const { numbers } = await session.snapshot();
        const tops: Pop3Item<unknown>[] = [];
        for await (const item of session.top(numbers, 0)) {
          tops.push(item);
          if (random(4) === 0) void wait();
        }
        check(run, "TOP", tops);
        const marking = session.markDeleted(numbers);
        void wait();
        const marks = await marking;
        check(run, "DELE", marks);
        deepEqual(session.marked, marks.filter(({ ok }) => ok).map(({ no }) => no));
      });
    }
  },
);
