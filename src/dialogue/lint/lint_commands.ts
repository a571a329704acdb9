/**
 * Lint of commands: what RFC 5321, 2920, 3207 and 4954 want of their order and their form.
 *
 * @module
 */

import { follow, type Known, offers, textOf } from "./lint_walk.ts";
import { found, type Report } from "./finding.ts";
import type { AuthStep, Dialogue, LineStep, Step } from "../step.ts";
import { verbOf } from "../text/secret_places.ts";

const SMTP_VERBS = new Set(
  "HELO EHLO LHLO MAIL RCPT DATA BDAT BURL RSET NOOP QUIT VRFY EXPN HELP AUTH STARTTLS ETRN ATRN TURN SEND SOML SAML XCLIENT XFORWARD"
    .split(" "),
);
const POP3_VERBS = new Set(
  "USER PASS APOP AUTH STAT LIST RETR DELE NOOP RSET QUIT TOP UIDL CAPA STLS UTF8 LANG".split(" "),
);
/** RFC 2920 section 3.1: what may only end a group. */
const GROUP_ENDS = new Set("EHLO DATA VRFY EXPN TURN QUIT NOOP STARTTLS".split(" "));
/** RFC 2449 section 6.6: all others may be followed at once. */
const POP3_GROUP_ENDS = new Set(["QUIT", "STLS"]);
/** Mechanisms that end in one round when their first words are in the command. */
const ONE_ROUND = new Set(["PLAIN", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "ANONYMOUS"]);
const NON_ASCII = /[^\x20-\x7e\t]/;

/** Looks at each command and each line of content. */
export function lintCommands(dialogue: Dialogue, report: Report): void {
  const watch = new Watch(dialogue, report);
  const end = follow(dialogue, (step, known) => watch.step(step, known));
  const [first] = dialogue.steps;
  const last = dialogue.steps.at(-1);
  if (first === undefined || last === undefined || end.over || dialogue.fragment) return;
  if (watch.quit) return;
  report(found("no-quit", last.at, {
    text: "the dialogue ends without QUIT",
    fix: 'write "C: QUIT" and its reply; else the engine sends one',
  }));
}

class Watch {
  readonly #dialogue: Dialogue;
  readonly #report: Report;
  readonly #verbs: ReadonlySet<string>;
  /** Whether QUIT was written, be it in one arm. */
  quit = false;
  /** What is said once for a message, or once for a dialogue. */
  #eightBit = false;
  #unreachable = false;
  #noHello = false;
  #tlsSeen = false;
  #batch = false;

  constructor(dialogue: Dialogue, report: Report) {
    this.#dialogue = dialogue;
    this.#report = report;
    this.#verbs = dialogue.protocol === "pop3" ? POP3_VERBS : SMTP_VERBS;
  }

  step(step: Exclude<Step, { kind: "block" }>, known: Known): void {
    if (known.over) this.#afterEnd(step);
    if (step.kind === "tls") this.#tlsSeen = true;
    if (step.kind === "auth") this.#authentication(step, known);
    if (step.kind !== "line") return;
    if (step.content) this.#content(step, known);
    else this.#command(step, known);
  }

  #afterEnd(step: Step): void {
    // How a connection ends may be written behind the last reply.
    if (["close", "drop", "pause", "silence", "outcome"].includes(step.kind)) return;
    if (this.#unreachable) return;
    this.#unreachable = true;
    this.#report(found("unreachable-step", step.at, {
      text: "the connection has ended before",
      fix: "remove what follows, or the end",
    }));
  }

  #content(step: LineStep, known: Known): void {
    const text = textOf(step, known);
    if (text === ".") this.#eightBit = false;
    if (/^\.[^.]/.test(text)) {
      this.#report(found("dot-unstuffed", step.at, {
        text: "the receiver takes the dot away",
        fix: "write two dots (RFC 5321 section 4.5.2)",
        step,
      }));
    } else if (text.startsWith("...")) {
      this.#report({
        ...found("dot-unstuffed", step.at, {
          text: "the message has one dot less than this line",
          fix: "write one more dot if the message should have them all",
        }),
        level: "note",
      });
    }
    if (!NON_ASCII.test(text) || this.#eightBit || offers(known, "8BITMIME")) return;
    this.#eightBit = true;
    this.#report(found("eight-bit-content", step.at, {
      text: "a message has characters that are not ASCII, and 8BITMIME was not offered",
      fix: "encode the message, or let the reply to EHLO have 8BITMIME",
    }));
  }

  #command(step: LineStep, known: Known): void {
    const text = textOf(step, known);
    if (NON_ASCII.test(text) && !offers(known, "SMTPUTF8") && !offers(known, "UTF8")) {
      this.#report(found("non-ascii-command", step.at, {
        text: "a command has characters that are not ASCII",
        fix: "let the server offer SMTPUTF8 or UTF8, or write ASCII",
      }));
    }
    this.#group(step, known);
    if (known.auth && known.challenged) {
      this.#answer(step);
      return;
    }
    const verb = verbOf(step);
    if (verb !== "" && !this.#verbs.has(verb)) {
      this.#report(found("unknown-verb", step.at, {
        text: `"${verb.slice(0, 40)}" is no command of the protocol`,
        fix: "write it right, or expect that it is refused",
      }));
    }
    if (verb === "QUIT") this.quit = true;
    this.#form(step, text);
    this.#order(step, verb, known);
    if (verb === "AUTH" || verb === "PASS" || verb === "APOP") this.#authentication(step, known);
  }

  #form(step: LineStep, text: string): void {
    const path = /^(?:MAIL FROM|RCPT TO): *([^ ]*)/i.exec(text)?.[1];
    if (path !== undefined && path !== "" && !/^[<?]/.test(path)) {
      this.#report(found("path-without-brackets", step.at, {
        text: `the path "${path.slice(0, 80)}" has no angle brackets`,
        fix: "write <address> (RFC 5321 section 4.1.2)",
        step,
      }));
    }
    if (this.#dialogue.protocol === "pop3" && /^TOP +\S+$/i.test(text)) {
      this.#report(found("top-without-lines", step.at, {
        text: "TOP has no number of lines",
        fix: "write it, as in TOP 1 0 (RFC 1939 section 7)",
        step,
      }));
    }
  }

  #order(step: LineStep, verb: string, known: Known): void {
    if (/^(?:EHLO|HELO|LHLO)$/.test(verb)) this.#noHello = false;
    if (this.#dialogue.protocol === "pop3" || !this.#tlsSeen || this.#noHello) return;
    if (!known.tls || known.hello !== undefined || /^(?:EHLO|HELO|LHLO|QUIT)$/.test(verb)) return;
    if (known.asked.some(({ verb: asked }) => /^(?:EHLO|HELO|LHLO)$/.test(asked))) return;
    this.#noHello = true;
    this.#report(found("capability-after-tls-missing", step.at, {
      text: "nothing that was offered before TLS counts any more",
      fix: "send EHLO first (RFC 3207 section 4.2)",
    }));
  }

  #group(step: LineStep, known: Known): void {
    const { previous: before } = known;
    if (before === undefined) this.#batch = false;
    if (before === undefined || (known.auth && known.challenged)) return;
    if (!before.content) {
      const verb = verbOf(before);
      const [, mechanism = "", initial] = verb === "AUTH"
        ? /^AUTH +(\S+)( +\S)?/i.exec(textOf(before, known)) ?? []
        : [];
      const rounds = verb === "AUTH" &&
        (initial === undefined || !ONE_ROUND.has(mechanism.toUpperCase()));
      const ends = this.#dialogue.protocol === "pop3" ? POP3_GROUP_ENDS : GROUP_ENDS;
      if (ends.has(verb) || rounds) {
        this.#report(found("batch-crosses-sync", step.at, {
          text: `a command follows ${verb} before its reply`,
          fix: `write the reply to ${verb} before this line (RFC 2920 section 3.1)`,
        }));
      }
    }
    if (offers(known, "PIPELINING") || this.#batch) return;
    this.#batch = true;
    this.#report(found("batch-without-pipelining", step.at, {
      text: "commands are sent together, and PIPELINING was not offered",
      fix: "write each reply behind its command, or let the server offer PIPELINING",
    }));
  }

  #answer(step: LineStep): void {
    const [part, more] = step.template;
    if (part?.kind !== "text" || more !== undefined || part.text === "*" || part.text === "=") {
      return;
    }
    this.#literal(step);
  }

  #authentication(step: LineStep | AuthStep, known: Known): void {
    if (this.#dialogue.protocol !== "pop3" && known.hello !== "EHLO" && !known.loose) {
      this.#report(found("auth-before-ehlo", step.at, {
        text: "AUTH comes without an EHLO that was answered",
        fix: "write EHLO and its reply before (RFC 4954 section 4)",
        step,
      }));
    }
    if (!known.tls) {
      this.#report(found("cleartext-auth", step.at, {
        text: "a login is sent before TLS",
        fix: "begin TLS before, or run it over implicit TLS",
      }));
    }
    if (step.kind === "auth") {
      if (Object.hasOwn(this.#dialogue.vars, step.secret)) this.#literal(step);
      return;
    }
    const text = step.template[0]?.kind === "text" ? step.template[0].text : "";
    const whole = step.template.length === 1;
    const literal = whole && /^(?:AUTH +\S+ +[^=\s]|PASS +\S|APOP +\S+ +\S)/i.test(text);
    // The name of APOP is no credential.
    const credentials = /^APOP +$/i.test(text) ? step.template.slice(2) : step.template;
    if (literal || credentials.some((part) => this.#usesVariable(part))) this.#literal(step);
  }

  /** Whether a value that stands in the file is used as a secret. */
  #usesVariable(part: LineStep["template"][number]): boolean {
    const { vars } = this.#dialogue;
    if (part.kind === "hole") return Object.hasOwn(vars, part.name);
    return part.kind === "codec" && "secret" in part.value &&
      Object.hasOwn(vars, part.value.secret);
  }

  #literal(step: Step): void {
    this.#report(found("secret-in-file", step.at, {
      text: "a credential stands in the file",
      fix: "declare it with @secret, and write ${b64 name}, ${plain user name} or ${name}",
      step,
    }));
  }
}
