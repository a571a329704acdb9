/**
 * `record --proxy`: sits between clients and their server; each connection becomes a file.
 *
 * @module
 */

import { EXIT, explain, Printer } from "../../src/cli/mod.ts";
import { acceptTls, dialServer, relaySession } from "../../src/dialogue/mod.ts";
import { reading } from "../shared/files.ts";
import { dialogueText, type Said } from "../shared/transcript.ts";
import { NAME, type ProxyWay, type RecordCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { fail } from "./failure.ts";
import { Keeper } from "./keeper.ts";
import { addressOf, checkProtocol, listenAt } from "./listening.ts";
import { talk } from "./reports.ts";
import { tlsOptions } from "./run.ts";
import { demandNet, namedTarget } from "./targets.ts";

/**
 * Writes down what goes through a proxy.
 *
 * @param call What was typed.
 * @param way From where to where.
 * @param context The rest.
 * @returns The exit number.
 */
export async function recordProxy(
  call: RecordCall,
  { listen, to }: ProxyWay,
  { io, sandbox }: VerbContext,
): Promise<number> {
  const { output: folder, sessions, timeout, reveal = false, times } = call;
  if (folder === undefined) return fail("Cannot record: -o with a folder is missing");
  const target = namedTarget(to);
  const [protocol = listen.protocol ?? (target.path === undefined ? "smtp" : "lmtp")] =
    target.protocols;
  checkProtocol(listen, protocol);
  const { tls } = await tlsOptions(call);
  await demandNet(target, protocol);
  await reading("-o", folder, () => Deno.mkdir(folder, { recursive: true, mode: 0o700 }));
  using keeper = new Keeper(io, call);
  await keeper.open(1);
  await using listener = await listenAt(listen, call, await sandbox());
  const close = (): void => listener.close();
  io.signal.addEventListener("abort", close, { once: true });
  await talk(io, `listening on ${addressOf(listen, listener.endpoint.port)}, for ${to}`);
  let failed = false;
  const serve = async (client: Parameters<typeof relaySession>[0]): Promise<void> => {
    const events: Said[] = [];
    const waits = { signal: io.signal, ...(timeout === undefined ? {} : { timeout }) };
    let accepted = client;
    try {
      if (listen.tls) accepted = await acceptTls(client, waits);
      const { connection, hostname } = await dialServer(to, {
        protocol,
        ...waits,
        ...(tls === undefined ? {} : { tls }),
      });
      const { name, path, file } = await nextFile(folder).catch((error) => {
        connection.close();
        throw error;
      });
      using _closing = file;
      try {
        await relaySession(accepted, connection, {
          protocol,
          tls: { hostname, ...tls },
          reveal,
          signal: io.signal,
          onEvent: (event) => {
            events.push(event);
            keeper.show(event);
          },
        });
      } finally {
        // What was said until it was cut off is worth keeping.
        await keeper.keep(events, name);
        await new Printer(file, path).print(dialogueText(events, { name, times }));
        await talk(io, `wrote ${path}`);
      }
    } catch (error) {
      accepted.close();
      if (io.signal.aborted) return;
      failed = true;
      await io.err.line(`${NAME}: ${explain(error, NAME)}`);
    }
  };
  const running: Promise<void>[] = [];
  for await (const client of listener) {
    running.push(serve(client));
    if (running.length === sessions) break;
  }
  await Promise.all(running);
  io.signal.removeEventListener("abort", close);
  io.signal.throwIfAborted();
  return failed ? EXIT.dialogue.failure : EXIT.dialogue.ok;
}

/** The next file of a folder that is not there yet. */
async function nextFile(
  folder: string,
): Promise<{ readonly name: string; readonly path: string; readonly file: Deno.FsFile }> {
  for (let number = 1;; number++) {
    const name = `session-${String(number).padStart(3, "0")}`;
    const path = `${folder.replace(/\/$/, "")}/${name}.dialogue`;
    try {
      const file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
      return { name, path, file };
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}
