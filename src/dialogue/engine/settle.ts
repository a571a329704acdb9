/**
 * What is given, what the file says and what holds otherwise, settled for one end; and a look at the
 * limits before anything is said.
 *
 * @module
 */

import { Secret } from "../../sasl/mod.ts";
import { type StartTlsOptions, systemClock } from "../../wire/mod.ts";
import { Bindings } from "../bindings.ts";
import type { EndOptions } from "./end_options.ts";
import {
  MAX_DEPTH,
  MAX_REPEATED,
  MAX_SENT_OCTETS,
  MAX_TURNS,
  MAX_WAIT_MS,
  TOTAL_MS,
} from "../limits.ts";
import type { PlayOptions } from "../options.ts";
import type { PerformOptions } from "./perform.ts";
import type { Dialogue, End, Step, Template } from "../step.ts";

/** What an end is beyond what the options of all say. */
export interface EndKind {
  /** Which end. */
  readonly role: End;
  /** Whether the samples of secrets count. */
  readonly samples: boolean;
  /** What a client must know for TLS. @default {{ hostname: "localhost" }} */
  readonly tls?: StartTlsOptions;
  /** Whether limits are those of RFC 5321. @default {false} */
  readonly patient?: boolean | undefined;
  /** Whether secrets go out in the clear. @default {false} */
  readonly cleartextAuth?: boolean | undefined;
  /** Whether lines that may be missing are said. @default {false} */
  readonly optional?: boolean | undefined;
  /** Whether recorded times are kept. @default {false} */
  readonly timing?: boolean | undefined;
  /** Which arm is taken, where no outcome names one. @default {0} */
  readonly turn?: number;
}

/**
 * Settles the options of one end.
 *
 * @param dialogue What is played.
 * @param options What is given.
 * @param kind Which end.
 * @throws {RangeError} If the dialogue goes beyond a limit.
 * @throws {TypeError} If a value cannot be used.
 */
export function settle(dialogue: Dialogue, options: PlayOptions, kind: EndKind): EndOptions {
  checkLimits(dialogue);
  const { vars = {}, timeout, outcome, match = {} } = options;
  if (timeout !== undefined) checkWait("timeout", timeout);
  const given = new Map([...Object.entries(dialogue.vars), ...Object.entries(vars)]);
  return {
    dialogue,
    role: kind.role,
    bindings: new Bindings(given, secretsOf(dialogue, options, kind)),
    match: { ...dialogue.match, ...match },
    timeout,
    patient: kind.patient ?? false,
    keepGoing: options.keepGoing ?? false,
    cleartextAuth: kind.cleartextAuth ?? false,
    tls: kind.tls ?? { hostname: "localhost" },
    optional: kind.optional ?? false,
    timing: kind.timing ?? false,
    outcome,
    turn: kind.turn ?? 0,
    maxBytes: options.maxBytes ?? MAX_SENT_OCTETS,
    readFile: options.readFile,
    onStep: options.onStep,
    clock: options.clock ?? systemClock,
  };
}

/**
 * What a performance hears of the world outside.
 *
 * @param options What is given.
 */
export function outsideOf(options: PlayOptions): PerformOptions {
  const { signal, onEvent, total = TOTAL_MS } = options;
  return { signal, onEvent, total };
}

function secretsOf(
  dialogue: Dialogue,
  { secrets = {} }: PlayOptions,
  { samples }: EndKind,
): ReadonlyMap<string, Secret | undefined> {
  const given = new Map(Object.entries(secrets));
  return new Map(dialogue.secrets.map(({ name, sample }) => {
    const secret = given.get(name) ??
      (samples && sample !== undefined ? new Secret(sample) : undefined);
    return [name, secret];
  }));
}

/**
 * Refuses a dialogue that goes beyond its limits, before anything is dialled.
 *
 * @param dialogue The dialogue.
 * @throws {RangeError} If it does.
 */
function checkLimits({ steps, timeout }: Dialogue): void {
  if (timeout !== undefined) checkWait("timeout", timeout);
  checkSteps(steps, 0);
}

function checkSteps(steps: readonly Step[], depth: number): void {
  if (depth > MAX_DEPTH) throw new RangeError(`Cannot play blocks deeper than ${MAX_DEPTH}`);
  for (const step of steps) {
    if (step.within !== undefined) checkWait("within", step.within);
    if ("ms" in step) checkWait(step.kind, step.ms);
    if (step.kind === "line") checkTemplate(step.template);
    if (step.kind === "reply") {
      for (const line of step.lines) if (line.kind === "line") checkTemplate(line.text ?? []);
    }
    if (step.kind !== "block") continue;
    const turns = step.how === "repeat" ? step.count : step.how === "each" ? step.values.length : 1;
    if (turns > MAX_TURNS) throw new RangeError(`Cannot play ${turns} turns: at most ${MAX_TURNS}`);
    for (const arm of step.arms) checkSteps(arm, depth + 1);
  }
}

function checkTemplate(template: Template): void {
  for (const part of template) {
    if (part.kind !== "codec" || part.value.codec !== "repeat") continue;
    const { count, text } = part.value;
    if (count * new TextEncoder().encode(text).length <= MAX_REPEATED) continue;
    throw new RangeError(`Cannot repeat a text to more than ${MAX_REPEATED} octets`);
  }
}

function checkWait(what: string, ms: number): void {
  if (ms >= 0 && ms <= MAX_WAIT_MS) return;
  throw new RangeError(`Cannot wait ${ms} ms for "${what}": expected 0 to ${MAX_WAIT_MS} ms`);
}
