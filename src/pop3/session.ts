/**
 * A POP3 session: every command as a method whose reply is a value.
 *
 * @module
 */

import {
  apopStamp,
  type Credentials,
  type PasswordLogin,
  type SaslMechanism,
  type Secret,
} from "../sasl/mod.ts";
import type { BodyEnd, Connection, StartTlsOptions, WireErrorContext } from "../wire/mod.ts";
import { ask, type Pop3Answer, type Pop3Item } from "./answer.ts";
import {
  authenticate,
  logIn,
  type LoginSituation,
  type Pop3AuthOptions,
  type Pop3AuthResult,
  sayApop,
  sayPass,
} from "./authentication.ts";
import { parsePop3Capabilities, Pop3Capabilities } from "./capabilities.ts";
import { CAPA, lang, NOOP, QUIT, rawPop3Command, STLS, user, UTF8 } from "./commands.ts";
import { Pop3LocalError } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { keepAlive } from "./keep_alive.ts";
import type { ListedSize, ListedUid, Pop3Snapshot, Pop3Stat } from "./listing.ts";
import { Maildrop } from "./maildrop.ts";
import type { Pop3Message } from "./message.ts";
import { MsgNo } from "./message_number.ts";
import type { CommitOutcome, RollbackOutcome } from "./outcome.ts";
import { Plans } from "./plans.ts";
import { BARE_LF, type Pop3Reply } from "./reply.ts";
import {
  checkWindow,
  type CommitOptions,
  DEFAULT_POP3_LIMITS,
  type Pop3CallOptions,
  type Pop3Limits,
  type Pop3RawAnswer,
  type Pop3SessionOptions,
  type Pop3WindowOptions,
} from "./session_options.ts";
import type { MessageTop } from "./top.ts";
import { Turns } from "./turns.ts";
import { CommandWindow, type MessagePlan } from "./window.ts";

const WINDOW = 64;

/**
 * One POP3 session.
 *
 * - `-ERR` is a value; only a broken connection, a limit that ran out, an abort or a breach of the
 *   protocol throws, and then the session is dead.
 * - Calls are served in the order in which they are made.
 * - Nothing is deleted but by {@linkcode Pop3Session.commit}: leaving the scope closes the connection
 *   without QUIT, so that all marks are void.
 */
export class Pop3Session implements AsyncDisposable {
  readonly #exchange: Exchange;
  readonly #tls: StartTlsOptions;
  readonly #options: Pop3SessionOptions;
  readonly #limits: Pop3Limits;
  readonly #window: number;
  readonly #without: string[];
  readonly #maildrop: Maildrop;
  readonly #plans: Plans;
  readonly #turns: Turns;
  #state: "connected" | "authorization" | "transaction" = "connected";
  #offered = new Pop3Capabilities();
  #capabilities = new Pop3Capabilities();
  #greeting: Pop3Reply | undefined;
  #authenticated: string | undefined;

  /**
   * Makes a session over an open connection. Nothing is read or written yet.
   *
   * @param connection The connection; the session owns it.
   * @param options How to speak.
   * @throws {RangeError} If the window is out of range.
   */
  constructor(connection: Connection, options: Pop3SessionOptions) {
    this.#options = options;
    this.#window = checkWindow(options.window ?? WINDOW);
    this.#exchange = new Exchange(connection, options.host, options);
    this.#limits = { ...DEFAULT_POP3_LIMITS, ...options.limits };
    this.#maildrop = new Maildrop(this.#exchange, this.#limits.entries);
    this.#plans = new Plans(this.#exchange, this.#maildrop, this.#limits);
    this.#turns = new Turns(this.#exchange.channel);
    this.#tls = options.tls ?? { hostname: options.host };
    this.#without = [...(options.without ?? [])];
  }

  /** The server, as the user named it. */
  get host(): string {
    return this.#exchange.host;
  }

  /** The greeting, once it was read. */
  get greeting(): Pop3Reply | undefined {
    return this.#greeting;
  }

  /**
   * What the server offers now, less what the caller masked. Unknown before CAPA, and again after STLS
   * and after the login.
   */
  get capabilities(): Pop3Capabilities {
    return this.#capabilities;
  }

  /** What the server itself offers now, masked or not. */
  get offered(): Pop3Capabilities {
    return this.#offered;
  }

  /** Where the session stands: host, stage, last reply, last lines. Errors carry the same. */
  get context(): WireErrorContext {
    return this.#exchange.context;
  }

  /** Whether the connection is verified TLS, its handshake over. */
  get secure(): boolean {
    return this.connection.security === "verified";
  }

  /** The connection below: its ends and its security. */
  get connection(): Connection {
    return this.#exchange.channel.connection;
  }

  /** The way in which the session is logged in: a mechanism, `USER` or `APOP`. */
  get authenticated(): string | undefined {
    return this.#authenticated;
  }

  /** Whether the session can still be used. */
  get usable(): boolean {
    return !this.#exchange.dead;
  }

  /** The last complete status line. */
  get lastReply(): Pop3Reply | undefined {
    return this.#exchange.lastReply;
  }

  /**
   * What ends a message: `lf` after a greeting that ended in a lone LF, which is against the standard,
   * and in lenient sessions. Content can then be taken for an end.
   */
  get bodyEnd(): BodyEnd {
    return this.#exchange.bodyEnd;
  }

  /** The messages that are marked and not committed. */
  get marked(): readonly MsgNo[] {
    return [...this.#maildrop.marked];
  }

  /** How often the session wrote and read: with one write per turn, what it cost in turns. */
  get turns(): { readonly writes: number; readonly reads: number } {
    const { writes, reads } = this.#exchange.channel;
    return { writes, reads };
  }

  /**
   * The number of a message that a listing of this session has named.
   *
   * @param value The number.
   * @returns The number, good for this session.
   * @throws {Pop3LocalError} If no listing has it.
   */
  number(value: number): MsgNo {
    return this.#maildrop.numbers.get(value);
  }

  /**
   * Acts as if the server did not offer something, from now on. Nothing can be added.
   *
   * @param without Keywords (`PIPELINING`) and mechanisms (`SASL LOGIN`), in any case.
   */
  mask(...without: string[]): void {
    this.#without.push(...without);
    this.#capabilities = this.#offered.without(this.#without);
  }

  /**
   * Reads the greeting (RFC 1939 section 4). Its line end decides how messages end.
   *
   * @param options A signal.
   * @returns The greeting; `-ERR` means that nobody can log in here now.
   */
  readGreeting(options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#turns.do(options.signal, async () => {
      if (this.#greeting !== undefined) throw new Pop3LocalError("Cannot read a second greeting");
      this.#exchange.stage = "greeting";
      const reply = await this.#exchange.reply("the connection", this.#exchange.timers.greeting);
      this.#greeting = reply;
      if (reply.ok) this.#state = "authorization";
      const bareLf = reply.notes.includes(BARE_LF);
      if (bareLf) this.#exchange.channel.note("note", "LF ends every line of this session");
      if (bareLf || this.#options.lenient) this.#exchange.bodyEnd = "lf";
      return reply;
    });
  }

  /**
   * CAPA (RFC 2449). The capabilities are those of the answer; unknown if the server has no CAPA.
   *
   * @param options A signal.
   * @returns The capabilities.
   */
  capa(options: Pop3CallOptions = {}): Promise<Pop3Answer<Pop3Capabilities>> {
    return this.#turns.do(options.signal, async () => {
      this.#forget();
      return await ask(this.#exchange, CAPA, async () => {
        const lines = await this.#exchange.lines("CAPA", this.#limits.lines);
        this.#offered = parsePop3Capabilities(lines);
        this.#capabilities = this.#offered.without(this.#without);
        return this.#capabilities;
      });
    });
  }

  /**
   * STLS and the handshake (RFC 2595). Capabilities are forgotten: say CAPA again.
   *
   * @param options A signal.
   * @returns The reply; after `+OK` the connection is TLS, its certificate checked.
   * @throws {TlsError} If the handshake fails. Nothing secret was sent.
   * @throws {ProtocolError} If anything came behind the `+OK` in the clear.
   */
  stls(options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#turns.do(options.signal, async () => {
      this.#require("authorization", "STLS");
      if (this.connection.security !== "clear") throw local("STLS", "TLS is on already");
      const reply = await this.#exchange.say(STLS);
      if (reply.ok) await this.#upgrade();
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
    // RFC 2595 section 4: all that was said before may have been forged.
    this.#forget();
  }

  /**
   * USER (RFC 1939 section 7): the first half of a login.
   *
   * @param name The user.
   * @param options A signal.
   * @returns The reply.
   * @throws {Pop3LocalError} If the password to follow could be overheard.
   */
  user(name: string, options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#login("USER", options, () => this.#exchange.say(user(name)));
  }

  /**
   * PASS (RFC 1939 section 7): the second half of a login.
   *
   * @param password The password; blanks in it and at its ends are part of it.
   * @param options A signal.
   * @returns The reply.
   * @throws {Pop3LocalError} If the password could be overheard.
   */
  pass(password: Secret, options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#login("PASS", options, async () => {
      const reply = await sayPass(this.#exchange, password);
      if (reply.ok) this.#enter("USER");
      return reply;
    });
  }

  /**
   * APOP (RFC 1939 section 7): a login by a digest of the greeting's stamp.
   *
   * @param given User and password.
   * @param options A signal.
   * @returns The reply.
   * @throws {Pop3LocalError} If the greeting has no stamp, or the digest could be overheard.
   */
  apop(given: PasswordLogin, options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#login("APOP", options, async () => {
      const stamp = apopStamp(this.#greeting?.rest ?? "");
      if (stamp === undefined) throw local("APOP", "the greeting has no message identifier");
      const reply = await sayApop(this.#exchange, given, stamp);
      if (reply.ok) this.#enter("APOP");
      return reply;
    });
  }

  /**
   * AUTH (RFC 5034): logs in with the strongest mechanism that both sides know.
   *
   * @param given Credentials, or a mechanism of `sasl`.
   * @param options What is allowed, and a signal.
   * @returns The last reply, positive or not, and the mechanisms that were tried.
   * @throws {Pop3AuthError} If no mechanism can be used here, or the server did not prove itself.
   */
  auth(
    given: Credentials | SaslMechanism,
    options: Pop3AuthOptions & Pop3CallOptions = {},
  ): Promise<Pop3AuthResult> {
    return this.#authenticate(authenticate, given, options);
  }

  /**
   * Logs in as well as it can be done: AUTH with the strongest mechanism, else USER and PASS. APOP,
   * and USER although there is something better, are chosen by these names among the `mechanisms`.
   *
   * @param given Credentials, or a mechanism of `sasl`.
   * @param options What is allowed, and a signal.
   * @returns The last reply, positive or not, and the ways that were tried.
   * @throws {Pop3AuthError} If there is no way here, or the server did not prove itself.
   */
  login(
    given: Credentials | SaslMechanism,
    options: Pop3AuthOptions & Pop3CallOptions = {},
  ): Promise<Pop3AuthResult> {
    return this.#authenticate(logIn, given, options);
  }

  #authenticate(
    how: typeof logIn,
    given: Credentials | SaslMechanism,
    options: Pop3AuthOptions & Pop3CallOptions,
  ): Promise<Pop3AuthResult> {
    return this.#turns.do(options.signal, async () => {
      this.#require("authorization", "AUTH");
      const situation: LoginSituation = {
        exchange: this.#exchange,
        capabilities: this.#capabilities,
        greeting: this.#greeting?.rest ?? "",
        secure: this.secure,
      };
      const { allowCleartextAuth = this.#options.allowCleartextAuth } = options;
      const result = await how(situation, given, { ...options, allowCleartextAuth });
      if (result.reply.ok) this.#enter(result.tried.at(-1));
      return result;
    });
  }

  /**
   * UTF8 (RFC 6856): from now on mail may come with UTF-8 in its header. Before the login only.
   *
   * @param options A signal.
   * @returns The reply.
   * @throws {Pop3LocalError} If the session is logged in.
   */
  utf8(options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#turns.do(options.signal, () => {
      this.#require("authorization", "UTF8");
      return this.#exchange.say(UTF8);
    });
  }

  /**
   * LANG (RFC 6856): the languages in which the server can answer.
   *
   * @returns One line for each, the tag first.
   */
  lang(): Promise<Pop3Answer<readonly string[]>>;
  /**
   * LANG (RFC 6856): chooses the language of the answers.
   *
   * @param tag A language tag, or `*` for the server's choice.
   * @param options A signal.
   * @returns The reply.
   */
  lang(tag: string, options?: Pop3CallOptions): Promise<Pop3Reply>;
  lang(
    tag?: string,
    options: Pop3CallOptions = {},
  ): Promise<Pop3Reply | Pop3Answer<readonly string[]>> {
    return this.#turns.do<Pop3Reply | Pop3Answer<readonly string[]>>(options.signal, () => {
      const command = lang(tag);
      if (tag !== undefined) return this.#exchange.say(command);
      return ask(this.#exchange, command, () => this.#exchange.lines("LANG", this.#limits.lines));
    });
  }

  /**
   * STAT (RFC 1939 section 5): how many messages there are, without marked ones.
   *
   * @param options A signal.
   * @returns The count, and the octets as far as they are usable.
   */
  stat(options: Pop3CallOptions = {}): Promise<Pop3Answer<Pop3Stat>> {
    return this.#turns.do(options.signal, () => {
      this.#require("transaction", "STAT");
      return this.#maildrop.stat();
    });
  }

  /**
   * LIST (RFC 1939 section 5): the sizes of all messages that are not marked.
   *
   * @param no Undefined.
   * @param options A signal.
   * @returns One row for each message. Numbers may have gaps; sizes are hints.
   */
  list(no?: undefined, options?: Pop3CallOptions): Promise<Pop3Answer<readonly ListedSize[]>>;
  /**
   * LIST n (RFC 1939 section 5): the size of one message.
   *
   * @param no The message.
   * @param options A signal.
   * @returns Its row.
   */
  list(no: MsgNo, options?: Pop3CallOptions): Promise<Pop3Answer<ListedSize>>;
  list(
    no?: MsgNo,
    options: Pop3CallOptions = {},
  ): Promise<Pop3Answer<ListedSize | readonly ListedSize[]>> {
    return this.#turns.do<Pop3Answer<ListedSize | readonly ListedSize[]>>(options.signal, () => {
      this.#require("transaction", "LIST");
      const { numbers } = this.#maildrop;
      return no === undefined ? this.#maildrop.list() : this.#maildrop.sizeOf(numbers.check(no));
    });
  }

  /**
   * UIDL (RFC 1939 section 7): the unique-ids of all messages that are not marked. It is optional, and
   * worth a try where CAPA does not name it.
   *
   * @param no Undefined.
   * @param options A signal.
   * @returns One row for each message. Two may have the same unique-id.
   */
  uidl(no?: undefined, options?: Pop3CallOptions): Promise<Pop3Answer<readonly ListedUid[]>>;
  /**
   * UIDL n (RFC 1939 section 7): the unique-id of one message.
   *
   * @param no The message.
   * @param options A signal.
   * @returns Its row.
   */
  uidl(no: MsgNo, options?: Pop3CallOptions): Promise<Pop3Answer<ListedUid>>;
  uidl(
    no?: MsgNo,
    options: Pop3CallOptions = {},
  ): Promise<Pop3Answer<ListedUid | readonly ListedUid[]>> {
    return this.#turns.do<Pop3Answer<ListedUid | readonly ListedUid[]>>(options.signal, () => {
      this.#require("transaction", "UIDL");
      const { numbers } = this.#maildrop;
      return no === undefined ? this.#maildrop.uidl() : this.#maildrop.uidOf(numbers.check(no));
    });
  }

  /**
   * STAT, LIST and UIDL, in one flight where the server offers PIPELINING, and what they say together.
   *
   * @param options A signal.
   * @returns The snapshot; without unique-ids if UIDL is refused or makes no sense.
   * @throws {Pop3ReplyError} If STAT or LIST is refused or makes no sense.
   */
  snapshot(options: Pop3CallOptions = {}): Promise<Pop3Snapshot> {
    return this.#turns.do(options.signal, () => {
      this.#require("transaction", "LIST");
      return this.#maildrop.snapshot(this.#capabilities.pipelining);
    });
  }

  /**
   * TOP (RFC 1939 section 7) about one message.
   *
   * @param no The message.
   * @param lines How many lines of the body to ask for.
   * @param options A signal.
   * @returns Its header and the beginning of its body.
   */
  top(no: MsgNo, lines: number, options?: Pop3CallOptions): Promise<Pop3Answer<MessageTop>>;
  /**
   * TOP about many messages, in a window.
   *
   * @param numbers The messages.
   * @param lines How many lines of each body to ask for.
   * @param options The width of the window, and a signal.
   * @returns One result for each message, in their order.
   */
  top(
    numbers: Iterable<MsgNo>,
    lines: number,
    options?: Pop3WindowOptions,
  ): AsyncGenerator<Pop3Item<MessageTop>, void>;
  top(
    which: MsgNo | Iterable<MsgNo>,
    lines: number,
    options: Pop3WindowOptions = {},
  ): Promise<Pop3Answer<MessageTop>> | AsyncGenerator<Pop3Item<MessageTop>, void> {
    const plan = this.#plans.top(lines);
    if (!(which instanceof MsgNo)) return this.#inWindow(which, options, plan).results();
    return this.#turns.do(options.signal, () => {
      this.#require("transaction", "TOP");
      const command = plan.command(this.#maildrop.numbers.check(which));
      return ask(this.#exchange, command, () => plan.read(which));
    });
  }

  /**
   * RETR (RFC 1939 section 5): one message. Calls that come later wait until it is read; if nobody
   * has begun to read it by then, it is passed over.
   *
   * @param no The message.
   * @param options A signal, which holds until the message is read.
   * @returns The message, to be read.
   */
  async retr(no: MsgNo, options: Pop3CallOptions = {}): Promise<Pop3Answer<Pop3Message>> {
    using stack = new DisposableStack();
    stack.defer(await this.#turns.take());
    stack.use(this.#turns.abortable(options.signal));
    this.#require("transaction", "RETR");
    const plan = this.#plans.retr(() => turn.dispose());
    const command = plan.command(this.#maildrop.numbers.check(no));
    const answer = await ask(this.#exchange, command, () => plan.read(no));
    if (!answer.ok) return answer;
    // The turn ends when the message is read.
    stack.defer(() => this.#turns.message = undefined);
    const turn = stack.move();
    this.#turns.message = answer.value;
    return answer;
  }

  /**
   * RETR about many messages, in a window.
   *
   * Each message is to be read before the next is asked for; what is not read is passed over.
   *
   * @param numbers The messages.
   * @param options The width of the window, and a signal.
   * @returns One result for each message, in their order.
   */
  retrieve(
    numbers: Iterable<MsgNo>,
    options: Pop3WindowOptions = {},
  ): AsyncGenerator<Pop3Item<Pop3Message>, void> {
    return this.#inWindow(numbers, options, this.#plans.retr()).results();
  }

  /**
   * DELE (RFC 1939 section 5): marks one message. Nothing is deleted before
   * {@linkcode Pop3Session.commit}.
   *
   * @param no The message.
   * @param options A signal.
   * @returns The reply.
   */
  dele(no: MsgNo, options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#turns.do(options.signal, async () => {
      this.#require("transaction", "DELE");
      const plan = this.#plans.dele();
      const reply = await this.#exchange.say(plan.command(this.#maildrop.numbers.check(no)));
      if (reply.ok) await plan.read(no);
      return reply;
    });
  }

  /**
   * DELE about many messages, in a window. Nothing is deleted before {@linkcode Pop3Session.commit}.
   *
   * @param numbers The messages.
   * @param options The width of the window, and a signal.
   * @returns One result for each message, in their order.
   */
  async markDeleted(
    numbers: Iterable<MsgNo>,
    options: Pop3WindowOptions = {},
  ): Promise<readonly Pop3Item<MsgNo>[]> {
    return await this.#inWindow(numbers, options, this.#plans.dele()).all();
  }

  /**
   * RSET (RFC 1939 section 5): takes all marks back.
   *
   * @param options A signal.
   * @returns The reply.
   */
  rset(options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#turns.do(options.signal, () => {
      this.#require("transaction", "RSET");
      return this.#maildrop.rset();
    });
  }

  /**
   * NOOP (RFC 1939 section 5): is the server still there?
   *
   * @param options A signal.
   * @returns The reply.
   */
  noop(options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#turns.do(options.signal, () => this.#exchange.say(NOOP));
  }

  /**
   * Any other command, in the caller's words. DELE, RSET and QUIT act as their methods do.
   *
   * @param line The line without CRLF. Control characters are refused.
   * @param options Whether lines follow a positive status; a signal.
   * @returns The reply, and the lines if there are any.
   * @throws {Pop3LocalError} For verbs that change the session or carry a secret: they have methods.
   */
  async command(
    line: string,
    options: Pop3CallOptions & { readonly lines?: boolean } = {},
  ): Promise<Pop3RawAnswer> {
    const command = rawPop3Command(line);
    const { verb } = command;
    if (WITH_METHOD.has(verb)) {
      throw local(verb, `it has a method of its own: ${verb.toLowerCase()}()`);
    }
    if (verb === "RSET") return { reply: await this.rset(options) };
    if (verb === "QUIT") return { reply: await this.quit(options) };
    if (verb === "DELE") {
      const [, digits] = /^\S+ (\d{1,10})$/.exec(line) ?? [];
      if (digits === undefined) throw local(verb, "expected the number of a message behind it");
      return { reply: await this.dele(this.number(Number(digits)), options) };
    }
    return await this.#turns.do(options.signal, async () => {
      const reply = await this.#exchange.say(command);
      if (!reply.ok || !options.lines) return { reply };
      return { reply, lines: await this.#exchange.lines(verb, this.#limits.entries) };
    });
  }

  /**
   * QUIT (RFC 1939 section 6) and the end of the connection, for a session without marks.
   *
   * @param options A signal.
   * @returns The reply.
   * @throws {Pop3LocalError} If messages are marked: {@linkcode Pop3Session.commit} deletes them,
   *   {@linkcode Pop3Session.rollback} keeps them.
   */
  quit(options: Pop3CallOptions = {}): Promise<Pop3Reply> {
    return this.#turns.do(options.signal, async () => {
      const { size } = this.#maildrop.marked;
      if (size > 0) throw local("QUIT", `${size} messages are marked: commit() or rollback()`);
      try {
        return await this.#exchange.say(QUIT);
      } finally {
        this.close();
      }
    });
  }

  /**
   * Deletes what is marked: checks that STAT has that many messages less, says QUIT and waits for the
   * answer. The session is then over.
   *
   * It does not throw what the server or the connection does, but tells what is known of the messages.
   *
   * @param options What to do before QUIT is written, and a signal.
   * @returns What became of the marked messages.
   */
  async commit(options: CommitOptions = {}): Promise<CommitOutcome> {
    return await this.#turns.do(options.signal, async () => {
      using _session = { [Symbol.dispose]: () => this.close() };
      return await this.#maildrop.commit(options.beforeQuit);
    });
  }

  /**
   * Keeps what is marked: says RSET and, if that is accepted, QUIT. The session is then over.
   *
   * @param options A signal.
   * @returns What became of the marks; either way nothing is deleted.
   */
  async rollback(options: Pop3CallOptions = {}): Promise<RollbackOutcome> {
    return await this.#turns.do(options.signal, async () => {
      using _session = { [Symbol.dispose]: () => this.close() };
      return await this.#maildrop.rollback();
    });
  }

  /** Closes the connection at once, without QUIT: marks are void. */
  close(): void {
    const { channel } = this.#exchange;
    const { marked } = this.#maildrop;
    if (marked.size > 0) {
      channel.note("note", `${marked.size} marked messages were not committed: they stay`);
      marked.clear();
    }
    channel.close();
  }

  /** Closes the connection without QUIT. It never throws, and never deletes anything. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Forgets what the server offers. */
  #forget(): void {
    this.#offered = this.#capabilities = new Pop3Capabilities();
  }

  /** Is logged in. */
  #enter(way: string | undefined): void {
    this.#state = "transaction";
    this.#authenticated = way;
    // What was offered before may not hold any more, and much may be new (P38).
    this.#forget();
    const { keepAliveMs = Infinity } = this.#options;
    keepAlive(this.#exchange, this.#turns, keepAliveMs, () => this.noop());
  }

  #require(state: "authorization" | "transaction", verb: string): void {
    if (this.#state === state) return;
    throw local(
      verb,
      state === "transaction"
        ? "log in first"
        : this.#state === "transaction"
        ? "the session is logged in"
        : "there was no positive greeting",
    );
  }

  #login(
    verb: string,
    options: Pop3CallOptions,
    work: () => Promise<Pop3Reply>,
  ): Promise<Pop3Reply> {
    return this.#turns.do(options.signal, () => {
      this.#require("authorization", verb);
      if (!this.secure && !this.#options.allowCleartextAuth) {
        throw local(verb, "the connection is in clear; allow it by name with `allowCleartextAuth`");
      }
      return work();
    });
  }

  #inWindow<T>(
    numbers: Iterable<MsgNo>,
    { window = this.#window, signal }: Pop3WindowOptions,
    plan: MessagePlan<T>,
  ): CommandWindow<T> {
    const checked = Array.from(numbers, (no) => this.#maildrop.numbers.check(no));
    const width = checkWindow(window);
    return new CommandWindow(this.#exchange, checked, plan, {
      window: this.#capabilities.pipelining ? width : 1,
      enter: async (run) => {
        const stack = new DisposableStack();
        stack.defer(await this.#turns.take());
        stack.use(this.#turns.abortable(signal));
        this.#turns.run = run;
        stack.defer(() => this.#turns.run = undefined);
        return stack;
      },
    });
  }
}

/** Verbs that have methods: they change the session, or carry a secret. */
const WITH_METHOD: ReadonlySet<string> = new Set([
  "CAPA",
  "STLS",
  "USER",
  "PASS",
  "APOP",
  "AUTH",
  "UTF8",
]);

function local(verb: string, why: string): Pop3LocalError {
  return new Pop3LocalError(`Cannot say ${verb}: ${why}`);
}
