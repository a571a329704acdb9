/**
 * An SMTP session: every command as a method whose reply is a value.
 *
 * @module
 */

import type { Credentials, SaslMechanism } from "../sasl/mod.ts";
import { type Address, addressLiteral } from "../message/mod.ts";
import type { ChannelOptions, Connection, StartTlsOptions, WireErrorContext } from "../wire/mod.ts";
import { authenticate, type AuthOptions, type AuthResult } from "./authentication.ts";
import { checkPhase, HandTransaction, refusal } from "./by_hand.ts";
import { Capabilities, parseCapabilities } from "./capabilities.ts";
import {
  ask,
  atrn,
  checkHelloName,
  type Command,
  etrn,
  hello,
  mail,
  QUIT,
  rawCommand,
  rcpt,
  RSET,
  STARTTLS,
  TURN,
} from "./commands.ts";
import { cancelContent, type Content, type ContentOptions } from "./content.ts";
import {
  Delivery,
  type DeliveryOptions,
  localRefusal,
  type MessageSource,
  type OutgoingMessage,
} from "./delivery.ts";
import {
  checkMailParameters,
  checkRcptParameters,
  type Envelope,
  toForwardPath,
  toReversePath,
} from "./envelope.ts";
import { withReceipt } from "./error_receipt.ts";
import { SmtpError, SmtpLocalError } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import type { MailParameters, RcptParameters } from "./parameters.ts";
import type { ForwardPath, Receipt } from "./receipt.ts";
import type { SmtpReply } from "./reply.ts";
import { Rendezvous } from "./rendezvous.ts";
import { pulled } from "./source.ts";
import type { Timers } from "./timers.ts";
import { resetRefused } from "./transaction.ts";

/** How a session over an open connection is made. `connectSmtp` is the usual way to one. */
export interface SessionOptions extends ChannelOptions {
  /** LMTP (RFC 2033) instead of SMTP. @default {"smtp"} */
  readonly protocol?: "smtp" | "lmtp";
  /** The server, as the user named it: for errors, receipts and the check of its certificate. */
  readonly host: string;
  /** What TLS must know; `hostname` is the host unless told otherwise. */
  readonly tls?: StartTlsOptions;
  /** Our own name in EHLO. @default The address literal of our end of the connection. */
  readonly name?: string | undefined;
  /** How long to wait for what. */
  readonly timers?: Partial<Timers> | undefined;
  /** Keywords and mechanisms (`AUTH LOGIN`) to act without, as if they were not offered. */
  readonly without?: readonly string[] | undefined;
}

/** How a message is sent. */
export interface SendOptions extends ContentOptions, DeliveryOptions {
  /** Sends by BDAT where the server offers CHUNKING. @default Whether the message is binary. */
  readonly chunking?: boolean;
  /** Closes the connection when it fires; the send then rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** Options that every method has. */
export interface CallOptions {
  /** Closes the connection when it fires; the call then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How VRFY and EXPN ask. */
export interface AskOptions extends CallOptions {
  /** Whether the answer may be in UTF-8 (SMTPUTF8). @default Whether the argument is not ASCII. */
  readonly utf8?: boolean;
}

/** What belongs to a command in the caller's words. */
export interface RawOptions extends CallOptions {
  /** How a transcript shows a line that holds a secret. */
  readonly shown?: string;
  /** Codes to expect that would otherwise be a breach of the protocol: 220, 221, 235 and 3xx. */
  readonly expect?: readonly number[];
}

/**
 * One SMTP or LMTP session.
 *
 * - A reply is a value whatever its code; only a broken connection, a limit that ran out, an abort or
 *   a breach of the protocol throws, and then the session is dead.
 * - Calls are served in the order in which they are made.
 * - The server never gets what it did not offer, and never a secret outside verified TLS unless that
 *   was allowed by name.
 *
 * @example Usage
 * ```ts
 * import { connectSmtp } from "@mailwright/mailwright";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { equal } from "node:assert/strict";
 *
 * await using box = await startSandbox();
 * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
 * equal((await session.noop()).code, 250);
 * equal((await session.rcpt("ben@there.example")).code, 503); // a value: nobody said MAIL
 * equal(session.usable, true);
 * ```
 */
export class SmtpSession implements AsyncDisposable {
  readonly #exchange: Exchange;
  readonly #delivery: Delivery;
  readonly #lmtp: boolean;
  readonly #tls: StartTlsOptions;
  readonly #name: string;
  readonly #without: string[];
  #offered = new Capabilities();
  #capabilities = new Capabilities();
  #greeting: SmtpReply | undefined;
  #greeted = false;
  #authenticated: string | undefined;
  readonly #byHand: HandTransaction;
  #lastReceipt: Receipt | undefined;
  #queue: Promise<void> = Promise.resolve();
  #busy = false;

  /**
   * Makes a session over an open connection. Nothing is read or written yet.
   *
   * @param connection The connection; the session owns it.
   * @param options How to speak.
   */
  constructor(connection: Connection, options: SessionOptions) {
    this.#exchange = new Exchange(connection, options.host, options);
    this.#lmtp = options.protocol === "lmtp";
    this.#tls = options.tls ?? { hostname: options.host };
    this.#name = options.name === undefined ? ownName(connection) : checkHelloName(options.name);
    this.#without = [...(options.without ?? [])];
    this.#byHand = new HandTransaction(this.#exchange, this.#lmtp);
    this.#delivery = new Delivery(this.#exchange, {
      lmtp: this.#lmtp,
      capabilities: () => this.#capabilities,
      secure: () => this.secure,
    });
  }

  /** The server, as the user named it. */
  get host(): string {
    return this.#exchange.host;
  }

  /** The greeting, once it was read. */
  get greeting(): SmtpReply | undefined {
    return this.#greeting;
  }

  /** What the server offers now, less what the caller masked. Empty before EHLO and after STARTTLS. */
  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  /** What the server itself offers now, masked or not. */
  get offered(): Capabilities {
    return this.#offered;
  }

  /** Whether the connection is verified TLS, its handshake over. */
  get secure(): boolean {
    return this.#exchange.channel.connection.security === "verified";
  }

  /** The connection below: its ends and its security. */
  get connection(): Connection {
    return this.#exchange.channel.connection;
  }

  /** The mechanism by which the session is logged in. */
  get authenticated(): string | undefined {
    return this.#authenticated;
  }

  /** Whether the session can still be used. */
  get usable(): boolean {
    return !this.#exchange.dead;
  }

  /** The last complete reply. */
  get lastReply(): SmtpReply | undefined {
    return this.#exchange.lastReply;
  }

  /** Where the session stands: what its errors carry. */
  get context(): WireErrorContext {
    return this.#exchange.context;
  }

  /** The receipt of the last message, also of one whose send was rejected. */
  get lastReceipt(): Receipt | undefined {
    return this.#lastReceipt;
  }

  /**
   * The replies to the last content of {@linkcode SmtpSession.data} or {@linkcode SmtpSession.bdat}: one
   * in SMTP, one for each accepted recipient in LMTP. Those to a message of `send()` are in its receipt.
   */
  get finals(): readonly SmtpReply[] {
    return this.#byHand.finals;
  }

  /** How often the session wrote and read: with one write per turn, what it cost in turns. */
  get turns(): { readonly writes: number; readonly reads: number } {
    const { writes, reads } = this.#exchange.channel;
    return { writes, reads };
  }

  /**
   * Acts as if the server did not offer something, from now on. Nothing can be added.
   *
   * @param without Keywords (`PIPELINING`) and mechanisms (`AUTH LOGIN`), in any case.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox();
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * session.mask("PIPELINING", "AUTH PLAIN");
   * equal(session.capabilities.has("PIPELINING"), false);
   * equal(session.offered.has("PIPELINING"), true);
   * ```
   */
  mask(...without: string[]): void {
    this.#without.push(...without);
    this.#capabilities = this.#offered.without(this.#without);
  }

  /**
   * Reads the greeting (RFC 5321 section 3.1).
   *
   * @param options A signal.
   * @returns The greeting, whatever its code: 554 and 421 mean that no mail is taken here.
   */
  readGreeting(options: CallOptions = {}): Promise<SmtpReply> {
    return this.#exclusive(options, async () => {
      this.#exchange.stage = "greeting";
      const { greeting } = this.#exchange.timers;
      this.#greeting = await this.#exchange.reply("the connection", greeting);
      return this.#greeting;
    });
  }

  /**
   * EHLO (RFC 5321 section 4.1.1.1). The capabilities are those of the reply.
   *
   * @param name Our own name. @default The session's.
   * @param options A signal.
   * @returns The reply.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox();
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * equal((await session.ehlo("client.example")).code, 250);
   * equal(session.capabilities.has("SIZE"), true);
   * ```
   */
  async ehlo(name: string = this.#name, options: CallOptions = {}): Promise<SmtpReply> {
    if (this.#lmtp) throw refusal("EHLO", "LMTP greets with LHLO");
    return await this.#hello(hello("EHLO", name), options);
  }

  /**
   * HELO (RFC 5321 section 4.1.1.1). Nothing is offered afterwards.
   *
   * @param name Our own name. @default The session's.
   * @param options A signal.
   * @returns The reply.
   */
  async helo(name: string = this.#name, options: CallOptions = {}): Promise<SmtpReply> {
    if (this.#lmtp) throw refusal("HELO", "LMTP greets with LHLO");
    return await this.#hello(hello("HELO", name), options);
  }

  /**
   * LHLO, the greeting of LMTP (RFC 2033 section 4.1).
   *
   * @param name Our own name. @default The session's.
   * @param options A signal.
   * @returns The reply.
   */
  async lhlo(name: string = this.#name, options: CallOptions = {}): Promise<SmtpReply> {
    if (!this.#lmtp) throw refusal("LHLO", "it belongs to LMTP; use ehlo()");
    return await this.#hello(hello("LHLO", name), options);
  }

  /**
   * STARTTLS and the handshake (RFC 3207). Capabilities are forgotten: say EHLO again.
   *
   * @param options A signal.
   * @returns The reply; after 220 the connection is TLS, its certificate checked.
   * @throws {TlsError} If the handshake fails. Nothing secret was sent.
   * @throws {ProtocolError} If anything came behind the 220 in the clear.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox();
   * await using session = await connectSmtp({
   *   url: box.smtpUrl,
   *   caCerts: box.caCerts,
   *   until: "hello",
   * });
   * equal(session.secure, false);
   * await session.startTls();
   * equal(session.secure, true);
   * await session.ehlo();
   * ```
   */
  startTls(options: CallOptions = {}): Promise<SmtpReply> {
    return this.#exclusive(options, async () => {
      if (this.connection.security !== "clear") throw refusal("STARTTLS", "TLS is on already");
      const reply = await this.#exchange.say(STARTTLS);
      if (reply.class === "continue" || (reply.ok && reply.code !== 220)) {
        throw this.#exchange.misplaced("STARTTLS", reply);
      }
      if (reply.code === 220) await this.#upgrade();
      return reply;
    });
  }

  async #upgrade(): Promise<void> {
    const { channel, timers } = this.#exchange;
    this.#exchange.stage = "tls";
    channel.deadline.arm("TLS handshake", timers.handshake);
    try {
      await channel.startTls(this.#tls);
    } catch (error) {
      throw this.#exchange.fail(error);
    } finally {
      channel.deadline.disarm();
    }
    // RFC 3207 section 4.2: all that was said before may have been forged.
    this.#offered = this.#capabilities = new Capabilities();
    this.#greeted = false;
    this.#authenticated = undefined;
    this.#byHand.forget();
  }

  /**
   * AUTH (RFC 4954): logs in with the strongest mechanism that both sides know.
   *
   * @param given Credentials, or a mechanism of `sasl`.
   * @param options What is allowed, and a signal.
   * @returns The last reply, whatever its code, and the mechanisms that were tried.
   * @throws {SmtpAuthError} If no mechanism can be used here, or the server did not prove itself.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp, Secret } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox({ users: { ann: "pencil" } });
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * const { reply } = await session.auth({ user: "ann", password: new Secret("eraser") });
   * equal(reply.code, 535); // a value: the session goes on
   * await session.auth({ user: "ann", password: new Secret("pencil") });
   * equal(session.authenticated, "SCRAM-SHA-512");
   * ```
   */
  auth(
    given: Credentials | SaslMechanism,
    options: AuthOptions & CallOptions = {},
  ): Promise<AuthResult> {
    return this.#exclusive(options, async () => {
      if (this.#authenticated !== undefined) throw refusal("AUTH", "the session is logged in");
      if (this.open) throw refusal("AUTH", "a mail transaction is open");
      const { auth } = this.#capabilities;
      const result = await authenticate(this.#exchange, auth, given, this.secure, options);
      if (result.reply.ok) this.#authenticated = result.tried.at(-1);
      return result;
    });
  }

  /**
   * MAIL (RFC 5321 section 4.1.1.2): begins a transaction.
   *
   * @param from The sender; `null` is `<>`.
   * @param parameters Parameters of extensions, which the server must offer.
   * @param options A signal.
   * @returns The reply.
   * @throws {SmtpLocalError} If the server does not offer what a parameter asks for.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox();
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * await session.mail("ann@here.example", { size: 100 });
   * await session.rcpt("ben@there.example", { notify: ["FAILURE"] });
   * equal(session.open, true);
   * equal((await session.data("Subject: Hello\r\n\r\nHello Ben\r\n")).code, 250);
   * equal(box.mails.length, 1);
   * ```
   */
  async mail(
    from: Address | string | null,
    parameters: MailParameters = {},
    options: CallOptions = {},
  ): Promise<SmtpReply> {
    const path = toReversePath(from);
    const all = path?.needsSmtpUtf8 ? { ...parameters, smtpUtf8: true } : parameters;
    const check = (): void => {
      this.#checkReady();
      checkMailParameters(all, this);
    };
    return await this.#say(mail(path, all), options, {
      check,
      done: () => this.#byHand.begin(all),
    });
  }

  /**
   * RCPT (RFC 5321 section 4.1.1.3): names a recipient.
   *
   * @param to The recipient.
   * @param parameters Parameters of extensions, which the server must offer.
   * @param options A signal.
   * @returns The reply: 250, 251 and 252 are acceptance.
   */
  async rcpt(
    to: ForwardPath | string,
    parameters?: RcptParameters,
    options: CallOptions = {},
  ): Promise<SmtpReply> {
    const path = toForwardPath(to);
    const check = (): void => {
      this.#checkReady();
      if (parameters !== undefined) checkRcptParameters(parameters, this.#capabilities);
      this.#byHand.checkRecipient(path);
    };
    return await this.#say(rcpt(path, parameters), options, {
      check,
      done: () => this.#byHand.accept(),
    });
  }

  /**
   * DATA and the content (RFC 5321 section 4.1.1.4).
   *
   * @param content The content; dots are added, line ends become CRLF.
   * @param options What is known of the content, and a signal.
   * @returns The reply to the content, or the reply to DATA if that was not 354. In LMTP the last one;
   *   {@linkcode SmtpSession.finals} has them all.
   */
  data(content: Content, options: ContentOptions & CallOptions = {}): Promise<SmtpReply> {
    return this.#exclusive(
      options,
      () => this.#byHand.data(content, options, this.#capabilities),
    );
  }

  /**
   * BDAT (RFC 3030): one chunk of content, octet by octet as it is.
   *
   * @param chunk The octets.
   * @param options Whether it is the last chunk, and a signal.
   * @returns The reply; in LMTP to the last chunk as with {@linkcode SmtpSession.data}. After a refused
   *   chunk only `rset()` makes the session fit for another message.
   * @throws {SmtpLocalError} If the server does not offer CHUNKING.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox();
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * await session.mail(null);
   * await session.rcpt("ben@there.example");
   * const octets = new TextEncoder();
   * await session.bdat(octets.encode("Subject: Hello\r\n\r\n"));
   * await session.bdat(octets.encode("Hello Ben\r\n"), { last: true });
   * equal(box.mails.length, 1);
   * ```
   */
  async bdat(
    chunk: Uint8Array,
    { last = false, ...options }: CallOptions & { readonly last?: boolean } = {},
  ): Promise<SmtpReply> {
    return await this.#exclusive(options, async () => {
      if (!this.#capabilities.has("CHUNKING")) {
        throw refusal("BDAT", "the server does not offer CHUNKING");
      }
      return await this.#byHand.bdat(chunk, last);
    });
  }

  /**
   * RSET (RFC 5321 section 4.1.1.5): forgets the transaction.
   *
   * @param options A signal.
   * @returns The reply. If it is negative nobody knows what the server remembers, and the session is
   *   over; what was accepted before stays accepted.
   */
  rset(options: CallOptions = {}): Promise<SmtpReply> {
    return this.#exclusive(options, async () => {
      const reply = await this.#exchange.say(RSET);
      checkPhase(this.#exchange, "RSET", reply);
      if (!reply.ok) this.#exchange.fail(resetRefused(reply));
      this.#byHand.forget();
      return reply;
    });
  }

  /**
   * VRFY (RFC 5321 section 4.1.1.6): asks about a user or mailbox.
   *
   * @param argument A name or an address.
   * @param options `utf8` says that the answer may be in UTF-8 (SMTPUTF8); it is said by itself for an
   *   argument that is not ASCII. A signal.
   * @returns The reply; 252 means that the server will not say, and {@linkcode mailboxesOf} reads what it
   *   does say.
   * @throws {SmtpLocalError} If SMTPUTF8 is needed and not offered.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox({ recipients: ["ben@there.example"] });
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * equal((await session.vrfy("nobody@there.example")).ok, false);
   * ```
   */
  vrfy(argument: string, options: AskOptions = {}): Promise<SmtpReply> {
    return this.#ask("VRFY", argument, options);
  }

  /**
   * EXPN (RFC 5321 section 4.1.1.7): asks who is on a list.
   *
   * @param argument The list.
   * @param options As for {@linkcode SmtpSession.vrfy}.
   * @returns The reply; {@linkcode mailboxesOf} reads the members from it.
   * @throws {SmtpLocalError} If SMTPUTF8 is needed and not offered.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox({ lists: { staff: ["ann@x.example", "ben@x.example"] } });
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * equal((await session.expn("staff")).lines.length, 2);
   * ```
   */
  expn(argument: string, options: AskOptions = {}): Promise<SmtpReply> {
    return this.#ask("EXPN", argument, options);
  }

  async #ask(
    verb: "VRFY" | "EXPN",
    argument: string,
    { utf8 = /[^\0-\x7f]/.test(argument), ...options }: AskOptions,
  ): Promise<SmtpReply> {
    const check = (): void => {
      if (utf8 && !this.#capabilities.has("SMTPUTF8")) {
        throw refusal(verb, "it takes UTF-8, and the server does not offer SMTPUTF8");
      }
    };
    return await this.#say(ask(verb, argument, utf8), options, { check });
  }

  /**
   * HELP (RFC 5321 section 4.1.1.8).
   *
   * @param topic What about, for example a verb.
   * @param options A signal.
   * @returns The reply; {@linkcode SmtpReply.lines} is what the server has to say.
   */
  async help(topic: string = "", options: CallOptions = {}): Promise<SmtpReply> {
    return await this.#say(ask("HELP", topic), options);
  }

  /**
   * NOOP (RFC 5321 section 4.1.1.9): is the server still there?
   *
   * @param argument Anything; servers pass over it.
   * @param options A signal.
   * @returns The reply.
   */
  async noop(argument: string = "", options: CallOptions = {}): Promise<SmtpReply> {
    return await this.#say(ask("NOOP", argument), options);
  }

  /**
   * ETRN (RFC 1985): asks the server to start sending what it holds for a node, on a connection of its
   * own.
   *
   * @param node A domain, `@domain` with its subdomains, or `#queue`.
   * @param options A signal.
   * @returns The reply; {@linkcode etrnOutcome} says what becomes of it.
   * @throws {SmtpLocalError} If the server does not offer it.
   */
  async etrn(node: string, options: CallOptions = {}): Promise<SmtpReply> {
    return await this.#say(etrn(node), options, { check: () => this.#checkOffered("ETRN") });
  }

  /**
   * ATRN (RFC 2645): reverses the roles. On 250 the session is over and its connection is handed out:
   * give it to a receiver, for the server is about to send.
   *
   * @param domains The domains to ask for; none asks for all that belong to the user.
   * @param options A signal.
   * @returns The reply, and after 250 the bare connection.
   * @throws {SmtpLocalError} If the session is not logged in, or the server does not offer it.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp, Secret } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * const ann = { password: "pencil", domains: ["here.example"] };
   * await using box = await startSandbox({ users: { ann } });
   * await using session = await connectSmtp({
   *   url: box.smtpUrl,
   *   caCerts: box.caCerts,
   *   auth: { user: "ann", password: new Secret("pencil") },
   * });
   * const { reply, connection } = await session.atrn(["here.example"]);
   * equal(reply.code, 453); // nothing waits there
   * equal(connection, undefined);
   * ```
   */
  async atrn(domains: readonly string[] = [], options: CallOptions = {}): Promise<Turned> {
    return await this.#turn(atrn(domains), options, () => {
      if (this.#authenticated === undefined) {
        throw refusal("ATRN", "the session is not logged in (RFC 2645 section 5.1)");
      }
      this.#checkOffered("ATRN");
    });
  }

  /**
   * TURN (RFC 821 section 3.8): reverses the roles. Obsolete, for anybody could ask for another's mail;
   * so it takes a consent by name and an authenticated session or verified TLS.
   *
   * @param options `allowTurn` must be true; a signal.
   * @returns The reply, and after 250 the bare connection.
   * @throws {SmtpLocalError} If the consent is missing, or nobody is known.
   */
  async turn(options: CallOptions & { readonly allowTurn: boolean }): Promise<Turned> {
    return await this.#turn(TURN, options, () => {
      if (!options.allowTurn || (this.#authenticated === undefined && !this.secure)) {
        throw refusal("TURN", "it needs `allowTurn`, and a login or verified TLS");
      }
    });
  }

  async #turn(command: Command, options: CallOptions, check: () => void): Promise<Turned> {
    return await this.#exclusive(options, async () => {
      check();
      if (this.open) throw refusal(command.verb, "a mail transaction is open");
      const reply = await this.#exchange.say(command);
      if (reply.class === "continue" || (reply.ok && reply.code !== 250)) {
        throw this.#exchange.misplaced(command.verb, reply);
      }
      if (!reply.ok) return { reply };
      return { reply, connection: this.#exchange.channel.release() };
    });
  }

  /**
   * Any other command, in the caller's words.
   *
   * @param line The line without CRLF. Control characters are refused.
   * @param options How a transcript shows the line, which codes to expect, and a signal.
   * @returns The reply.
   * @throws {SmtpLocalError} For verbs that change the session's state: they have methods of their own.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox();
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * equal((await session.command("XYZZY")).code, 500);
   * ```
   */
  async command(
    line: string,
    { shown, expect = [], ...options }: RawOptions = {},
  ): Promise<SmtpReply> {
    const command = rawCommand(line, shown);
    const method = STATEFUL.get(command.verb);
    if (method !== undefined) {
      throw refusal(command.verb, `it has a method of its own: ${method}()`);
    }
    return await this.#say(command, options, {
      expect,
      check: () => NEEDS_HELLO.has(command.verb) && this.#checkReady(),
      done: () => this.#followRaw(command.verb),
    });
  }

  #followRaw(verb: string): void {
    // In the caller's words MAIL may have said anything, so nothing is held against the content.
    if (verb === "MAIL") this.#byHand.begin(undefined);
    if (verb === "RCPT") this.#byHand.accept();
  }

  /**
   * Sends one message.
   *
   * @param envelope Who sends to whom.
   * @param content What is sent.
   * @param options How.
   * @returns What became of it. "Accepted" means by this server.
   * @throws {unknown} If it could not be sent as a whole: the reason, whose `receipt` (if it is an
   *   error of ours; else {@linkcode SmtpSession.lastReceipt}) says what became of it.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { equal } from "node:assert/strict";
   *
   * await using box = await startSandbox();
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * const receipt = await session.send(
   *   { from: "ann@here.example", to: ["ben@there.example"], policy: "any" },
   *   "Subject: Hello\r\n\r\nHello Ben\r\n",
   * );
   * equal(receipt.outcome, "accepted");
   * equal(receipt.tls, true);
   * ```
   */
  async send(envelope: Envelope, content: Content, options: SendOptions = {}): Promise<Receipt> {
    let message: OutgoingMessage | undefined = { ...options, envelope, content };
    const take = (): OutgoingMessage | undefined => {
      const next = message;
      message = undefined;
      return next;
    };
    const source: MessageSource = { take, wait: () => Promise.resolve(take()) };
    const told: Receipt[] = [];
    try {
      await this.deliver(source, (receipt) => void told.push(receipt), options);
    } catch (error) {
      throw withReceipt(error, told[0] ?? await this.#untried(envelope, content, error));
    }
    const [receipt] = told as [Receipt]; // one message gives one receipt
    const { error } = receipt;
    if (error instanceof SmtpError) error.at(this.context);
    if (error !== undefined) throw withReceipt(error, receipt);
    return receipt;
  }

  /** The receipt of a message whose turn never came. */
  async #untried(envelope: Envelope, content: Content, error: unknown): Promise<Receipt> {
    await cancelContent(content, error);
    const where = { host: this.host, tls: this.secure };
    const retry = error instanceof SmtpLocalError ? "never" : "later";
    this.#lastReceipt = localRefusal(envelope, error, where, retry);
    return this.#lastReceipt;
  }

  /**
   * Sends many messages, one after the other, without waiting where the server allows it.
   *
   * @param messages The messages. The next one is asked for when it can be sent.
   * @param options Window, and what to do before a message ends; a signal.
   * @returns One receipt for each message, in their order. When the connection fails, the messages
   *   under way get theirs, and then the reason is thrown.
   *
   * @example Usage
   * ```ts
   * import { connectSmtp } from "@mailwright/mailwright";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { deepEqual } from "node:assert/strict";
   *
   * await using box = await startSandbox();
   * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
   * const messages = ["ben@there.example", "cleo@there.example"].map((recipient) => ({
   *   envelope: { from: "ann@here.example", to: [recipient], policy: "any" as const },
   *   content: "Subject: Hello\r\n\r\nHello\r\n",
   * }));
   * const outcomes: string[] = [];
   * for await (const { outcome } of session.sendAll(messages)) outcomes.push(outcome);
   * deepEqual(outcomes, ["accepted", "accepted"]);
   * ```
   */
  async *sendAll<M extends OutgoingMessage>(
    messages: Iterable<M> | AsyncIterable<M>,
    options: DeliveryOptions<M> & CallOptions = {},
  ): AsyncGenerator<Receipt> {
    const turn = new Rendezvous<Receipt>();
    const delivered = this.deliver(pulled(messages), (receipt) => turn.give(receipt), options)
      .finally(() => turn.end());
    delivered.catch(() => {}); // looked at below, unless the caller breaks off
    try {
      for (let next = await turn.take(); next !== undefined; next = await turn.take()) {
        yield next.value;
      }
      await delivered;
    } finally {
      turn.breakOff();
      await delivered.catch(() => {}); // what the caller should hear was thrown above
    }
  }

  /**
   * As {@linkcode SmtpSession.sendAll}, with a listener in place of an iteration.
   *
   * @param source The messages, from where it is known at once whether there is one.
   * @param tell Hears one receipt for each message, in their order. Nothing more is written before the
   *   promise resolves that it may return; if it throws, sending is broken off.
   * @param options Window, and what to do before a message ends; a signal.
   */
  async deliver<M extends OutgoingMessage>(
    source: MessageSource<M>,
    tell: (receipt: Receipt) => Promise<void> | void,
    options: DeliveryOptions<M> & CallOptions = {},
  ): Promise<void> {
    const release = await this.#acquire();
    try {
      using _abort = this.#abortable(options.signal);
      this.#checkReady();
      if (this.open) throw refusal("MAIL", "a transaction was begun by hand; end it or say RSET");
      await this.#delivery.run(source, options, (receipt) => {
        this.#lastReceipt = receipt;
        return tell(receipt);
      });
    } finally {
      release();
      await source.close?.();
    }
  }

  /**
   * QUIT (RFC 5321 section 4.1.1.10) and the end of the connection. The server has a few seconds to
   * answer; whatever it does, the session is over and earlier results stand.
   *
   * @param options A signal.
   * @returns The reply, if one came.
   */
  quit(options: CallOptions = {}): Promise<SmtpReply | undefined> {
    return this.#exclusive(options, async () => {
      if (this.#exchange.dead) return undefined;
      try {
        return await this.#exchange.say(QUIT);
      } catch {
        options.signal?.throwIfAborted();
        return undefined; // gone without a farewell: closed all the same (S22)
      } finally {
        this.#exchange.channel.close();
      }
    });
  }

  /** Closes the connection at once, without QUIT. */
  close(): void {
    this.#exchange.channel.close();
  }

  /** Says QUIT if that is possible, and closes. It never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    // In the middle of something QUIT would be taken for content or cross a reply.
    if (this.#busy || this.#greeting === undefined || this.#exchange.dead) this.close();
    else await this.quit().catch(() => {});
  }

  /** Whether a mail transaction was begun by hand and not ended. */
  get open(): boolean {
    return this.#byHand.open;
  }

  #hello(command: Command, options: CallOptions): Promise<SmtpReply> {
    return this.#exclusive(options, async () => {
      const reply = await this.#exchange.say(command);
      checkPhase(this.#exchange, command.verb, reply);
      if (!reply.ok) return reply;
      // It also resets a transaction (RFC 5321 section 4.1.4).
      this.#byHand.forget();
      this.#greeted = true;
      this.#offered = command.verb === "HELO" ? new Capabilities() : parseCapabilities(reply);
      this.#capabilities = this.#offered.without(this.#without);
      return reply;
    });
  }

  #say(command: Command, options: CallOptions, rules: CommandRules = {}): Promise<SmtpReply> {
    return this.#exclusive(options, async () => {
      rules.check?.();
      const reply = await this.#exchange.say(command);
      checkPhase(this.#exchange, command.verb, reply, rules.expect);
      if (reply.ok) rules.done?.();
      return reply;
    });
  }

  #checkOffered(keyword: string): void {
    if (!this.#capabilities.has(keyword)) throw refusal(keyword, "the server does not offer it");
  }

  #checkReady(): void {
    if (!this.#greeted) {
      throw new SmtpLocalError(
        `Cannot send mail yet: say ${this.#lmtp ? "LHLO" : "EHLO"} first, and again after STARTTLS`,
      );
    }
  }

  /** Runs one call after the other (S23). */
  async #exclusive<T>({ signal }: CallOptions, work: () => Promise<T>): Promise<T> {
    const release = await this.#acquire();
    try {
      using _abort = this.#abortable(signal);
      return await work();
    } catch (error) {
      throw error instanceof SmtpError ? error.at(this.context) : error;
    } finally {
      release();
    }
  }

  async #acquire(): Promise<() => void> {
    const before = this.#queue;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue = promise;
    await before;
    this.#busy = true;
    return () => {
      this.#busy = false;
      resolve();
    };
  }

  #abortable(signal: AbortSignal | undefined): Disposable {
    const abort = (): void => {
      this.#exchange.channel.kill(signal?.reason);
    };
    if (signal?.aborted) abort();
    signal?.throwIfAborted();
    signal?.addEventListener("abort", abort, { once: true });
    return { [Symbol.dispose]: () => signal?.removeEventListener("abort", abort) };
  }
}

/** What came of a request to reverse the roles. */
export interface Turned {
  /** The reply. */
  readonly reply: SmtpReply;
  /** The bare connection, after a positive reply: the server is the client now. */
  readonly connection?: Connection;
}

/** What belongs to a command besides its line. */
interface CommandRules {
  /** Throws if it must not be said now. */
  readonly check?: () => void;
  /** Codes that are no breach here. */
  readonly expect?: readonly number[];
  /** Follows a positive reply. */
  readonly done?: () => void;
}

/** Verbs whose effect the session must know, and their methods. */
const STATEFUL: ReadonlyMap<string, string> = new Map([
  ...["EHLO", "HELO", "LHLO", "AUTH", "DATA", "BDAT", "RSET", "QUIT", "ATRN", "TURN"]
    .map((verb) => [verb, verb.toLowerCase()] as const),
  ["STARTTLS", "startTls"],
]);
/** Verbs that no server takes before EHLO. */
const NEEDS_HELLO: ReadonlySet<string> = new Set(["MAIL", "RCPT"]);

/** Our end as an address literal: a host name would need a permission, and often means nothing. */
function ownName(connection: Connection): string {
  const { local } = connection;
  // A zone (fe80::1%eth0) has a meaning on this machine only.
  const [address = ""] = local.transport === "tcp" ? local.hostname.split("%") : ["127.0.0.1"];
  return addressLiteral(address);
}
