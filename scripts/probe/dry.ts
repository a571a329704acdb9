/**
 * `--dry`: what would be said to a server that says yes to everything. It is in memory; nobody is
 * connected to.
 *
 * @module
 */

import { EXIT, type ScriptIo } from "../../src/cli/mod.ts";
import { probe, type ProbeOptions, renderText } from "../../src/jobs/mod.ts";
import {
  type MemorySandbox,
  memorySandbox,
  SANDBOX_CAPABILITIES,
  SANDBOX_POP3_CAPABILITIES,
} from "../../src/sandbox/mod.ts";
import { dialogueText, type Said } from "../shared/transcript.ts";

/** How a probe is dry. */
export interface DryCall {
  /** The password and the token of its login. */
  readonly secret: string;
  /** Only the message, as it would be sent. */
  readonly messageOnly?: boolean | undefined;
  /** When it was said. */
  readonly times?: boolean | undefined;
}

/**
 * Shows what a probe would say.
 *
 * @param io Where to print.
 * @param call What is to be shown, and the secret of the login.
 * @param targets The servers that are not asked.
 * @param options What the probe does.
 * @returns The exit number: 0, unless the probe would end for a reason of its own.
 */
export async function dryRun(
  { out, err }: ScriptIo,
  { secret, messageOnly, times }: DryCall,
  targets: readonly string[],
  options: ProbeOptions,
): Promise<number> {
  let worst: number = EXIT.probe.ok;
  for (const [index, target] of targets.entries()) {
    await using box = obliging(secret, options.login);
    const said: Said[] = [];
    const run = await probe(target, {
      ...options,
      dial: (_target, { protocol, implicitTls }) =>
        Promise.resolve(box.connect({ protocol, implicitTls })),
      onEvent: (event) => void (event.type === "said" && said.push(event.said)),
    });
    if (index > 0) await out.line();
    await out.print(
      messageOnly ? box.mails[0]?.text ?? "" : dialogueText(said, { name: target, times }),
    );
    // Warnings are about a server that is none; what ends a run here would end it anywhere.
    if (run.exitCode <= EXIT.probe.warning) continue;
    await err.print(renderText(run, { quiet: true }));
    worst = Math.max(worst, run.exitCode);
  }
  return worst;
}

/** A server with this one user and one message, that offers everything. */
function obliging(
  secret: string,
  { user = "", allowCleartext }: ProbeOptions["login"] = {},
): MemorySandbox {
  const inClear = (
    { clear, tls, authenticated }: typeof SANDBOX_CAPABILITIES,
    upgrade: string,
  ) => ({
    clear: allowCleartext ? [...tls, upgrade] : clear,
    tls,
    authenticated,
  });
  const box = memorySandbox({
    sasl: { external: user === "" ? "somebody" : user, anonymous: true },
    users: user === "" ? {} : { [user]: { password: secret, token: secret } },
    capabilities: inClear(SANDBOX_CAPABILITIES, "STARTTLS"),
    pop3: { capabilities: inClear(SANDBOX_POP3_CAPABILITIES, "STLS") },
  });
  box.fill(user.includes("@") ? user : `${user}@localhost`, ["Subject: Hello\r\n\r\nHello\r\n"]);
  return box;
}
