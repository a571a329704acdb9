/**
 * What options must not be, and what they must not be together: refused before anything is sent.
 *
 * @module
 */

import { addressLiteral } from "../../message/mod.ts";
import { isAddress } from "./judgement.ts";
import type { ProbeOptions, ProbeTls } from "./options.ts";
import type { MaildropStage, MailStage, SafetyClass, StageName } from "./result.ts";
import type { ProbeTarget } from "./target.ts";
import { WORDS } from "./words.ts";

const ASKABLE = ["VRFY", "EXPN", "HELP", "ETRN", "NOOP"];
const NEEDS_ARGUMENT: ReadonlySet<string> = new Set(["VRFY", "EXPN", "ETRN"]);
/** A line of 512 octets with its CRLF. */
const MAX_ASK = 510;

const MAIL_STAGES: readonly MailStage[] = [
  ...["tcp", "banner", "ehlo", "clear", "starttls", "tls", "ehlo2", "auth", "ehlo3"] as const,
  ...["ask", "mail", "rcpt", "data", "dot", "quit"] as const,
];
const MAILDROP_STAGES: readonly MaildropStage[] = [
  ...["tcp", "banner", "capa", "stls", "tls", "capa2", "auth", "capa3"] as const,
  ...["stat", "list", "uidl", "top", "quit"] as const,
];

/**
 * Refuses a plan.
 *
 * @param why What does not fit.
 * @throws {TypeError} Always.
 */
export function fail(why: string): never {
  throw new TypeError(`Cannot probe: ${why}`);
}

/**
 * Makes sure that what is asked for belongs to the protocol of the target.
 *
 * @param target The server.
 * @param options What the probe was told.
 */
export function checkProtocol({ protocol }: ProbeTarget, options: ProbeOptions): void {
  const { login, from, to = [], message, chunking, ask, name, touch, pipelining } = options;
  if (protocol !== "pop3") {
    if (touch) fail("only messages in a maildrop can be touched, at a target of POP3");
    return;
  }
  const mail = from !== undefined || to.length > 0 || message !== undefined || chunking;
  if (mail || options.class === "send") fail("a server of POP3 takes no mail");
  if (ask !== undefined && ask.length > 0) fail(`${ASKABLE.join(", ")} are asked of SMTP only`);
  if (name !== undefined) fail("in POP3 nobody introduces himself");
  if (options.protocol !== undefined) fail(`"${options.protocol}" is not what is spoken in POP3`);
  if (login === undefined && (touch || pipelining)) {
    fail("a maildrop is listed after a login only: credentials are missing");
  }
}

/**
 * Makes sure of the form of certificates: what is no PEM would be passed over without a word.
 *
 * @param options What the probe was told.
 */
export function checkPem({ caCerts = [], clientCertificate }: ProbeOptions): void {
  const certificate = /-----BEGIN CERTIFICATE-----/;
  if (!caCerts.every((pem) => certificate.test(pem))) {
    fail("a root to trust is a certificate in PEM");
  }
  if (clientCertificate === undefined) return;
  if (!certificate.test(clientCertificate.cert)) fail("what to show is a certificate in PEM");
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(clientCertificate.key)) {
    fail("the key of a certificate is a private key in PEM");
  }
}

/**
 * Makes sure that a class allows what is asked for, and has what it needs.
 *
 * @param safety The class.
 * @param target The server.
 * @param options What the probe was told.
 */
export function checkClass(
  safety: SafetyClass,
  { protocol }: ProbeTarget,
  options: ProbeOptions,
): void {
  const { to = [], login, from, message, pipelining, chunking } = options;
  if (safety === "safe" && (login !== undefined || to.length > 0)) {
    fail("the class safe neither logs in nor names recipients");
  }
  if (safety === "login" && login === undefined && to.length === 0) {
    fail("the class login needs credentials or a recipient");
  }
  if (safety === "send") {
    if (to.length === 0 || from === undefined) {
      fail("the class send needs a sender and a recipient");
    }
  } else if (message !== undefined) {
    fail("a message is sent only in the class send");
  } else if (chunking || (pipelining && protocol !== "pop3")) {
    fail("PIPELINING and CHUNKING are tried with a message, so only in the class send");
  }
  if (options.rcptParameters !== undefined && to.length === 0) {
    fail("parameters of RCPT need a recipient");
  }
  if (options.mailParameters !== undefined && to.length === 0 && from === undefined) {
    fail("parameters of MAIL need a sender or a recipient");
  }
}

/**
 * Makes sure that a target and the way to it fit together.
 *
 * @param target The server.
 * @param options What the probe was told.
 */
export function checkConnection(target: ProbeTarget, options: ProbeOptions): void {
  const { family, localAddress, localPort, proxy } = options;
  if (family === undefined && localAddress === undefined && localPort === undefined) return;
  if ("path" in target.address) fail("a Unix socket has no address of either kind");
  if (proxy !== undefined) fail("behind a proxy our own address is not ours to choose");
  const kind = (host: string): 4 | 6 => host.includes(":") ? 6 : 4;
  if (localAddress !== undefined) addressLiteral(localAddress); // throws if it is none
  if (family !== undefined && isAddress(target.host) && kind(target.host) !== family) {
    fail(`"${target.host}" is no IPv${family} address`);
  }
  if (family !== undefined && localAddress !== undefined && kind(localAddress) !== family) {
    fail(`"${localAddress}" is no IPv${family} address`);
  }
}

/** What of a plan decides where it can stop. */
export interface StopPlan {
  readonly target: ProbeTarget;
  readonly class: SafetyClass;
  readonly tls: ProbeTls;
  readonly stop: StageName;
  readonly login: readonly unknown[];
  readonly ask: readonly unknown[];
  readonly mail: boolean;
  readonly to: readonly unknown[];
  readonly touch: boolean;
}

/**
 * Makes sure that the stage to stop behind is one that the plan comes to.
 *
 * @param plan The plan.
 * @param leave How the server is left.
 */
export function checkStop(plan: StopPlan, leave: "quit" | "drop"): void {
  const { stop, tls, class: safety, target: { protocol } } = plan;
  const words = WORDS[protocol];
  const needs = (condition: boolean, what: string): void => {
    if (!condition) fail(`the stage "${stop}" ${what}`);
  };
  const maildrop = protocol === "pop3";
  needs(
    (maildrop ? MAILDROP_STAGES : MAIL_STAGES).some((name) => name === stop),
    `is none of ${words.name}`,
  );
  switch (stop) {
    case "starttls":
    case "ehlo2":
    case "stls":
    case "capa2":
      return needs(tls !== "implicit" && tls !== "none", `is a stage of ${words.startTls}`);
    case "tls":
      return needs(tls !== "none", "needs TLS");
    case "auth":
    case "ehlo3":
    case "capa3":
    case "stat":
    case "list":
    case "uidl":
      return needs(plan.login.length > 0, "needs credentials");
    case "top":
      return needs(plan.touch, "is reached only where messages may be touched");
    case "ask":
      return needs(plan.ask.length > 0, "needs something to ask");
    case "mail":
      return needs(plan.mail, "needs a sender or a recipient");
    case "rcpt":
      return needs(plan.to.length > 0, "needs a recipient");
    case "data":
      needs(safety === "send", "belongs to the class send");
      return needs(leave === "drop", "can only be left by closing: QUIT would be content");
    case "dot":
      return needs(safety === "send", "belongs to the class send");
  }
}

/**
 * Makes sure that a command may be asked.
 *
 * @param line The command.
 * @returns The same.
 */
export function checkAsk(line: string): string {
  const verb = line.split(" ", 1)[0]?.toUpperCase() ?? "";
  if (!ASKABLE.includes(verb)) fail(`"${line.slice(0, 40)}" is none of ${ASKABLE.join(", ")}`);
  // deno-lint-ignore no-control-regex -- refusing control characters is what it is for
  if (/[\x00-\x1f\x7f]/.test(line) || new TextEncoder().encode(line).length > MAX_ASK) {
    fail(`the line behind ${verb} is too long or holds a control character`);
  }
  if (NEEDS_ARGUMENT.has(verb) && line.trim().length === verb.length) {
    fail(`${verb} needs what to ask about, such as "${verb} name"`);
  }
  return line;
}
