/**
 * Logins in a recording. A transcript shows holes where secrets were: only at their own places is a hole
 * read as one, anywhere else it is text that somebody said.
 *
 * @module
 */

import type {
  DialogueProtocol,
  Position,
  SecretDeclaration,
  Step,
  Template,
  TemplatePart,
} from "../step.ts";
import { literal, namesOf, parseTemplate } from "../template.ts";

/** The holes that transcripts show. */
const SHOWN =
  /^\$\{(?:[A-Za-z][A-Za-z0-9_]*|b64 \w+|plain \w+ \w+|xoauth2 \w+ \w+|cram \w+ \w+ \w+|apop \w+ \w+)\}$/;
/** What stands where no hole says what it was. */
const HIDDEN = "${hidden}";
/** What a name is bound to that the transcript does not tell. */
const SAMPLE = "user@example.test";

/** Watches for logins. */
export class RecordedLogin {
  readonly #protocol: DialogueProtocol;
  readonly #at: Position;
  readonly #vars = new Map<string, string>();
  readonly #secrets = new Set<string>();
  /** The mechanism of the exchange that is under way. */
  #mechanism: string | undefined;
  #challenged = false;
  #stamped = false;

  /**
   * Begins to watch.
   *
   * @param protocol What is spoken.
   * @param at Where steps are said to stand.
   */
  constructor(protocol: DialogueProtocol, at: Position) {
    this.#protocol = protocol;
    this.#at = at;
  }

  /** The names that are no secrets, with samples. */
  get vars(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#vars);
  }

  /** The secrets, without values. */
  get secrets(): readonly SecretDeclaration[] {
    return [...this.#secrets].map((name) => ({ name }));
  }

  /**
   * A line of the client.
   *
   * @param text The line, as it was shown.
   * @returns Its form.
   */
  command(text: string): Template {
    if (this.#challenged) {
      this.#challenged = false;
      return text === "*" || text === "" ? literal(text) : this.#hole(text);
    }
    const auth = /^AUTH +(\S+)(?: +(.+))?$/i.exec(text);
    this.#mechanism = auth?.[1]?.toUpperCase();
    if (auth !== null) {
      const [, mechanism = "", initial] = auth;
      const command = `AUTH ${mechanism}`;
      if (initial === undefined) return literal(command);
      return [...literal(`${command} `), ...(initial === "=" ? literal("=") : this.#hole(initial))];
    }
    return this.#protocol === "pop3" ? this.#pop3(text) : literal(text);
  }

  #pop3(text: string): Template {
    const [, verb = "", rest = ""] = /^(USER|PASS|APOP) +(.+)$/i.exec(text) ?? [];
    const before = literal(`${verb} `);
    switch (verb.toUpperCase()) {
      case "USER":
        return [...before, ...this.#user(rest.trimEnd())];
      case "PASS":
        return [...before, ...this.#secret("pass")];
      case "APOP": {
        const [, user] = /^(\S+) +\S/.exec(rest) ?? [];
        if (user === undefined) return literal(text);
        const digest = this.#digest();
        return [...before, ...this.#user(user), ...literal(" "), digest];
      }
      default:
        return literal(text);
    }
  }

  /** Without a stamp nobody can tell what was digested. */
  #digest(): TemplatePart {
    if (!this.#stamped) return { kind: "any", sample: "0".repeat(32) };
    this.#secrets.add("pass");
    return { kind: "codec", value: { codec: "apop", stamp: "stamp", secret: "pass" } };
  }

  #user(text: string): Template {
    this.#vars.set("user", text.startsWith("${") ? SAMPLE : text);
    return [{ kind: "hole", name: "user", int: false }];
  }

  #secret(name: string): Template {
    this.#secrets.add(name);
    return [{ kind: "hole", name, int: false }];
  }

  /** An answer: a hole as it was shown, or one that hides it. */
  #hole(text: string): Template {
    if (text === HIDDEN || !SHOWN.test(text)) return [HIDDEN_PART];
    const template = parseTemplate(text);
    for (const part of template) if (part.kind !== "text") this.#declare(part);
    return template;
  }

  #declare(part: Exclude<TemplatePart, { kind: "text" }>): void {
    const secret = /^(?:pass|password|token|secret)/i;
    for (const [index, name] of namesOf(part).entries()) {
      const codec = part.kind === "codec" ? part.value.codec : "";
      const last = index === namesOf(part).length - 1;
      const alone = codec === "b64" || codec === "";
      if (alone ? secret.test(name) : last) this.#secrets.add(name);
      else if (name !== "challenge" && name !== "stamp") this.#vars.set(name, SAMPLE);
    }
  }

  /**
   * The text of a reply line.
   *
   * @param text The text behind the code.
   * @param greeting Whether it is the greeting.
   * @returns Its form: what a login needs of it is captured.
   */
  reply(text: string, greeting: boolean): Template {
    // "<" in base64, and what may follow it in ASCII.
    if (this.#mechanism === "CRAM-MD5" && /^P[A-H][A-Za-z0-9+/]+={0,2}$/.test(text)) {
      return [{ kind: "codec", value: { codec: "b64", name: "challenge" }, sample: text }];
    }
    const [stamp] = greeting && this.#protocol === "pop3"
      ? /<[^<>\s]+@[^<>\s]+>/.exec(text) ?? []
      : [];
    if (stamp === undefined) return literal(text);
    this.#stamped = true;
    const at = text.indexOf(stamp);
    return [
      ...literal(text.slice(0, at)),
      { kind: "hole", name: "stamp", int: false, sample: stamp },
      ...literal(text.slice(at + stamp.length)),
    ];
  }

  /**
   * The server has replied.
   *
   * @param first The first line.
   */
  answered(first: string): void {
    this.#challenged = this.#mechanism !== undefined && /^(?:334\b|\+(?: |$))/.test(first);
    if (!this.#challenged) this.#mechanism = undefined;
  }

  /**
   * The steps, each login with hidden lines as one.
   *
   * @param steps The steps, line by line.
   */
  joined(steps: readonly Step[]): readonly Step[] {
    const whole: Step[] = [];
    for (let index = 0; index < steps.length; index++) {
      const step = steps[index];
      if (step === undefined) break;
      const end = exchangeEnd(steps, index);
      const parts = steps.slice(index, end);
      if (end === index || !parts.some(isHidden)) {
        whole.push(step);
        continue;
      }
      const [, mechanism = ""] = /^AUTH +(\S+)/i.exec(textOf(step)) ?? [];
      this.#vars.set("user", this.#vars.get("user") ?? SAMPLE);
      this.#secrets.add("pass");
      whole.push({ kind: "auth", mechanism, user: "user", secret: "pass", at: this.#at });
      index = end - 1;
    }
    return whole;
  }
}

const HIDDEN_PART: TemplatePart = { kind: "any", sample: HIDDEN };

/** Where the exchange ends that begins here: before its last reply. */
function exchangeEnd(steps: readonly Step[], from: number): number {
  if (!/^AUTH +\S/i.test(textOf(steps[from]))) return from;
  let at = from + 1;
  for (let step = steps[at]; step !== undefined; step = steps[at]) {
    if (step.kind === "reply" && !isChallenge(step)) break;
    if (step.kind !== "reply" && step.kind !== "line") break;
    at++;
  }
  return at;
}

function isChallenge(step: Extract<Step, { kind: "reply" }>): boolean {
  const [line] = step.lines;
  return line?.kind === "line" && (line.code[0] === "334" || line.code[0] === "+");
}

function isHidden(step: Step): boolean {
  return step.kind === "line" && step.template.includes(HIDDEN_PART);
}

function textOf(step: Step | undefined): string {
  const first = step?.kind === "line" && !step.content ? step.template[0] : undefined;
  return first?.kind === "text" ? first.text : "";
}
