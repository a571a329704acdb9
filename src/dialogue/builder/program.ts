/**
 * The one class behind the phases of the builder. Which of its methods there are in a phase, and what
 * they give, is said by the types of the phases.
 *
 * @module
 */

import type { Acceptor, Connection } from "../../wire/mod.ts";
import type { ServeDialogueOptions } from "../options.ts";
import { DEFAULT_MATCH } from "../text/parse_header.ts";
import { stuffed } from "../octets.ts";
import { runDialogue } from "../engine/play.ts";
import { printDialogue } from "../text/print.ts";
import type { DialogueReply, DialogueResult } from "../result.ts";
import { serveDialogue } from "../engine/serve.ts";
import type { Dialogue, DialogueProtocol, ReplyLevel, Step, Template } from "../step.ts";
import { literal } from "../template.ts";
import { octetsOf } from "./answers.ts";
import { type Expected, filled, milliseconds, pathOf, whole, word } from "./arguments.ts";
import { checkText } from "./builder_text.ts";
import { itemsOf } from "./chain.ts";
import { eachMessage } from "./each_message.ts";
import {
  begin,
  closed,
  exchange,
  expectLines,
  expectOffers,
  expectReply,
  HOST,
  labelReply,
  limitReply,
  lineStep,
  matchReply,
  nextPlace,
  pass,
  passTime,
  say,
  sayOctets,
  type Verb,
} from "./exchanges.ts";
import type { ProgramPhase } from "./program_types.ts";
import type { MessageChoice } from "./pop3_phases.ts";
import { type LiveStep, type ProgramData, withSecret, withUser } from "./program_data.ts";
import type {
  DialogueLogin,
  DialogueSecret,
  PasswordMechanism,
  RunProgramOptions,
} from "./program_types.ts";
import { batchOf, eachItem } from "./turns.ts";

/** A reply that names its server. */
const GREETS: Verb = { codes: ["250"], text: HOST, to: "ready" };

/** A program at any of its phases. It is never changed. */
export class Program {
  readonly #data: ProgramData;

  private constructor(data: ProgramData) {
    this.#data = data;
  }

  static begin(protocol: DialogueProtocol, name: string): Program {
    return new Program(begin(protocol, name));
  }

  get protocol(): DialogueProtocol {
    return this.#data.protocol;
  }

  get phase(): ProgramPhase {
    return this.#data.phase;
  }

  get captures(): ProgramData["captures"] {
    return this.#data.captures;
  }

  get outcomes(): readonly string[] {
    return this.#data.outcomes;
  }

  get serialisable(): boolean {
    return this.#data.live.length === 0;
  }

  // What is said of the reply before

  expect(expected: Expected, text?: string): Program {
    return new Program(expectReply(this.#data, expected, text, false));
  }

  soft(expected: Expected, text?: string): Program {
    return new Program(expectReply(this.#data, expected, text, true));
  }

  within(time: string): Program {
    return new Program(limitReply(this.#data, time));
  }

  match(level: ReplyLevel): Program {
    return new Program(matchReply(this.#data, level));
  }

  label(name: string): Program {
    return new Program(labelReply(this.#data, name));
  }

  caps({ has = [], not = [] }: { has?: readonly string[]; not?: readonly string[] }): Program {
    return new Program(expectOffers(this.#data, has, not));
  }

  lines(lines: readonly string[]): Program {
    return new Program(expectLines(this.#data, lines));
  }

  // Commands of any session

  command(line: string): Program {
    return this.#say(line, /^DATA$/i.test(line) ? { codes: ["354"] } : {});
  }

  noop(): Program {
    return this.#say("NOOP");
  }

  rset(): Program {
    return this.#say("RSET", this.#smtp ? { to: this.#in("ready") } : {});
  }

  quit(): Program {
    return this.#say("QUIT", this.#smtp ? { codes: ["221", "2xx"] } : { to: "closed" });
  }

  startTls(): Program {
    return this.#smtp
      ? this.#say("STARTTLS", { codes: ["220"], then: "tls", to: "hello" })
      : this.#say("STLS", { then: "tls" });
  }

  auth(mechanism: PasswordMechanism, { user, password }: DialogueLogin): Program {
    const { data, name } = withUser(withSecret(this.#data, password), user);
    const at = nextPlace(data);
    const step: Step = { kind: "auth", mechanism, user: name, secret: password.name, at };
    const verb: Verb = this.#smtp ? { codes: ["235", "2xx"] } : { to: "transaction" };
    return new Program(exchange(data, `AUTH ${mechanism}`, [step], verb));
  }

  // Commands of SMTP

  ehlo(name: string): Program {
    return this.#say(`EHLO ${word(name)}`, { ...GREETS, rows: "offers" });
  }

  helo(name: string): Program {
    return this.#say(`HELO ${word(name)}`, GREETS);
  }

  lhlo(name: string): Program {
    return this.#say(`LHLO ${word(name)}`, { ...GREETS, rows: "offers" });
  }

  mail(from: string | null, ...parameters: readonly string[]): Program {
    const words = ["MAIL", `FROM:${pathOf(from ?? "")}`, ...parameters.map(word)];
    return this.#say(words.join(" "), { to: this.#in("mail") });
  }

  rcpt(to: string, ...parameters: readonly string[]): Program {
    const words = ["RCPT", `TO:${pathOf(filled(to))}`, ...parameters.map(word)];
    return this.#say(words.join(" "), { to: this.#in("rcpt"), then: "recipient" });
  }

  data(content: string | Uint8Array): Program {
    return this.#say("DATA", {
      then: { content: stuffed(octetsOf(content)) },
      several: this.protocol === "lmtp",
      to: this.phase.startsWith("batch") ? "batch sent" : "ready",
    });
  }

  bdat(chunk: string | Uint8Array, { last = false }: { readonly last?: boolean } = {}): Program {
    const from = octetsOf(chunk);
    const line = `BDAT ${from.length}${last ? " LAST" : ""}`;
    const at = nextPlace(this.#data);
    const bytes: Step = { kind: "bytes", end: "C", from, stuffed: false, at };
    const said = [lineStep(this.#data, literal(line)), ...from.length > 0 ? [bytes] : []];
    const several = last && this.protocol === "lmtp";
    return new Program(
      exchange(this.#data, line, said, { several, to: this.#in(last ? "ready" : "chunks") }),
    );
  }

  vrfy(who: string): Program {
    return this.#say(`VRFY ${filled(who)}`);
  }

  expn(list: string): Program {
    return this.#say(`EXPN ${filled(list)}`);
  }

  help(topic?: string): Program {
    const line = topic === undefined ? "HELP" : `HELP ${filled(topic)}`;
    return this.#say(line, { codes: ["214", "2xx"] });
  }

  // Commands of POP3

  capa(): Program {
    return this.#say("CAPA", { rows: "offers" });
  }

  user(name: string): Program {
    return this.#say(`USER ${filled(name)}`);
  }

  pass(password: DialogueSecret): Program {
    const hole = { kind: "hole", name: password.name, int: false } as const;
    return this.#login([...literal("PASS "), hole], password);
  }

  apop({ user, password, stamp }: DialogueLogin & { readonly stamp: string }): Program {
    if (this.captures[stamp] !== "string") {
      throw new TypeError(`Cannot say APOP: no text before takes "${stamp}"`);
    }
    checkText(user);
    const value = { codec: "apop", stamp, secret: password.name } as const;
    return this.#login([...literal(`APOP ${word(user)} `), { kind: "codec", value }], password);
  }

  #login(line: Template, password: DialogueSecret): Program {
    const data = withSecret(this.#data, password);
    return new Program(exchange(data, "the login", [lineStep(data, line)], { to: "transaction" }));
  }

  stat(): Program {
    return this.#say("STAT");
  }

  list(number?: number): Program {
    return this.#listing("LIST", number);
  }

  uidl(number?: number): Program {
    return this.#listing("UIDL", number);
  }

  #listing(verb: string, number: number | undefined): Program {
    if (number === undefined) return this.#say(verb, { rows: "body" });
    return this.#say(`${verb} ${whole(number, 1)}`);
  }

  retr(number: number): Program {
    return this.#say(`RETR ${whole(number, 1)}`, { rows: "body" });
  }

  top(number: number, lines: number): Program {
    return this.#say(`TOP ${whole(number, 1)} ${whole(lines, 0)}`, { rows: "body" });
  }

  dele(number: number): Program {
    return this.#say(`DELE ${whole(number, 1)}`);
  }

  #say(line: string, verb: Verb = {}): Program {
    return new Program(say(this.#data, line, verb));
  }

  get #smtp(): boolean {
    return this.protocol !== "pop3";
  }

  /** A phase, in a batch if this is one. */
  #in(phase: "ready" | "mail" | "rcpt" | "chunks"): ProgramPhase {
    return this.phase.startsWith("batch") ? `batch ${phase}` : phase;
  }

  // What is no command

  raw(octets: string | Uint8Array): Program {
    return new Program(sayOctets(this.#data, octetsOf(octets)));
  }

  pause(time: string): Program {
    const at = nextPlace(this.#data);
    const step: Step = { kind: "pause", end: "C", ms: milliseconds(time), at };
    return new Program(passTime(this.#data, step));
  }

  silence(time: string): Program {
    const at = nextPlace(this.#data);
    const step: Step = { kind: "silence", end: "S", ms: milliseconds(time), at };
    return new Program(passTime(this.#data, step));
  }

  expectClose(): Program {
    return new Program(pass(this.#data, { kind: "close", end: "S", at: nextPlace(this.#data) }));
  }

  // Calls in between, and functions

  each<T>(
    items: readonly T[],
    turn: (program: Program, item: T, index: number) => unknown,
  ): Program {
    return new Program(
      eachItem(this.#data, items, (data, item, index) => {
        return Program.#dataOf(turn(new Program(data), item, index));
      }),
    );
  }

  batch(group: (program: Program) => unknown): Program {
    return new Program(batchOf(this.#data, (data) => Program.#dataOf(group(new Program(data)))));
  }

  /** What a program holds; nothing if the value is none. */
  static #dataOf(value: unknown): ProgramData | undefined {
    return value instanceof Program ? value.#data : undefined;
  }

  tap(look: (reply: DialogueReply) => void | Promise<void>): Program {
    return this.#alive(closed(this.#data), async (replies) => {
      const reply = replies.at(-1);
      if (reply !== undefined) await look(reply);
      return undefined;
    });
  }

  eachMessage(
    choose: (message: MessageChoice) => "keep" | "dele" | Promise<"keep" | "dele">,
  ): Program {
    const at = nextPlace(this.#data);
    return this.#alive(closed(this.list().#data), eachMessage(choose, at));
  }

  #alive(data: ProgramData, act: LiveStep["act"]): Program {
    const after = data.steps?.last;
    if (after === undefined) throw new TypeError("Cannot look at a reply: there is none before");
    return new Program({ ...data, live: [...data.live, { after, act }] });
  }

  // What becomes of it

  toDialogue(): Dialogue {
    if (this.serialisable) return this.#dialogue;
    throw new TypeError("Cannot write the program as a dialogue: it holds a function");
  }

  toText(): string {
    return printDialogue(this.toDialogue());
  }

  async run({ dryRun = false, onStep, ...options }: RunProgramOptions): Promise<DialogueResult> {
    const { live } = this.#data;
    const acting = async (step: Step, replies: readonly DialogueReply[]): Promise<Step[]> => {
      const steps: Step[] = [];
      for (const { after, act } of live) {
        if (after === step) steps.push(...await act(replies, dryRun) ?? []);
      }
      return [...steps, ...await onStep?.(step, replies) ?? []];
    };
    return await runDialogue(this.#dialogue, { ...options, onStep: acting });
  }

  async serve(
    over: Acceptor | Connection,
    options: ServeDialogueOptions = {},
  ): Promise<readonly DialogueResult[]> {
    return await serveDialogue(this.toDialogue(), over, options);
  }

  /** The program as data, its functions left out. */
  get #dialogue(): Dialogue {
    const { protocol, name, users, secrets, steps } = closed(this.#data);
    return {
      schema: "mailwright-dialogue/1",
      protocol,
      name,
      vars: users,
      secrets,
      match: DEFAULT_MATCH,
      require: [],
      fragment: false,
      steps: itemsOf(steps),
      on: [],
    };
  }
}
