/**
 * `serve`: plays a dialogue as the server, or a whole server with the rules of a file.
 *
 * @module
 */

import {
  type Dialogue,
  type DialogueResult,
  type OnRule,
  serveDialogue,
} from "../../src/dialogue/mod.ts";
import type { CommandFault, SandboxPorts } from "../../src/sandbox/mod.ts";
import type { ServeCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { exitOfResults, fail } from "./failure.ts";
import { Keeper } from "./keeper.ts";
import { Library } from "./library.ts";
import { addressOf, checkProtocol, identityOf, listenAt } from "./listening.ts";
import {
  checkPlayable,
  type Part,
  playOptions,
  secretsOf,
  theOne,
  variablesOf,
} from "./prepare.ts";
import { Reports, talk } from "./reports.ts";

/**
 * Plays a dialogue as the server.
 *
 * @param call What was typed.
 * @param path The file.
 * @param context The rest.
 * @returns The exit number.
 */
export async function serve(
  call: ServeCall,
  path: string,
  context: VerbContext,
): Promise<number> {
  const { io, readers } = context;
  const { root, repair, secret: sources = [], sessions } = call;
  const library = new Library({ root, repair, readers });
  const [file] = await library.load([path]);
  if (file === undefined) return fail(`Cannot serve "${path}"`);
  const part = theOne(file, call.filter);
  checkProtocol(call.listen, part.dialogue.protocol);
  const vars = variablesOf(call, [part]);
  const secrets = await secretsOf(sources, [part], { io, readers });
  if (call.over) return await serveOver(call, part, vars, context);
  if (part.dialogue.steps.length === 0 && part.dialogue.on.length > 0) {
    fail(`Cannot serve "${path}": it only has rules of @on, which need --over`);
  }
  checkPlayable([part], "server", vars, library);
  using reports = new Reports(io, call);
  using keeper = new Keeper(io, call);
  await reports.open();
  await keeper.open(call.saveDialogue === undefined ? 1 : sessions);
  const results: DialogueResult[] = [];
  await using listener = await listenAt(call.listen, call, await context.sandbox());
  const close = (): void => listener.close();
  io.signal.addEventListener("abort", close, { once: true });
  await talk(io, `listening on ${addressOf(call.listen, listener.endpoint.port)}`);
  try {
    await serveDialogue(part.dialogue, listener, {
      ...playOptions(call),
      vars,
      secrets,
      sessions: sessions === 0 ? Infinity : sessions,
      implicitTls: call.listen.tls,
      timing: call.timing ?? false,
      optional: call.optional ?? false,
      rotate: call.rotate ?? false,
      readFile: file.folder.octets,
      signal: io.signal,
      onEvent: keeper.show,
      onResult: (result) => void results.push(result),
    });
  } catch (error) {
    if (!io.signal.aborted) throw error;
  } finally {
    io.signal.removeEventListener("abort", close);
    for (const { transcript, name } of results) await keeper.keep(transcript, name);
    await reports.results(results, library.sources);
  }
  io.signal.throwIfAborted();
  return exitOfResults(results);
}

/** A server that knows everything but what the rules say. It ends when it is interrupted. */
async function serveOver(
  call: ServeCall,
  { dialogue, file }: Part,
  vars: Readonly<Record<string, string>>,
  { io, sandbox }: VerbContext,
): Promise<number> {
  const { protocol, on } = dialogue;
  const { listen } = call;
  if (on.length === 0) fail(`Cannot serve over "${file.path}": it has no rules of @on`);
  using keeper = new Keeper(io, call);
  await keeper.open(1);
  const { startSandbox } = await sandbox();
  const identity = await identityOf(call);
  const door: keyof SandboxPorts = listen.tls && protocol !== "lmtp" ? `${protocol}s` : protocol;
  await using box = await startSandbox({
    hostname: listen.hostname,
    ports: { [door]: listen.port },
    faults: faultsOf(dialogue),
    users: usersOf(dialogue, vars),
    ...(identity === undefined ? {} : { identity }),
    onEvent: keeper.show,
  });
  await talk(io, `listening on ${addressOf(listen, box.ports[door])}`);
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  io.signal.addEventListener("abort", () => resolve(), { once: true });
  if (!io.signal.aborted) await interrupted;
  throw io.signal.reason;
}

/**
 * The rules of a dialogue as faults of the sandbox.
 *
 * @param dialogue The dialogue.
 * @returns The faults.
 */
function faultsOf({ on, protocol }: Dialogue): readonly CommandFault[] {
  return on.map(({ verb, pattern, times, action }) => ({
    verb,
    protocol,
    ...(pattern === undefined ? {} : { pattern }),
    ...(times === undefined ? {} : { times }),
    ...effectOf(action),
  }));
}

function effectOf(action: OnRule["action"]): Omit<CommandFault, "verb"> {
  switch (action.kind) {
    case "reply":
      return { reply: action.text };
    case "delay":
      return { delayMs: action.ms };
    case "silence":
      return { silent: true, then: "stall" };
    case "close":
    case "drop":
      return { silent: true, then: action.kind };
  }
}

/** Who may log in: the user of the file, with the sample of its secret. */
function usersOf(
  { vars, secrets }: Dialogue,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { user } = { ...vars, ...given };
  const password = secrets[0]?.sample;
  return user === undefined || password === undefined ? {} : { [user]: password };
}
