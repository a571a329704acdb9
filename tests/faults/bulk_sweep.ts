/**
 * A bulk job with a fault at every place there is: after the next run nobody is lost, and nobody was
 * written to twice unknowingly.
 *
 * @module
 */

import { equal, ok } from "node:assert/strict";
import type { BulkOptions } from "../../src/jobs/mod.ts";
import type { SandboxFault } from "../../src/sandbox/mod.ts";
import { FaultyJournal, JOURNAL_FAULTS, type JournalFault } from "./bulk_journal.ts";
import { BulkWorld, CONNECTIONS } from "./bulk_world.ts";

/** How many rows a job has whose server is at fault. */
const FEW = 4;

/** How a journal fails, from some call on or once. */
export interface JournalTrouble {
  /** How it fails. */
  readonly fault: JournalFault;
  /** Whether it goes on failing. */
  readonly sticky: boolean;
}

/** All ways in which a journal fails. */
export const JOURNAL_TROUBLES: readonly JournalTrouble[] = JOURNAL_FAULTS.flatMap((fault) =>
  [false, true].map((sticky) => ({ fault, sticky }))
).filter(({ fault, sticky }) => !sticky || !fault.startsWith("die")); // who is dead stays so

/** In words. */
export function wordsOf({ fault, sticky }: JournalTrouble): string {
  return `${fault}${sticky ? ", and again and again" : ""}`;
}

/** Something that goes wrong at the server. */
export interface ServerPlace {
  /** In words. */
  readonly where: string;
  /** What goes wrong. */
  readonly faults: readonly SandboxFault[];
}

/** After whatever has happened: the next run finishes, and the operator's word the rest. */
async function finish(world: BulkWorld, where: string): Promise<void> {
  await world.check(where);
  const { stop } = await world.run();
  equal(stop, undefined, `${where}: ${stop?.text}`);
  await world.check(`${where}, resumed`);
  await world.release();
  await world.run();
  await world.check(`${where}, released`);
  const states = (await world.rows()).map(({ state }) => state);
  ok(states.every((state) => state === "accepted" || state === "failed"), `${where}: ${states}`);
}

/** The doubts of a crash are bounded by what may be on its way (T-B29). */
async function checkDoubts(world: BulkWorld, most: number, where: string): Promise<void> {
  const doubts = (await world.rows())
    .filter(({ state }) => state === "in_doubt" || state === "committing").length;
  ok(doubts <= most, `${where}: ${doubts} in doubt`);
}

/** Runs with a journal that fails; what is left behind is opened again. */
async function runFailing(
  world: BulkWorld,
  at: number,
  trouble: JournalTrouble,
  options: Partial<BulkOptions> = {},
): Promise<boolean> {
  const faulty = new FaultyJournal(at, trouble.fault, trouble.sticky);
  const { stop } = await world.run({ journal: (job) => faulty.wrap(job), options });
  if (!faulty.fired) return false;
  equal(stop?.reason, "storage", `journal call ${at} fails ${wordsOf(trouble)}: ${stop?.text}`);
  if (trouble.fault.startsWith("die")) await world.die();
  else await world.reopen();
  return true;
}

/**
 * Lets a journal fail at one call after the other, until there is none left.
 *
 * @param trouble How it fails.
 * @param every Only each so-manieth call.
 * @returns How many calls it has failed at.
 */
export async function sweepJournal(trouble: JournalTrouble, every: number = 1): Promise<number> {
  let fired = 0;
  for (let at = 1;; at += every) {
    await using world = await BulkWorld.make();
    if (!await runFailing(world, at, trouble)) {
      await finish(world, "no fault");
      return fired;
    }
    const where = `journal call ${at} fails ${wordsOf(trouble)}`;
    await checkDoubts(world, CONNECTIONS, where);
    await finish(world, where);
    fired++;
  }
}

/** Lets a server fail at one place. */
export async function sweepServer({ where, faults }: ServerPlace): Promise<void> {
  await using world = await BulkWorld.make(FEW);
  await world.run({ server: faults });
  await checkDoubts(world, CONNECTIONS * faults.length, where);
  await finish(world, where);
}

const VERBS = ["CONNECT", "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "."];
const CODES = [
  "421 4.3.2 later",
  "450 4.2.1 busy",
  "451 4.3.0 later",
  "452 4.2.2 full",
  "500 5.5.2 what",
  "552 5.2.2 full",
  "554 5.0.0 no",
];
const ENDINGS = [undefined, "close", "drop"] as const;
/** What comes once in a session is hit at the first connection, the rest in the middle. */
const AT_ONCE = ["CONNECT", "EHLO", "STARTTLS"];

/** Each code at each stage, with each ending of the connection. */
export function* serverRefusals(): Generator<ServerPlace> {
  for (const verb of VERBS) {
    const when = { verb, after: AT_ONCE.includes(verb) ? 0 : 1, times: 1 };
    for (const reply of CODES) {
      for (const then of ENDINGS) {
        const where = `${reply} at ${verb}${then === undefined ? "" : `, then ${then}`}`;
        yield { where, faults: [{ ...when, reply, ...(then && { then }) }] };
      }
    }
  }
}

/** Each ending at each stage, before and after its effect, and in the reply. */
export function* serverEndings(): Generator<ServerPlace> {
  for (const verb of VERBS) {
    for (const then of ["close", "drop"] as const) {
      const when = { verb, then, after: 1, times: 1 };
      const half = new TextEncoder().encode("25");
      yield {
        where: `${then} instead of a reply to ${verb}`,
        faults: [{ ...when, silent: true, effect: false }],
      };
      yield {
        where: `${then} after the effect of ${verb}`,
        faults: [{ ...when, silent: true, effect: true }],
      };
      yield { where: `${then} behind the reply to ${verb}`, faults: [when] };
      yield {
        where: `${then} in the reply to ${verb}`,
        faults: [{ ...when, reply: half, effect: true }],
      };
    }
  }
}

/**
 * The connection cut after octets of either side. What is in TLS is counted inside it: one session of
 * the job has some 1,000 octets each way.
 *
 * @param step How many octets further each time.
 */
export function* cuts(step: number): Generator<ServerPlace> {
  for (const side of ["sent", "received"] as const) {
    for (let at = 1; at <= 1000; at += step) {
      for (const connection of [0, 1]) {
        const where = `connection ${connection} cut after ${at} octets ${side}`;
        yield { where, faults: [{ connection, side, at, then: "drop" }] };
      }
    }
  }
}

/** The same numbers each time. */
function seeded(seed: number): (below: number) => number {
  return (below) => (seed = seed * 48_271 % 2_147_483_647) % below;
}

/** Messages by BDAT, and several message ends on their way: what the other parts do not do. */
const OTHER_WAYS: readonly Partial<BulkOptions>[] = [
  {},
  { window: 3 },
  {
    render: ({ recipient }) => ({
      envelope: { from: "news@here.example", to: [recipient], policy: "any" },
      content: `To: ${recipient}\r\n\r\nWelcome.\r\n`,
      chunking: true,
    }),
  },
];

/**
 * Two faults, the second of them while the job is resumed.
 *
 * @param count How many pairs.
 * @param seed What decides which.
 * @returns How many pairs there were of which both faults came about.
 */
export async function sweepPairs(count: number, seed: number): Promise<number> {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T; // it is below the end
  const places = [...serverRefusals(), ...serverEndings(), ...cuts(29)];
  let both = 0;
  for (let pair = 0; pair < count; pair++) {
    await using world = await BulkWorld.make();
    const options = pick(OTHER_WAYS);
    const { window = 1 } = options;
    const told: string[] = [];
    let fired = 0;
    let most = 0;
    for (let each = 0; each < 2; each++) {
      most += CONNECTIONS * window;
      if (random(2) === 0) {
        const at = 1 + random(12);
        const trouble = pick(JOURNAL_TROUBLES);
        told.push(`journal call ${at} fails ${wordsOf(trouble)}`);
        if (await runFailing(world, at, trouble, options)) fired++;
      } else {
        const { where, faults } = pick(places);
        told.push(where);
        await world.run({ server: faults, options });
        world.box.misbehave();
        fired++;
      }
      const where = `pair ${pair} (window ${window}): ${told.join("; then ")}`;
      await world.check(where);
      await checkDoubts(world, most, where);
    }
    await finish(world, `pair ${pair}: ${told.join("; then ")}`);
    if (fired === 2) both++;
  }
  return both;
}
