/**
 * The typed builder: dialogues as calls, which the compiler checks.
 *
 * Every call gives a new program, so that beginnings can be shared; nothing happens before `run()` or
 * `serve()`. A program is no promise. Its phases assume that all goes well: `rcpt` is there after `mail`,
 * `data` after a `rcpt`; `command()` and `raw()` say anything at any time.
 *
 * @module
 */

import type { DialogueSecret, EmptyState } from "./builder/program_types.ts";
import type { ProgramAt } from "./builder/phases.ts";
import { checkText } from "./builder/builder_text.ts";
import { Program } from "./builder/program.ts";
import { checkName } from "./builder/program_data.ts";
import type { DialogueProtocol } from "./step.ts";

/** What is said of a whole program. */
export interface ProgramOptions {
  /** Its name in reports. @default {""} */
  readonly name?: string;
}

/**
 * Begins a program that speaks SMTP.
 *
 * Texts may have holes: `queued as {qid}` takes a text, `{n:int}` a number, `{qid=ABC}` has a sample for
 * the server role, `{_}` keeps nothing, and `{{` is a brace.
 *
 * @param options Its name.
 * @returns The program; its next reply is the greeting.
 *
 * @example Usage
 * ```ts
 * import { smtp } from "@mailwright/mailwright";
 * import { memoryPair } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const hello = smtp().expect(220).ehlo("client.example"); // shared by the programs below
 * const mail = hello.mail("ann@example.test").rcpt("ben@example.test")
 *   .data("Subject: hi\r\n\r\nHello\r\n").expect(250, "queued as {qid=ABC}").quit();
 *
 * const [connection, theirs] = memoryPair();
 * const served = mail.serve(theirs);
 * const result = await mail.run({ connection });
 * equal(result.vars.qid, "ABC");
 * equal(result.delivery, "all");
 * await served;
 * ```
 */
export function smtp(options: ProgramOptions = {}): ProgramAt<"greeting", EmptyState<"smtp">> {
  return face<ProgramAt<"greeting", EmptyState<"smtp">>>("smtp", options);
}

/**
 * Begins a program that speaks LMTP: with `lhlo`, and a reply to the content for each recipient.
 *
 * @param options Its name.
 * @returns The program; its next reply is the greeting.
 *
 * @example Usage
 * ```ts
 * import { lmtp } from "@mailwright/mailwright";
 * import { memoryPair } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const program = lmtp().lhlo("client.example").mail(null)
 *   .each(["ann@example.test", "ben@example.test"], (d, to) => d.rcpt(to))
 *   .data("Hello\r\n").expect(250).expect(552);
 * const [connection, theirs] = memoryPair();
 * const served = program.serve(theirs);
 * equal((await program.run({ connection })).delivery, "partial");
 * await served;
 * ```
 */
export function lmtp(options: ProgramOptions = {}): ProgramAt<"greeting", EmptyState<"lmtp">> {
  return face<ProgramAt<"greeting", EmptyState<"lmtp">>>("lmtp", options);
}

/**
 * Begins a program that speaks POP3.
 *
 * @param options Its name.
 * @returns The program; its next reply is the greeting.
 *
 * @example Usage
 * ```ts
 * import { pop3, secret } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const program = pop3().user("mrose").pass(secret("pass")).stat().expect("+OK", "{n:int=2} {_=320}").quit();
 * equal(
 *   program.toText(),
 *   "@pop3\n@secret pass\nS: +OK\nC: USER mrose\nS: +OK\nC: PASS ${pass}\nS: +OK\n" +
 *     "C: STAT\nS: +OK ${n:int=2} ${_=320}\nC: QUIT\nS: +OK\n",
 * );
 * ```
 */
export function pop3(options: ProgramOptions = {}): ProgramAt<"authorization", EmptyState<"pop3">> {
  return face<ProgramAt<"authorization", EmptyState<"pop3">>>("pop3", options);
}

/** A program as its phase shows it. */
function face<T>(protocol: DialogueProtocol, { name = "" }: ProgramOptions): T {
  checkText(name);
  // The class has the methods of all phases; their types say which of them are good in one.
  return Program.begin(protocol, name) as unknown as T;
}

/**
 * Names a secret. Its value is given when a program runs, and is in no text.
 *
 * @param name Its name, in the option `secrets` too.
 * @param options A sample for self-play and the server role.
 * @returns The secret's place.
 * @throws {TypeError} If the name is none, or the sample is no line.
 *
 * @example Usage
 * ```ts
 * import { secret } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(secret("pass", { sample: "open sesame" }), { name: "pass", sample: "open sesame" });
 * ```
 */
export function secret(name: string, options: { readonly sample?: string } = {}): DialogueSecret {
  checkName("a secret", name);
  if (options.sample !== undefined) checkText(options.sample);
  return { name, ...(options.sample === undefined ? {} : { sample: options.sample }) };
}

export { load, type LoadedDialogue } from "./builder/load.ts";
export type * from "./builder/captures.ts";
export type * from "./builder/phases.ts";
export type * from "./builder/pop3_phases.ts";
export type * from "./builder/program_types.ts";
export type * from "./builder/program_verbs.ts";
export type * from "./builder/smtp_phases.ts";
