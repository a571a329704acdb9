/**
 * What the sandbox prints: where it is, then what happens, as text or as JSON.
 *
 * @module
 */

import { type Printer, visible } from "../../src/cli/mod.ts";
import type { LedgerEntry, Sandbox } from "../../src/sandbox/mod.ts";

/** Somebody who may log in, by a password that is made up for the test. */
export interface TestUser {
  readonly name: string;
  readonly password: string;
}

/**
 * Tells where everything is.
 *
 * @param out Where to print.
 * @param box The sandbox.
 * @param options Who may log in, and whether it is to be JSON.
 */
export async function introduce(
  out: Printer,
  { smtpUrl, smtpsUrl, lmtpUrl, pop3Url, pop3sUrl, caCerts }: Sandbox,
  { users, json }: { readonly users: readonly TestUser[]; readonly json: boolean },
): Promise<void> {
  if (json) {
    return await out.json({
      schema: "mailwright-sandbox/1",
      smtp: smtpUrl,
      smtps: smtpsUrl,
      lmtp: lmtpUrl,
      pop3: pop3Url,
      pop3s: pop3sUrl,
      users,
      caCerts,
    });
  }
  await out.line(`SMTP      ${smtpUrl}  (STARTTLS)`);
  await out.line(`SMTPS     ${smtpsUrl}`);
  await out.line(`LMTP      ${lmtpUrl}  (STARTTLS)`);
  await out.line(`POP3      ${pop3Url}  (STLS)`);
  await out.line(`POP3S     ${pop3sUrl}`);
  for (const { name, password } of users) {
    await out.line(`User      ${visible(name)}`);
    await out.line(`Password  ${visible(password)}`);
    await out.line(`Maildrop  mail to ${visible(name.includes("@") ? name : `${name}@ANYTHING`)}`);
  }
  await out.line("Trust     the certificate that --ca prints");
  await out.line("End       Ctrl+C");
  await out.line();
}

/** An entry of the ledger, or a message that was saved. */
export type Happening = Omit<LedgerEntry, "kind"> & {
  readonly kind: LedgerEntry["kind"] | "saved";
};

/**
 * Prints what happened.
 *
 * @param out Where to print.
 * @param happening What happened.
 * @param json Whether it is to be JSON.
 */
export async function show(out: Printer, happening: Happening, json: boolean): Promise<void> {
  if (json) return await out.json(happening);
  const { connection, kind, text, recipients = [], uids = [] } = happening;
  const mark = kind === "command" ? "C:" : kind === "reply" ? "S:" : `<${kind}>`;
  const words = [`#${connection}`, mark, visible(text), ...recipients, ...uids];
  await out.line(words.filter((word) => word !== "").join(" "));
}
