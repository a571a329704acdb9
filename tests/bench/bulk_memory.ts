/**
 * Memory of a bulk job that does not grow with its rows: `deno task bulk:memory`. It sends 20,000 rows and
 * 1,000,000 rows to Postfix's smtp-sink, each in a process of its own, prints the peak memory of each, and
 * ends with an error if they are more than 10 MB apart.
 *
 * V8 lets its young generation grow, with all that has ever survived a collection there, up to three times
 * 16 MB: any run comes to that after some 40,000 rows, and stays there. And it does not collect the old
 * generation before that has grown by some 25 MB of garbage, to which 20,000 rows do not come. Both are
 * V8's way and say nothing about rows, so those that are compared have a young generation of one size and
 * 24 MB for the old one: enough for any number of rows, or the run dies. What runs come to without is
 * shown below them. Sending needs no flag: it only costs memory once.
 *
 * @module
 */

import { run } from "../servers/process.ts";
import { need } from "../servers/programs.ts";
import { RunFolder } from "../servers/run_folder.ts";
import { startSmtpSink } from "../servers/smtp_sink.ts";

const MEGABYTE = 1024;
const MOST_APART = 10 * MEGABYTE;
const SENDER = new URL("bulk_memory_sender.ts", import.meta.url).pathname;
const [few = 20_000, many = 1_000_000] = Deno.args.map(Number);
/** Generations that stay as they are; sending is as fast with them. */
const STEADY = [
  "--v8-flags=--min-semi-space-size=4,--max-semi-space-size=4,--max-old-space-size=24",
];
/** A peak depends on when V8 collects: of several runs of few rows the largest counts. */
const TIMES = 3;
/** Where the young generation has grown up. */
const GROWN = 100_000;

/** What a process has needed. */
interface Needed {
  /** The most memory that it has had, in kilobytes. */
  readonly most: number;
  /** The most when the job was made, before the first message. */
  readonly made: number;
  /** How long it took to send, in seconds. */
  readonly seconds: number;
}

async function mostMemory(pid: number): Promise<number> {
  // Deno itself reads there only if it may do everything.
  const { stdout } = await run("cat", [`/proc/${pid}/status`]);
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(stdout)?.[1]);
}

async function send(port: number, count: number, flags: readonly string[]): Promise<Needed> {
  await using folder = await RunFolder.make("memory");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "run",
        ...flags,
        "--quiet",
        "--no-prompt",
        "--no-config",
        "--no-check",
        "--allow-net=127.0.0.1",
      ],
      ...[`--allow-read=${folder.path}`, `--allow-write=${folder.path}`],
      ...[SENDER, `${port}`, `${count}`, folder.file("job.db")],
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  let made = NaN;
  let most = NaN;
  let began = NaN;
  let ended = NaN;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (text.includes("made")) {
      made = await mostMemory(child.pid);
      began = performance.now();
    }
    if (!text.includes("sent")) continue;
    ended = performance.now();
    most = await mostMemory(child.pid);
    await child.stdin.close();
  }
  const { success } = await child.status;
  if (!success || Number.isNaN(most)) throw new Error(`Cannot measure ${count} rows: it failed`);
  return { most, made, seconds: (ended - began) / 1000 };
}

const megabytes = (kilobytes: number): string => (kilobytes / MEGABYTE).toFixed(1).padStart(8);

const print = (line: string): Promise<number> =>
  Deno.stdout.write(new TextEncoder().encode(`${line}\n`));

/** Sends so many rows, prints what that needed, and gives the peak memory. */
async function measure(port: number, count: number, flags: readonly string[]): Promise<number> {
  const { most, made, seconds } = await send(port, count, flags);
  const speed = `${Math.round(count / seconds)}`.padStart(6);
  await print(`${`${count}`.padStart(9)}   ${megabytes(made)}   ${megabytes(most)}   ${speed}`);
  return most;
}

async function main(): Promise<number> {
  const missing = await need("smtp-sink");
  if (missing.length > 0) throw new Error(`Cannot measure: needs ${missing.join(" and ")}`);
  await using sink = await startSmtpSink();
  await send(sink.port, 1, STEADY); // what compiles it once does not count
  await print("peak memory in MB");
  await print("     rows   job made   all sent   rows a second");
  const peaks: number[] = [];
  for (let time = 0; time < TIMES; time++) peaks.push(await measure(sink.port, few, STEADY));
  const apart = await measure(sink.port, many, STEADY) - Math.max(...peaks);
  const verdict = apart <= MOST_APART ? "within" : "NOT within";
  await print(`apart: ${megabytes(apart).trim()} MB, ${verdict} ${MOST_APART / MEGABYTE} MB`);
  await print(
    "with V8 as it is by itself, whose generations have grown up within 100,000 rows:",
  );
  for (const count of [few, GROWN]) await measure(sink.port, count, []);
  return apart <= MOST_APART ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
