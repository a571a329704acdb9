/**
 * The calls of the typed builder that say the same as the steps of a dialogue.
 *
 * @module
 */

import { DEFAULT_MATCH } from "../text/parse_header.ts";
import { printTime } from "../text/parse_event.ts";
import { verbOf } from "../text/secret_places.ts";
import { joined, stuffed } from "../octets.ts";
import type {
  BlockStep,
  BytesStep,
  Codec,
  Dialogue,
  LineStep,
  ReplyStep,
  Step,
  Template,
} from "../step.ts";
import {
  asks,
  inlined,
  isCode,
  MECHANISMS,
  nested,
  NoCall,
  noCall,
  octets,
  outcomesOf,
  parameters,
  type Phase,
  plain,
  POP3_CALL,
  SMTP_CALLS,
  text,
  utf8,
  withoutHoles,
} from "./typescript_call.ts";
import { expectCalls } from "./typescript_reply.ts";
import { TextWriter, variable } from "./typescript_text.ts";

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

/** A command, and the octets that belong to it. */
interface Said {
  readonly line: LineStep;
  readonly chunk: BytesStep | undefined;
  /** How many steps they are. */
  readonly length: number;
}

/** Where the builder has groups of commands. */
const BATCHING: readonly Phase[] = ["ready", "mail", "rcpt", "transaction"];

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
        return this.#replies();
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
    return group.length > 1 ? this.#batch(group) : this.#single(step);
  }

  #single(step: LineStep): string[] {
    const whole = this.#startTls(step) ?? this.#login(step) ?? this.#data(step);
    if (whole !== undefined) return whole;
    const { chunk, length } = this.#said(0) ?? noCall();
    const call = this.#chunk(step, chunk);
    // More octets than were announced, or fewer: they are sent as they are.
    if (call === undefined && chunk !== undefined) return this.#raw();
    this.#next += length;
    const several = call !== undefined && this.#phase === "ready";
    return [call ?? this.#command(step), ...this.#replies({ several })];
  }

  /** A command, and the octets that belong to it. */
  #said(ahead: number): Said | undefined {
    const line = this.#peek("line", ahead);
    if (line === undefined || line.content) return undefined;
    const chunk = verbOf(line) === "BDAT" ? this.#peek("bytes", ahead + 1) : undefined;
    return { line, chunk, length: chunk === undefined ? 1 : 2 };
  }

  /** The commands that stand together. */
  #group(): readonly Said[] {
    const group: Said[] = [];
    let ahead = 0;
    for (let said = this.#said(0); said !== undefined; said = this.#said(ahead)) {
      group.push(said);
      ahead += said.length;
    }
    return group;
  }

  #batch(group: readonly Said[]): string[] {
    if (!BATCHING.includes(this.#phase)) return noCall();
    const first = this.#next + group.reduce((sum, { length }) => sum + length, 0);
    const calls = group.map(({ line, chunk }, index) => {
      const reply = this.#steps[first + index];
      if (reply?.kind !== "reply") return noCall();
      plain(line);
      const call = this.#chunk(line, chunk);
      if (call === undefined && chunk !== undefined) return noCall();
      return [call ?? this.#command(line, { batched: true }), ...this.#expect(reply)].join("");
    });
    this.#next = first + group.length;
    return [nested(".batch((b) => b", calls)];
  }

  /** BDAT with as many octets as it says, and a recipient; nothing if it is anything else. */
  #chunk(line: LineStep, chunk: BytesStep | undefined): string | undefined {
    if (verbOf(line) !== "BDAT") return undefined;
    const bytes = chunk === undefined ? new Uint8Array() : inlined(chunk);
    const said = withoutHoles(line.template, bytes.length);
    const [, size, last] = /^BDAT (\d+)( LAST)?$/i.exec(said) ?? [];
    const open = this.#phase === "rcpt" || this.#phase === "chunks";
    if (!open || size !== String(bytes.length)) return undefined;
    if (chunk !== undefined && (chunk.end !== line.end || chunk.stuffed)) return noCall();
    if (chunk !== undefined) plain(chunk);
    this.#phase = last === undefined ? "chunks" : "ready";
    this.#hello = this.#body = false;
    return `.bdat(${octets(bytes)}${last === undefined ? "" : ", { last: true }"})`;
  }

  #command(step: LineStep, { batched = false }: { readonly batched?: boolean } = {}): string {
    const password = this.#password(step.template);
    this.#hello = this.#body = false;
    if (password !== undefined) return password;
    const line = this.#texts.line(step.template);
    if (this.#dialogue.protocol === "pop3") return this.#pop3Command(line, batched);
    for (const { form, call, at, to } of SMTP_CALLS) {
      const found = form.exec(line);
      if (found === null || !at.includes(this.#phase)) continue;
      // RFC 2033 section 4.1: LMTP has a hello of its own. Each ends a group (RFC 2920 section 3.1).
      const lmtp = this.#dialogue.protocol === "lmtp";
      if (call.endsWith("lo") && (batched || (call === "lhlo") !== lmtp)) continue;
      const [, first, rest = ""] = found;
      const words = parameters(rest);
      if (words === undefined) continue;
      this.#phase = to ?? this.#phase;
      this.#hello = call === "ehlo" || call === "lhlo";
      const given = [first, ...words].flatMap((one) =>
        one === undefined ? [] : this.#texts.string(one)
      );
      return `.${call}(${given.join(", ")})`;
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

  #pop3Command(line: string, batched: boolean): string {
    const user = /^USER (.+)$/.exec(line)?.[1];
    if (user !== undefined && this.#phase !== "transaction") {
      return `.user(${this.#texts.string(user)})`;
    }
    // Neither is among the calls of a batch.
    if (line === "QUIT" && !batched) return ".quit()";
    if (line === "CAPA" && !batched) {
      this.#hello = true;
      return ".capa()";
    }
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
    this.#phase = this.#dialogue.protocol === "pop3" ? "greeting" : "hello";
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
    if (value === undefined || this.#phase !== at || !Object.hasOwn(MECHANISMS, mechanism)) {
      return noCall();
    }
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
      const part = this.#contentPart(ahead);
      if (part === undefined) return undefined;
      if (part !== ".") {
        content += part;
        continue;
      }
      this.#next += ahead + 1;
      this.#phase = "ready";
      return [`.data(${text(content)})`, ...this.#replies({ several: true })];
    }
  }

  /** A line of content, or several, without the dots that `data()` doubles; the lone dot as it is. */
  #contentPart(ahead: number): string | undefined {
    const inline = this.#peek("bytes", ahead);
    if (inline?.end === "C" && inline.stuffed) {
      plain(inline);
      return utf8(inlined(inline))?.replace(/[^\n]$/, "$&\r\n");
    }
    const line = this.#peek("line", ahead);
    const [part, more] = line?.template ?? [];
    if (line?.content !== true || more !== undefined) return undefined;
    if (part === undefined) return "\r\n";
    if (part.kind !== "text") return undefined;
    if (part.text === ".") return ".";
    // A single dot cannot come of a content that is stuffed.
    return /^\.(?!\.)/.test(part.text) ? undefined : `${part.text.replace(/^\./, "")}\r\n`;
  }

  /** Octets and lines of content that stand together; a command that belongs to them before. */
  #raw(): string[] {
    const said: Uint8Array[] = [];
    for (;; this.#next++) {
      const step = this.#steps[this.#next];
      if (step?.kind === "bytes" && step.end === "C") {
        const bytes = inlined(step);
        said.push(step.stuffed ? stuffed(bytes) : bytes);
      } else if (step?.kind === "line" && step.end === "C" && (step.content || said.length === 0)) {
        const chunk = this.#peek("bytes", 1);
        const line = withoutHoles(step.template, chunk === undefined ? 0 : inlined(chunk).length);
        said.push(new TextEncoder().encode(`${line}\r\n`));
      } else break;
      plain(step);
    }
    const answered = this.#peek("reply") !== undefined || this.#peek("block") !== undefined;
    const call = `.raw(${octets(joined(said))})`;
    return [call, ...(answered ? this.#replies({ several: true }) : [])];
  }

  // Replies

  /** The replies that follow a command, or a choice between them. */
  #replies({ several = false }: { readonly several?: boolean } = {}): string[] {
    const calls: string[] = [];
    for (let reply = this.#peek("reply"); reply !== undefined; reply = this.#peek("reply")) {
      if (calls.length > 0 && !several) return noCall();
      this.#next++;
      calls.push(...this.#expect(reply));
    }
    if (calls.length > 0) return calls;
    const block = this.#peek("block");
    const outcomes = block?.how === "alt" ? outcomesOf(block) : undefined;
    // The builder expects the success of its own accord where nothing is written.
    if (outcomes === undefined) return noCall();
    this.#next++;
    return [`.expect({ ${outcomes.map(([code, name]) => `${code}: ${text(name)}`).join(", ")} })`];
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
    const parameters = loop === undefined ? "(d)" : `(d, ${variable(loop)})`;
    return [nested(`.each(${items}, ${parameters} => d`, calls)];
  }
}
