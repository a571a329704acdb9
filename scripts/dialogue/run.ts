/**
 * `run`: plays dialogues as the client.
 *
 * @module
 */

import {
  type DialogueResult,
  runDialogue,
  type RunDialogueOptions,
} from "../../src/dialogue/mod.ts";
import { readText } from "../shared/files.ts";
import { checked } from "../shared/login.ts";
import type { RunCall, TlsCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { exitOfResults, fail } from "./failure.ts";
import { Keeper } from "./keeper.ts";
import { Library } from "./library.ts";
import {
  checkPlayable,
  checkSecrets,
  chosen,
  type Part,
  playOptions,
  secretsOf,
  variablesOf,
} from "./prepare.ts";
import { Reports } from "./reports.ts";
import { demandNet, type NamedTarget, namedTarget, targetOf } from "./targets.ts";

/**
 * Plays dialogues as the client.
 *
 * @param call What was typed.
 * @param paths The files.
 * @param context The rest.
 * @returns The exit number.
 */
export async function run(
  call: RunCall,
  paths: readonly string[],
  { io, readers }: VerbContext,
): Promise<number> {
  const { root, repair, secret: sources = [] } = call;
  const library = new Library({ root, repair, readers });
  const files = await library.load(paths);
  const all = chosen(files, call.filter);
  const vars = variablesOf(call, all);
  checkPlayable(all, "client", vars, library);
  const targets = call.to.map(namedTarget);
  const plan = all.map((part) => ({ part, target: targetOf(part.dialogue, targets) }));
  const planned = plan.filter(({ target }) => target !== undefined).map(({ part }) => part);
  if (planned.length === 0) {
    const [first] = all;
    fail(`Cannot run "${first?.dialogue.name}": --to is no server for ${first?.dialogue.protocol}`);
  }
  checkSecrets(sources, planned);
  using reports = new Reports(io, call);
  using keeper = new Keeper(io, call);
  await reports.open();
  await keeper.open(planned.length);
  for (const { part, target } of plan) {
    if (target !== undefined) await demandNet(target, part.dialogue.protocol);
  }
  const options = {
    ...playOptions(call),
    ...await tlsOptions(call),
    ...(call.patient === undefined ? {} : { patient: call.patient }),
    ...(call.cleartextAuth === undefined ? {} : { cleartextAuth: call.cleartextAuth }),
    vars,
    secrets: await secretsOf(sources, all, { io, readers }),
    signal: io.signal,
    onEvent: keeper.show,
  };
  const played = new Map<Part, DialogueResult>();
  try {
    await inParallel(files, call.jobs, async (file) => {
      for (const { part, target } of plan) {
        if (part.file !== file) continue;
        played.set(
          part,
          target ? await one(part, target, options) : skipped(part, wrongServer(part)),
        );
      }
    });
  } catch (error) {
    // What is over by then is worth a report.
    if (!io.signal.aborted) throw error;
  }
  const results = all.map((part) => played.get(part) ?? skipped(part, "interrupted"));
  for (const part of planned) {
    const result = played.get(part);
    if (result !== undefined) await keeper.keep(result.transcript, result.name);
  }
  await reports.results(results, library.sources);
  io.signal.throwIfAborted();
  return exitOfResults(results);
}

async function one(
  { file, dialogue }: Part,
  { to }: NamedTarget,
  options: RunDialogueOptions,
): Promise<DialogueResult> {
  try {
    return await runDialogue(dialogue, { ...options, to, readFile: file.folder.octets });
  } catch (error) {
    // What it refuses before it connects is a fault of the call.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return checked(() => {
      throw error;
    });
  }
}

/** No server of its protocol was named. */
function wrongServer({ dialogue: { protocol } }: Part): string {
  return `it speaks ${protocol}, add --to ${protocol}://…`;
}

/** A dialogue that was not played. */
function skipped({ file, dialogue }: Part, reason: string): DialogueResult {
  return {
    name: dialogue.name,
    file: dialogue.steps[0]?.at.file ?? file.path,
    role: "C",
    status: "skipped",
    reason,
    delivery: "untried",
    vars: {},
    recipients: [],
    replies: [],
    failures: [],
    transcript: [],
    ms: 0,
  };
}

/**
 * The options of TLS.
 *
 * @param call What was typed.
 * @returns Trusted authorities and the name of the server.
 */
export async function tlsOptions(
  { tlsCa, tlsName }: TlsCall,
): Promise<Pick<RunDialogueOptions, "tls">> {
  if (tlsCa === undefined && tlsName === undefined) return {};
  const caCerts = tlsCa === undefined ? [] : [await readText("--tls-ca", tlsCa)];
  return { tls: { caCerts, ...(tlsName === undefined ? {} : { hostname: tlsName }) } };
}

/** Does something with each item, so many of them at the same time. */
async function inParallel<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}
