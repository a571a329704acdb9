/**
 * The calls of the typed builder that say the same as the steps of a dialogue.
 *
 * @module
 */

import { DEFAULT_MATCH } from "../text/parse_header.ts";
import { printTime } from "../text/parse_event.ts";
import { verbOf } from "../text/secret_places.ts";
import type { BlockStep, Codec, Dialogue, LineStep, ReplyStep, Step, Template } from "../step.ts";
import {
  asks,
  escaped,
  isCode,
  NoCall,
  noCall,
  octets,
  outcomesOf,
  type Phase,
  plain,
  POP3_CALL,
  SMTP_CALLS,
  text,
} from "./typescript_call.ts";
import { expectCalls } from "./typescript_reply.ts";
import { TextWriter } from "./typescript_text.ts";

/** Calls of the builder, and what they need beside it. */
export interface Chain {
  /** One call for each line. */
  readonly calls: readonly string[];
  /** Other names to import. */
  readonly imports: readonly string[];
}

/** The calls of a dialogue; nothing if the builder cannot say it. */
export function chainOf(dialogue: Dialogue): Chain | undefined {
  const { match, timeout, require, fragment, on } = dialogue;
  const plain = match.server === DEFAULT_MATCH.server && match.client === DEFAULT_MATCH.client;
  if (!plain || timeout !== undefined || fragment || require.length + on.length > 0) {
    return undefined;
  }
  try {
    const writer = new ChainWriter(dialogue);
    const calls = writer.steps(dialogue.steps);
    return { calls, imports: writer.secrets ? ["secret"] : [] };
  } catch (error) {
    if (error instanceof NoCall) return undefined;
    throw error;
  }
}

class ChainWriter {
  readonly #dialogue: Dialogue;
  readonly #texts: TextWriter;
  readonly #root: ChainWriter;
  /** Whether the code needs `secret`. */
  secrets = false;
  #phase: Phase = "greeting";
  /** Whether something stands before that is no waiting. */
  #spoken = false;
  /** Whether the last command has the server say what it offers. */
  #hello = false;
  /** Whether the last command has a body that the builder can describe. */
  #body = false;
  #steps: readonly Step[] = [];
  #next = 0;

  constructor(dialogue: Dialogue, parent?: ChainWriter, loop?: string) {
    this.#dialogue = dialogue;
    this.#root = parent === undefined ? this : parent.#root;
    this.#phase = parent === undefined ? "greeting" : parent.#phase;
    this.#spoken = parent !== undefined;
    this.#texts = parent === undefined ? new TextWriter(dialogue) : parent.#texts.inside(loop);
  }

  steps(steps: readonly Step[]): string[] {
    this.#steps = steps;
    const calls: string[] = [];
    for (this.#next = 0; this.#next < steps.length;) calls.push(...this.#step());
    return calls;
  }

  #peek<K extends Step["kind"]>(kind: K, ahead = 0): (Step & { readonly kind: K }) | undefined {
    const step = this.#steps[this.#next + ahead];
    return step?.kind === kind ? step as Step & { readonly kind: K } : undefined; // just compared
  }

  #step(): string[] {
    const step = this.#steps[this.#next];
    if (step === undefined) return noCall();
    if (step.kind !== "reply" && step.kind !== "block") plain(step);
    switch (step.kind) {
      case "reply":
        // Only the greeting has no command before it; all others are taken with theirs.
        if (this.#spoken) return noCall();
        this.#spoken = true;
        return this.#reply();
      case "line":
        return this.#line(step);
      case "bytes":
        return step.end === "C" ? this.#raw() : noCall();
      case "auth":
        this.#next++;
        return [this.#auth(step.mechanism, step.user, step.secret), ...this.#replies()];
      case "silence":
      case "pause":
        if (step.end !== (step.kind === "silence" ? "S" : "C")) return noCall();
        this.#next++;
        return [`.${step.kind}(${text(printTime(step.ms))})`];
      case "close":
        if (step.end !== "S") return noCall();
        this.#next++;
        return [".expectClose()"];
      case "block":
        return this.#block(step);
      default:
        return noCall();
    }
  }

  // Commands

  #line(step: LineStep): string[] {
    if (step.end !== "C") return noCall();
    if (step.content) return this.#raw();
    this.#spoken = true;
    const group = this.#group();
    if (group > 1) return this.#batch(group);
    return this.#single(step);
  }

  #single(step: LineStep): string[] {
    const whole = this.#startTls(step) ?? this.#login(step) ?? this.#data(step);
    if (whole !== undefined) return whole;
    this.#next++;
    return [this.#command(step), ...this.#replies()];
  }

  /** How many commands stand together. */
  #group(): number {
    let count = 0;
    while (this.#peek("line", count)?.content === false) count++;
    return count;
  }

  #batch(count: number): string[] {
    const commands = this.#steps.slice(this.#next, this.#next + count);
    const inner: string[] = [];
    commands.forEach((step, index) => {
      const reply = this.#peek("reply", count + index);
      if (step.kind !== "line" || reply === undefined) noCall();
      plain(step);
      inner.push(this.#command(step), ...this.#expect(reply));
    });
    this.#next += 2 * count;
    return [`.batch((b) => b${inner.join("")})`];
  }

  #command(step: LineStep): string {
    const password = this.#password(step.template);
    this.#hello = this.#body = false;
    if (password !== undefined) return password;
    const line = this.#texts.line(step.template);
    if (this.#dialogue.protocol === "pop3") return this.#pop3Command(line);
    for (const { form, call, at, to } of SMTP_CALLS) {
      const found = form.exec(line);
      if (found === null || !at.includes(this.#phase)) continue;
      // RFC 2033 section 4.1: LMTP has a hello of its own.
      if (call.endsWith("lo") && (call === "lhlo") !== (this.#dialogue.protocol === "lmtp")) {
        continue;
      }
      this.#phase = to ?? this.#phase;
      this.#hello = call === "ehlo" || call === "lhlo";
      return `.${call}(${found[1] === undefined ? "" : this.#texts.string(found[1])})`;
    }
    return `.command(${this.#texts.string(line)})`;
  }

  /** PASS with a secret: the one command of which a secret may be a part. */
  #password(template: Template): string | undefined {
    const [part, hole, more] = template;
    if (this.#dialogue.protocol !== "pop3" || more !== undefined) return undefined;
    if (part?.kind !== "text" || part.text !== "PASS " || hole?.kind !== "hole") return undefined;
    // Behind a login there is no other.
    if (this.#phase === "transaction") return noCall();
    this.#phase = "transaction";
    return `.pass(${this.#secret(hole.name)})`;
  }

  #pop3Command(line: string): string {
    const user = /^USER (.+)$/.exec(line)?.[1];
    if (user !== undefined && this.#phase !== "transaction") {
      return `.user(${this.#texts.string(user)})`;
    }
    if (line === "QUIT") return ".quit()";
    const [, verb, one, number, top, lines] = POP3_CALL.exec(line) ?? [];
    if (this.#phase !== "transaction") return `.command(${this.#texts.string(line)})`;
    this.#body = top !== undefined || /^(?:LIST|UIDL|RETR)$/.test(verb ?? one ?? "");
    if (verb !== undefined) return `.${verb.toLowerCase()}()`;
    if (one !== undefined) return `.${one.toLowerCase()}(${number})`;
    return top === undefined ? `.command(${this.#texts.string(line)})` : `.top(${top}, ${lines})`;
  }

  /** STARTTLS, its reply, and TLS are one call. */
  #startTls(step: LineStep): string[] | undefined {
    const reply = this.#peek("reply", 1);
    if (!/^(?:STARTTLS|STLS)$/.test(verbOf(step)) || reply === undefined) return undefined;
    const accepted = this.#dialogue.protocol === "pop3" ? "+OK" : "220";
    if (this.#peek("tls", 2) === undefined || !isCode(reply, accepted)) return undefined;
    if (this.#phase !== "ready" && this.#phase !== "greeting") return noCall();
    this.#next += 3;
    this.#phase = "hello";
    return [".startTls()"];
  }

  /** AUTH with the lines that its mechanism has is one call. */
  #login(step: LineStep): string[] | undefined {
    const [first, second, more] = step.template;
    if (verbOf(step) !== "AUTH" || first?.kind !== "text" || more !== undefined) return undefined;
    const plainWords = /^AUTH PLAIN $/i.test(first.text) && second?.kind === "codec"
      ? second.value
      : undefined;
    if (plainWords?.codec === "plain") {
      this.#next++;
      return [this.#auth("PLAIN", plainWords.user, plainWords.secret), ...this.#replies()];
    }
    if (!/^AUTH LOGIN$/i.test(first.text) || second !== undefined) return undefined;
    const user = this.#encoded(2);
    const password = this.#encoded(4);
    if (user === undefined || password === undefined) return undefined;
    if (!asks(this.#peek("reply", 1)) || !asks(this.#peek("reply", 3))) return undefined;
    this.#next += 5;
    return [this.#auth("LOGIN", user.name, password.name), ...this.#replies()];
  }

  #encoded(ahead: number): (Codec & { readonly codec: "b64" }) | undefined {
    const [part, more] = this.#peek("line", ahead)?.template ?? [];
    if (part?.kind !== "codec" || part.value.codec !== "b64" || more !== undefined) {
      return undefined;
    }
    return part.value;
  }

  #auth(mechanism: string, user: string, secret: string): string {
    const value = this.#dialogue.vars[user];
    const at = this.#dialogue.protocol === "pop3" ? "greeting" : "ready";
    if (value === undefined || this.#phase !== at) return noCall();
    if (this.#dialogue.protocol === "pop3") this.#phase = "transaction";
    return `.auth(${text(mechanism)}, { user: ${text(value)}, password: ${this.#secret(secret)} })`;
  }

  #secret(name: string): string {
    const declared = this.#dialogue.secrets.find((each) => each.name === name);
    if (declared === undefined) return noCall();
    this.#root.secrets = true;
    const sample = declared.sample === undefined ? "" : `, { sample: ${text(declared.sample)} }`;
    return `secret(${text(name)}${sample})`;
  }

  /** DATA, 354 and content that can be un-stuffed are one call. */
  #data(step: LineStep): string[] | undefined {
    const reply = this.#peek("reply", 1);
    if (verbOf(step) !== "DATA" || this.#phase !== "rcpt" || step.template.length > 1) {
      return undefined;
    }
    if (reply === undefined || !isCode(reply, "354")) return undefined;
    let content = "";
    for (let ahead = 2;; ahead++) {
      const line = this.#peek("line", ahead);
      const [part, more] = line?.template ?? [];
      if (line?.content !== true || part?.kind === "hole" || more !== undefined) return undefined;
      const said = part?.kind === "text" ? part.text : "";
      if (part !== undefined && part.kind !== "text") return undefined;
      if (said === ".") {
        this.#next += ahead + 1;
        this.#phase = "ready";
        return [`.data(${this.#texts.string(escaped(content))})`, ...this.#replies()];
      }
      // A single dot cannot come of a content that is stuffed.
      if (/^\.(?!\.)/.test(said)) return undefined;
      content += `${said.replace(/^\./, "")}\r\n`;
    }
  }

  /** Octets and lines of content that stand together. */
  #raw(): string[] {
    let said = "";
    for (;; this.#next++) {
      const step = this.#steps[this.#next];
      if (step?.kind === "bytes" && step.end === "C") said += octets(step);
      else if (step?.kind === "line" && step.end === "C" && (step.content || said === "")) {
        const [part, more] = step.template;
        if (!step.content || more !== undefined || (part && part.kind !== "text")) return noCall();
        said += `${part?.text ?? ""}\r\n`;
      } else break;
      plain(step);
    }
    const answered = this.#peek("reply") !== undefined || this.#peek("block") !== undefined;
    return [`.raw(${text(said)})`, ...(answered ? this.#replies() : [])];
  }

  // Replies

  /** The replies that follow a command, or a choice between them. */
  #replies(): string[] {
    if (this.#peek("reply") !== undefined) return this.#reply();
    const block = this.#peek("block");
    const outcomes = block?.how === "alt" ? outcomesOf(block) : undefined;
    // The builder expects the success of its own accord where nothing is written.
    if (outcomes === undefined) return noCall();
    this.#next++;
    return [`.expect({ ${outcomes.map(([code, name]) => `${code}: ${text(name)}`).join(", ")} })`];
  }

  #reply(): string[] {
    const reply = this.#peek("reply");
    if (reply === undefined) return noCall();
    this.#next++;
    const calls = this.#expect(reply);
    if (this.#peek("reply") !== undefined) return noCall();
    return calls;
  }

  #expect(reply: ReplyStep): string[] {
    return expectCalls(reply, {
      pop3: this.#dialogue.protocol === "pop3",
      offers: this.#hello,
      body: this.#body,
      texts: this.#texts,
    });
  }

  // Blocks

  #block(step: BlockStep): string[] {
    plain(step);
    if (step.how !== "repeat" && step.how !== "each") return noCall();
    const loop = step.how === "each" ? step.name : undefined;
    const inner = new ChainWriter(this.#dialogue, this, loop);
    const calls = inner.steps(step.arms[0]);
    this.#phase = inner.#phase;
    this.#next++;
    const items = step.how === "each"
      ? `[${step.values.map(text).join(", ")}]`
      : `Array.from({ length: ${step.count} })`;
    const parameters = loop === undefined ? "(d)" : `(d, ${loop})`;
    return [`.each(${items}, ${parameters} => d${calls.join("")})`];
  }
}
