/**
 * The result for people: one block for each server, and one line for all.
 *
 * @module
 */

import { escapeControls, formatEndpoint } from "../../../wire/mod.ts";
import type {
  CapabilityMatrix,
  Evidence,
  Finding,
  MaildropFacts,
  ProbeRun,
  RecipientOutcome,
  Severity,
  Stage,
  Status,
  TargetResult,
  TlsFacts,
} from "../result.ts";
import { PLAIN_STYLE, type TextStyle } from "./style.ts";
import { formatMs } from "./time.ts";

/** How the text is to look. */
export interface TextOptions {
  /** The paint. @default {PLAIN_STYLE} */
  readonly style?: TextStyle;
  /** How many columns there are. @default {80} */
  readonly width?: number;
  /** Leaves out all but the last line. @default {false} */
  readonly quiet?: boolean;
  /** Shows when each stage began, and its octets. @default {false} */
  readonly times?: boolean;
}

/** Bars wider than this say nothing more. */
const WIDEST_BAR = 48;

/**
 * Writes a result.
 *
 * @param run The result.
 * @param options How it is to look.
 * @returns The text; every line ends in a line feed.
 *
 * @example Usage
 * ```ts
 * import { probe, renderText } from "@mailwright/mailwright/jobs";
 * import { match } from "node:assert/strict";
 *
 * const run = await probe("smtp://127.0.0.1:1");
 * match(renderText(run, { quiet: true }), /^CRITICAL 127\.0\.0\.1:1: .*\(tcp\.refused\)/);
 * ```
 */
export function renderText(run: ProbeRun, options: TextOptions = {}): string {
  const { style = PLAIN_STYLE, width = 80, quiet = false, times = false } = options;
  const look = { style, width: Number.isFinite(width) ? width : 80, times };
  const blocks = quiet ? [] : run.targets.map((target) => targetBlock(target, run, look));
  return [...blocks, summary(run, style)].map((block) => `${block}\n`).join("\n");
}

interface Look {
  readonly style: TextStyle;
  readonly width: number;
  readonly times: boolean;
}

function targetBlock(target: TargetResult, run: ProbeRun, look: Look): string {
  const { style } = look;
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["Stages", stageLines(target.stages, look)],
    ["Offers", capabilityLines(target.capabilities, style)],
    ["TLS", target.tls === undefined ? [] : tlsLines(target.tls, style)],
    ["Login", loginLines(target, style)],
    ["Answers", answerLines(target, style)],
    ["Maildrop", maildropLines(target, style)],
    ["Recipients", recipientLines(target.rcpt, style)],
    ["Message", messageLines(target, style)],
    ["Findings", findingLines(run.findings.filter((finding) => isOf(finding, target)), style)],
  ];
  const shown = sections.filter(([, lines]) => lines.length > 0).flatMap(([title, lines]) => [
    "",
    `  ${style.bold(title)}`,
    ...lines.map((line) => `    ${line}`.trimEnd()),
  ]);
  return [heading(target, style), ...shown].join("\n");
}

function heading(target: TargetResult, style: TextStyle): string {
  const { ip, host, identity, protocol } = target;
  const name = nameOf(target);
  const facts = [
    ip !== null && ip !== host ? ip : undefined,
    protocol.toUpperCase(),
    identity.banner ?? identity.ehlo,
  ].filter((part) => part !== undefined);
  return `${style.bold(name)}  ${style.dim(escapeControls(facts.join("  ")))}  ` +
    paintStatus(target.status, style);
}

function nameOf({ host, port }: { readonly host: string; readonly port: number | null }): string {
  return formatEndpoint(
    port === null ? { transport: "unix", path: host } : { transport: "tcp", hostname: host, port },
  );
}

function isOf(finding: Finding, target: TargetResult): boolean {
  return finding.host === target.host && finding.port === target.port;
}

function stageLines(stages: readonly Stage[], { style, width, times }: Look): string[] {
  const begin = stages[0]?.at ?? 0;
  const end = Math.max(...stages.map(({ at, ms }) => at + ms));
  const columns = Math.max(8, Math.min(WIDEST_BAR, width - 30 - (times ? 26 : 0)));
  return stages.map(({ name, at, ms, ok, bytesSent, bytesReceived }) => {
    const scale = columns / Math.max(end - begin, 0.001);
    const from = Math.min(columns - 1, Math.floor((at - begin) * scale));
    const length = Math.min(columns - from, Math.round(ms * scale));
    const bar = " ".repeat(from) + (length === 0 ? "▏" : "█".repeat(length));
    const more = times
      ? `${style.dim(`at ${formatMs(at - begin)}`.padStart(12))}  ` +
        `${`${bytesSent}/${bytesReceived} B`.padEnd(12)}`
      : "";
    const mark = ok ? style.green("✓") : style.red("✗");
    const paint = ok ? style.cyan : style.red;
    return `${mark} ${name.padEnd(9)}${formatMs(ms).padStart(9)}  ${more}${paint(bar)}`;
  });
}

function capabilityLines(matrix: CapabilityMatrix, style: TextStyle): string[] {
  const phases =
    ([["clear", matrix.clear], ["TLS", matrix.tls], ["login", matrix.authenticated]] as const)
      .filter((phase): phase is readonly [typeof phase[0], readonly string[]] =>
        phase[1] !== undefined
      );
  if (phases.length === 0) return [];
  const keywords = new Set(phases.flatMap(([, lines]) => lines.map(keywordOf)));
  const marks = (mark: (lines: readonly string[]) => string): string =>
    phases.map(([name, lines]) => mark(lines).padStart(3).padEnd(name.length + 1)).join(" ");
  const rows = [...keywords].map((keyword) => {
    const forms = phases.map(([, lines]) => lines.find((line) => keywordOf(line) === keyword));
    const seen = [...new Set(forms.filter((form) => form !== undefined))].map(escapeControls);
    const gained = matrix.gained.includes(keyword);
    const lost = matrix.lost.includes(keyword);
    const text = seen.join(style.dim(", then "));
    const painted = gained
      ? style.green(`+ ${text}`)
      : lost
      ? style.yellow(`- ${text}`)
      : `  ${text}`;
    return marks((lines) => lines.some((line) => keywordOf(line) === keyword) ? "●" : "·") +
      painted;
  });
  return [style.dim(phases.map(([name]) => ` ${name}`).join(" ")), ...rows];
}

function keywordOf(line: string): string {
  return line.split(" ", 1)[0] ?? "";
}

function tlsLines(tls: TlsFacts, style: TextStyle): string[] {
  const { chain, daysLeft, names } = tls;
  const [leaf, ...issuers] = chain;
  const mark = tls.authorized ? style.green("✓") : style.red("✗");
  const days = `${count(daysLeft, "day")} left`;
  const lines = [
    `${tls.version}, ${tls.cipher}, ${
      tls.mode === "implicit" ? "from the start" : `by ${tls.mode.toUpperCase()}`
    }`,
  ];
  if (leaf === undefined) return lines;
  lines.push(
    `${mark} ${escapeControls(leaf.subject)}` +
      (tls.reason === undefined ? "" : style.red(`: ${escapeControls(tls.reason)}`)),
    `  for ${escapeControls(names.join(", ")) || "no name"}`,
    `  ${leaf.key}, until ${leaf.notAfter.slice(0, 10)}, ${days}`,
    `  signed by ${
      escapeControls([...issuers.map(({ subject }) => subject)].join(" ← ") || leaf.issuer)
    }`,
  );
  return lines;
}

function loginLines({ auth }: TargetResult, style: TextStyle): string[] {
  if (auth?.ok === undefined) return [];
  const by = auth.used === undefined ? "" : ` by ${auth.used}`;
  return [auth.ok ? `${style.green("✓")} logged in${by}` : `${style.red("✗")} not logged in${by}`];
}

function answerLines({ stages }: TargetResult, style: TextStyle): string[] {
  const replies = stages.find(({ name }) => name === "ask")?.replies ?? [];
  return replies.flatMap(({ to, ok, code, enhanced, text }) => {
    const [first = "", ...more] = text.split("\n").map(escapeControls);
    const mark = ok ? style.green("✓") : style.red("✗");
    return [
      `${mark} ${escapeControls(to)}  ${codes(code, enhanced)} ${first}`,
      ...more.map((line) => `    ${line}`),
    ];
  });
}

const UNIQUE_IDS: Readonly<Record<NonNullable<MaildropFacts["uidl"]>, string>> = {
  valid: "every message has a unique-id",
  invalid: "not every message has a valid unique-id",
  duplicate: "some messages share a unique-id",
  missing: "there are no unique-ids",
};

function maildropLines({ pop3 }: TargetResult, style: TextStyle): string[] {
  if (pop3 === undefined) return [];
  const { maildrop, implementation, expire, loginDelay } = pop3;
  const lines: string[] = [];
  if (maildrop !== undefined) {
    const { messages, octets, listed = messages, uidl } = maildrop;
    const good = listed === messages && (uidl === undefined || uidl === "valid");
    lines.push(
      [
        `${good ? style.green("✓") : style.yellow("!")} ${count(messages, "message")}`,
        octets === undefined ? undefined : `${octets} octets`,
        listed === messages ? undefined : `${listed} in LIST`,
        uidl && (messages > 0 || uidl === "missing") ? UNIQUE_IDS[uidl] : undefined,
      ].filter((part) => part !== undefined && part !== "").join(", "),
    );
  }
  if (expire !== undefined) {
    const { days } = expire;
    const kept = days === "never"
      ? "messages are kept"
      : days === 0
      ? "retrieved messages may be gone at once"
      : `messages may be gone after ${count(days, "day")}`;
    lines.push(`  EXPIRE: ${kept}${expire.perUser ? ", or as the user has it" : ""}`);
  }
  if (loginDelay !== undefined && loginDelay.seconds > 0) {
    lines.push(`  LOGIN-DELAY: ${loginDelay.seconds} s from one login to the next`);
  }
  if (implementation !== undefined) lines.push(`  software: ${escapeControls(implementation)}`);
  return lines;
}

const OUTCOMES: Readonly<Record<RecipientOutcome["outcome"], readonly [string, keyof TextStyle]>> =
  {
    accepted: ["✓", "green"],
    deferred: ["~", "yellow"],
    refused: ["✗", "red"],
  };

function recipientLines(rcpt: readonly RecipientOutcome[], style: TextStyle): string[] {
  const widest = Math.max(...rcpt.map(({ address }) => address.length));
  return rcpt.map(({ address, code, enhanced, text, outcome }) => {
    const [mark, color] = OUTCOMES[outcome];
    return `${style[color](mark)} ${address.padEnd(widest)}  ${codes(code, enhanced)} ` +
      escapeControls(text.replaceAll("\n", " / "));
  });
}

function messageLines({ message, stages }: TargetResult, style: TextStyle): string[] {
  if (message === undefined) return [];
  const good = message.outcome === "accepted" || message.outcome === "partial";
  const reply = stages.findLast(({ name }) => name === "dot")?.replies.at(-1);
  const answer = reply === undefined
    ? ""
    : `  ${codes(reply.code, reply.enhanced)} ${
      escapeControls(reply.text.replaceAll("\n", " / "))
    }`;
  return [
    `${
      good ? style.green("✓") : style.red("✗")
    } ${message.outcome}, ${message.octets} octets${answer}`,
  ];
}

function findingLines(findings: readonly Finding[], style: TextStyle): string[] {
  if (findings.length === 0) return [style.green("none")];
  return findings.flatMap(({ severity, id, stage, evidence, fix }) => [
    `${paintSeverity(severity, style)} ${style.bold(id)} ${style.dim(`at ${stage}`)}`,
    ...evidence.map((one) => `  ${evidenceText(one)}`),
    style.dim(`  → ${fix}`),
  ]);
}

function evidenceText(evidence: Evidence): string {
  const place = "line" in evidence ? `line ${evidence.line}` : evidence.record;
  return escapeControls(`${place}: ${evidence.text}`);
}

/** The last line: all that a person in a hurry reads. */
function summary({ status, targets, findings, ms }: ProbeRun, style: TextStyle): string {
  const [worst, ...more] = findings.filter(({ severity }) => severity !== "info");
  const names = targets.map(nameOf).join(", ");
  const what = worst === undefined ? done(targets) : `${headline(worst, targets)} (${worst.id})` +
    (more.length === 0 ? "" : `, and ${more.length} more`);
  return `${paintStatus(status, style)} ${escapeControls(names)}: ${what}  ${
    style.dim(formatMs(ms))
  }`;
}

function headline(finding: Finding, targets: readonly TargetResult[]): string {
  const target = targets.find((one) => isOf(finding, one));
  if (/^rcpt\.(?:refused|deferred)$/.test(finding.id) && target !== undefined) {
    const missed = finding.evidence.length;
    return `${missed} of ${count(target.rcpt.length, "recipient")} ${finding.id.slice(5)}`;
  }
  return escapeControls(finding.evidence[0]?.text ?? "");
}

function done(targets: readonly TargetResult[]): string {
  const accepted = targets.flatMap(({ rcpt }) => rcpt).filter(({ outcome }) =>
    outcome === "accepted"
  );
  const messages = targets.filter(({ message }) => message?.outcome === "accepted");
  const maildrops = targets.flatMap(({ pop3 }) => pop3?.maildrop ?? []);
  const parts = [
    targets.some(({ auth }) => auth?.ok) ? "logged in" : undefined,
    accepted.length > 0 ? `${count(accepted.length, "recipient")} accepted` : undefined,
    messages.length > 0 ? "message accepted" : undefined,
    ...maildrops.map(({ messages }) => `${count(messages, "message")} there`),
  ].filter((part) => part !== undefined);
  return parts.join(", ") || "all is well";
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function codes(...parts: readonly (number | string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(" ");
}

function paintStatus(status: Status, style: TextStyle): string {
  const text = status.toUpperCase();
  if (status === "ok") return style.green(text);
  return status === "critical" ? style.red(text) : style.yellow(text);
}

const SIGNS: Readonly<Record<Severity, string>> = {
  info: "i info    ",
  warning: "! warning ",
  unknown: "? unknown ",
  critical: "✗ critical",
};

function paintSeverity(severity: Severity, style: TextStyle): string {
  const text = SIGNS[severity];
  if (severity === "info") return style.cyan(text);
  return severity === "critical" ? style.red(text) : style.yellow(text);
}
