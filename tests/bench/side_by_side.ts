/**
 * Side by side with other clients, in one interleaved run:
 * `deno task bench [--rounds N] [--only TITLE] [--json]`.
 *
 * Rates on a shared machine drift by factors; only ratios formed inside one round count, and the CPU
 * seconds for 1,000 messages. Each round runs every client once, in random order, against one and the
 * same receiver; the table shows medians over the rounds.
 *
 * @module
 */

import { formatTable, Printer } from "../../src/cli/mod.ts";
import { pop3Races } from "./pop3_clients.ts";
import { smtpClients } from "./smtp_clients.ts";

/** A client in the race. */
export interface Client {
  /** What stands in the table. */
  readonly name: string;
  /** How many messages it sends in one round: a slow one fewer, so that a round stays short. */
  readonly count: number;
  /** What the ratios are formed against. */
  readonly base?: boolean;
  /** What ours must reach, as the project has set it: times the base. */
  readonly target?: number;
  /** The command that sends `count` messages and prints `{ ms, accepted }`, or nothing at all. */
  command(count: number): readonly string[];
}

/** A race: a receiver and the clients that can run here. */
export interface Race extends AsyncDisposable {
  /** What is measured. */
  readonly title: string;
  readonly clients: readonly Client[];
  /** Clients that cannot run on this machine, and why. */
  readonly missing: readonly string[];
  /** Done before each client, outside of its clock. */
  prepare?(): Promise<void>;
  /** Runs a client against a receiver that counts, where the client's own word is not enough. */
  arrived?(client: Client, count: number): Promise<number>;
}

interface Sample {
  readonly rate: number;
  readonly cpu: number;
}

/** Runs a command and measures it: its own clock if it prints one, the CPU of the whole process. */
async function measure(client: Client, count: number): Promise<Sample> {
  const command = client.command(count);
  const begin = performance.now();
  // bash's own `time` sees the CPU of any program, whatever it is written in.
  const { stdout, stderr, success } = await new Deno.Command("bash", {
    args: ["-c", `TIMEFORMAT='cpu %U %S'; time "$@"`, "bash", ...command],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const wall = performance.now() - begin;
  const talk = new TextDecoder().decode(stderr);
  if (!success) throw new Error(`Cannot measure ${client.name}: ${talk}`);
  const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(talk) ?? [];
  const said = new TextDecoder().decode(stdout).trim();
  const { ms = wall, accepted = count } = said.startsWith("{") ? JSON.parse(said) : {};
  if (accepted !== count) throw new Error(`${client.name}: ${accepted} of ${count} were accepted`);
  return {
    rate: count / ms * 1000,
    cpu: (Number(user) + Number(system)) / count * 1000,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function shuffled<T>(values: readonly T[]): T[] {
  return values.map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key).map(({ value }) => value);
}

async function run(race: Race, rounds: number, talk: Printer): Promise<Row[]> {
  for (const client of race.arrived === undefined ? [] : race.clients) {
    const arrived = await race.arrived?.(client, 500);
    if (arrived !== 500) throw new Error(`${client.name}: ${arrived} of 500 messages arrived`);
  }
  const samples = new Map<string, Sample[]>(race.clients.map(({ name }) => [name, []]));
  const ratios = new Map<string, number[]>(race.clients.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    const now = new Map<string, Sample>();
    for (const client of shuffled(race.clients)) {
      await talk.line(`round ${round} of ${rounds}: ${client.name}`);
      await race.prepare?.();
      now.set(client.name, await measure(client, client.count));
    }
    const base = now.get(race.clients.find(({ base }) => base)?.name ?? "")?.rate ?? NaN;
    for (const [name, sample] of now) {
      samples.get(name)?.push(sample);
      ratios.get(name)?.push(sample.rate / base);
    }
  }
  return race.clients.map(({ name, target }) => ({
    name,
    ratio: median(ratios.get(name) ?? []),
    rate: median(samples.get(name)?.map(({ rate }) => rate) ?? []),
    cpu: median(samples.get(name)?.map(({ cpu }) => cpu) ?? []),
    ...(target === undefined ? {} : { target }),
  }));
}

interface Row {
  readonly name: string;
  readonly ratio: number;
  readonly rate: number;
  readonly cpu: number;
  readonly target?: number;
}

function table(rows: readonly Row[]): string {
  return formatTable(
    [
      "client",
      { header: "x base", align: "right" },
      { header: "messages/s", align: "right" },
      { header: "CPU s/1000", align: "right" },
      { header: "target", align: "right" },
    ],
    rows.map(({ name, ratio, rate, cpu, target }) => [
      name,
      ratio.toFixed(1),
      rate.toFixed(0),
      cpu.toFixed(3),
      target === undefined ? "" : `x ${target}`,
    ]),
  );
}

if (import.meta.main) {
  const json = Deno.args.includes("--json");
  const valueOf = (option: string, otherwise: string): string => {
    const at = Deno.args.indexOf(option);
    return at < 0 ? otherwise : Deno.args[at + 1] ?? "";
  };
  const rounds = Number(valueOf("--rounds", "3"));
  const only = valueOf("--only", "");
  const out = new Printer(Deno.stdout, "stdout");
  const talk = new Printer(Deno.stderr, "stderr");
  for (const start of [async () => [await smtpClients()], pop3Races]) {
    await using stack = new AsyncDisposableStack();
    for (const race of (await start()).map((each) => stack.use(each))) {
      if (!race.title.includes(only)) continue;
      for (const missing of race.missing) await talk.line(`not here: ${missing}`);
      const rows = await run(race, rounds, talk);
      if (json) await out.json({ title: race.title, rounds, missing: race.missing, rows });
      else await out.print(`${race.title}, medians of ${rounds} rounds\n\n${table(rows)}\n`);
    }
  }
}
