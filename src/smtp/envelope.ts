/**
 * Who sends to whom, and whether this server can be asked for what the envelope wants. All of it is
 * decided before anything is written.
 *
 * @module
 */

import { Address, parseAddress } from "../message/mod.ts";
import type { Capabilities } from "./capabilities.ts";
import { type Command, mail, rcpt } from "./commands.ts";
import type { PreparedContent } from "./content.ts";
import { SmtpLocalError } from "./errors.ts";
import type { MailParameters, RcptParameters } from "./parameters.ts";
import type { ForwardPath } from "./receipt.ts";

/** One recipient with parameters of his own. */
export interface Recipient {
  /** The address. */
  readonly address: ForwardPath | string;
  /** When to notify the sender, and the address first written. */
  readonly parameters?: RcptParameters;
}

/**
 * What to do when a recipient is refused: `any` sends to the others, `all` sends to nobody.
 */
export type RecipientPolicy = "any" | "all";

/** Who sends to whom. It may differ from what the header says (Bcc, lists). */
export interface Envelope {
  /** Where notices go; `null` for none. */
  readonly from: Address | string | null;
  /** Who gets it, at least one. */
  readonly to: readonly (ForwardPath | string | Recipient)[];
  /** What to do when a recipient is refused. */
  readonly policy: RecipientPolicy;
  /** Parameters of extensions. `size`, `body` and `smtpUtf8` are found out where they are absent. */
  readonly parameters?: MailParameters;
}

/** An envelope that this server can be given. */
export interface PreparedEnvelope {
  /** MAIL, then one RCPT for each recipient. */
  readonly commands: readonly Command[];
  /** Who gets it, in the order of the RCPT commands. */
  readonly recipients: readonly ForwardPath[];
}

/** What the envelope must know of the session. */
export interface EnvelopeContext {
  /** What the server offers now. */
  readonly capabilities: Capabilities;
  /** Whether the connection is verified TLS. */
  readonly secure: boolean;
}

/**
 * Reads a reverse-path.
 *
 * @param from An address, its text, or `null` or `""` for `<>`.
 * @returns The address, or `null`.
 * @throws {AddressError} If the text is no address.
 */
export function toReversePath(from: Address | string | null): Address | null {
  if (from === null || from === "") return null;
  return typeof from === "string" ? parseAddress(from) : from;
}

/**
 * Reads a forward-path.
 *
 * @param to An address, its text, or `Postmaster`.
 * @returns The forward-path.
 * @throws {AddressError} If the text is no address.
 */
export function toForwardPath(to: ForwardPath | string): ForwardPath {
  if (to instanceof Address) return to;
  return /^postmaster$/i.test(to) ? "Postmaster" : parseAddress(to);
}

/**
 * Makes the commands of an envelope.
 *
 * @param envelope Who sends to whom.
 * @param content The content, as far as the envelope announces it.
 * @param context What the server offers.
 * @returns The commands.
 * @throws {AddressError | SmtpLocalError | SyntaxError | RangeError} If the server cannot be asked.
 */
export function prepareEnvelope(
  envelope: Envelope,
  content: PreparedContent,
  context: EnvelopeContext,
): PreparedEnvelope {
  const { capabilities } = context;
  const given = envelope.parameters;
  const from = toReversePath(envelope.from);
  if (envelope.to.length === 0) throw new SmtpLocalError("Cannot send to nobody: no recipients");
  let utf8 = content.utf8Headers || (from?.needsSmtpUtf8 ?? false);
  const recipients: ForwardPath[] = [];
  const rcpts: Command[] = [];
  for (const entry of envelope.to) {
    const plain = typeof entry === "string" || entry instanceof Address;
    const path = toForwardPath(plain ? entry : entry.address);
    const parameters = plain ? undefined : entry.parameters;
    if (path !== "Postmaster" && path.needsSmtpUtf8) utf8 = true;
    if (parameters !== undefined) checkRcptParameters(parameters, capabilities);
    recipients.push(path);
    rcpts.push(rcpt(path, parameters));
  }
  checkBody(given?.body, content.body);
  const parameters = announced(given, content, capabilities, utf8);
  if (parameters !== undefined) checkMailParameters(parameters, context);
  if (content.size !== undefined) checkSize(content.size, capabilities);
  return { commands: [mail(from, parameters), ...rcpts], recipients };
}

/** More than the content is may be announced, less may not; and nothing else is sent as binary. */
function checkBody(given: MailParameters["body"], content: MailParameters["body"]): void {
  if (given === undefined || given === content) return;
  const understated = content !== undefined && content !== "7BIT" && given === "7BIT";
  if (understated || given === "BINARYMIME" || content === "BINARYMIME") {
    throw new SmtpLocalError(
      `Cannot announce BODY=${given}: the content goes as ${content ?? "text"}`,
      { enhanced: "5.6.1" },
    );
  }
}

function checkSize(size: number, { size: limit }: Capabilities): void {
  if (limit !== undefined && size > limit) {
    throw new SmtpLocalError(
      `Cannot send a message of ${size} octets: the server takes at most ${limit}`,
      { enhanced: "5.3.4" },
    );
  }
}

/** What MAIL says: what was given, and what the content needs. */
function announced(
  given: MailParameters | undefined,
  content: PreparedContent,
  offered: Capabilities,
  utf8: boolean,
): MailParameters | undefined {
  const size = given?.size ?? content.size;
  const sayBody = content.body !== undefined &&
    (content.body !== "7BIT" || offered.has("8BITMIME"));
  const saySize = size !== undefined && offered.has("SIZE");
  // Pure ASCII mail carries neither parameter, whatever is offered (S55).
  if (given === undefined && !sayBody && !saySize && !utf8) return undefined;
  return {
    ...given,
    ...(saySize ? { size } : {}),
    ...(sayBody && given?.body === undefined ? { body: content.body } : {}),
    ...(utf8 ? { smtpUtf8: true } : {}),
  } as MailParameters; // the spread of an optional body is what the type says
}

/**
 * Checks that a server offers what parameters of MAIL ask for.
 *
 * @param parameters The parameters.
 * @param context What the server offers, and what protects the connection.
 * @throws {SmtpLocalError} If it does not.
 */
export function checkMailParameters(parameters: MailParameters, context: EnvelopeContext): void {
  const { capabilities, secure } = context;
  const need = (keyword: string, what: string, enhanced?: string): void => {
    if (capabilities.has(keyword)) return;
    throw new SmtpLocalError(
      `Cannot ask for ${what}: the server does not offer ${keyword}`,
      enhanced === undefined ? {} : { enhanced },
    );
  };
  const { size, body, by, mtPriority, holdFor, holdUntil } = parameters;
  if (size !== undefined) {
    need("SIZE", "a size check");
    checkSize(size, capabilities);
  }
  if (body === "BINARYMIME") {
    need("BINARYMIME", "BODY=BINARYMIME");
    need("CHUNKING", "BODY=BINARYMIME"); // RFC 3030 section 3: binary content never goes by DATA
  } else if (body !== undefined) need("8BITMIME", `BODY=${body}`);
  if (parameters.smtpUtf8) need("SMTPUTF8", "addresses or headers in UTF-8", "5.6.7");
  if (parameters.auth !== undefined) need("AUTH", "the AUTH parameter");
  if (parameters.ret !== undefined || parameters.envid !== undefined) need("DSN", "notices");
  if (parameters.requireTls) {
    // RFC 8689 section 4.2.1: fail closed, before MAIL.
    if (!secure) {
      throw new SmtpLocalError(
        "Cannot require TLS on the way: this connection is not verified TLS",
        {
          enhanced: "5.7.30",
        },
      );
    }
    need("REQUIRETLS", "TLS on the whole way", "5.7.30");
  }
  if (holdFor !== undefined || holdUntil !== undefined) {
    need("FUTURERELEASE", "a later release");
    const { maxSeconds, maxDate } = capabilities.futureRelease;
    if (holdFor !== undefined && maxSeconds !== undefined && holdFor > maxSeconds) {
      throw new SmtpLocalError(
        `Cannot hold a message for ${holdFor} s: the server holds at most ${maxSeconds} s`,
      );
    }
    if (holdUntil !== undefined && maxDate !== undefined && holdUntil > maxDate) {
      throw new SmtpLocalError(
        `Cannot hold a message until ${holdUntil.toISOString()}: the server holds at most until ` +
          maxDate.toISOString(),
      );
    }
  }
  if (by !== undefined) {
    need("DELIVERBY", "a delivery time");
    const least = capabilities.deliverByMinimum;
    if (by.mode === "R" && by.seconds < least) {
      throw new SmtpLocalError(
        `Cannot ask for delivery within ${by.seconds} s: the server needs at least ${least} s`,
      );
    }
  }
  if (mtPriority !== undefined) need("MT-PRIORITY", "a priority");
}

/**
 * Checks that a server offers what parameters of RCPT ask for.
 *
 * @param parameters The parameters.
 * @param capabilities What the server offers.
 * @throws {SmtpLocalError} If it does not.
 */
export function checkRcptParameters(
  parameters: RcptParameters,
  capabilities: Capabilities,
): void {
  if (parameters.notify === undefined && parameters.orcpt === undefined) return;
  if (!capabilities.has("DSN")) {
    throw new SmtpLocalError("Cannot ask for notices: the server does not offer DSN");
  }
}
