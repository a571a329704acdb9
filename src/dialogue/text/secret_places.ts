/**
 * Where a secret may stand: in `@auth`, in an answer of AUTH, in PASS and APOP (T-I45).
 *
 * @module
 */

import type {
  Dialogue,
  DialogueProtocol,
  End,
  LineStep,
  Position,
  ReplyStep,
  Step,
  Template,
} from "../step.ts";
import { type Hole, namesOf } from "../template.ts";

/** A secret where none may stand. */
export interface MisplacedSecret {
  /** Where. */
  readonly at: Position;
  /** Its name. */
  readonly name: string;
}

/** What the walk knows at a step. */
interface State {
  /** The end that sends commands. */
  commands: End;
  /** Whether an AUTH is going on. */
  auth: boolean;
  /** Whether the server waits for an answer. */
  asked: boolean;
}

/** The names of secrets: those that are declared, and those that stand where a secret does. */
function secretNames(dialogue: Pick<Dialogue, "secrets" | "steps">): ReadonlySet<string> {
  const names = new Set(dialogue.secrets.map(({ name }) => name));
  const visit = (steps: readonly Step[]) => {
    for (const step of steps) {
      if (step.kind === "block") step.arms.forEach(visit);
      else if (step.kind === "auth") names.add(step.secret);
      else for (const hole of holesOf(step)) addSecret(hole, names);
    }
  };
  visit(dialogue.steps);
  return names;
}

function addSecret(hole: Hole, names: Set<string>): void {
  if (hole.kind === "codec" && "secret" in hole.value) names.add(hole.value.secret);
}

/** The holes of a step. */
export function holesOf(step: Step): readonly Hole[] {
  if (step.kind === "line") return holes(step.template);
  if (step.kind !== "reply") return [];
  return step.lines.flatMap((line) => line.kind === "line" ? holes(line.text ?? []) : []);
}

function holes(template: Template): readonly Hole[] {
  return template.flatMap((part) => part.kind === "text" ? [] : [part]);
}

/** The first word of a command, in capitals. */
export function verbOf(step: LineStep): string {
  const [first] = step.template;
  return first?.kind === "text" ? (/^\S*/.exec(first.text)?.[0] ?? "").toUpperCase() : "";
}

/** Finds each secret that stands where none may. */
export function misplacedSecrets(dialogue: Dialogue): readonly MisplacedSecret[] {
  const secrets = secretNames(dialogue);
  const found: MisplacedSecret[] = [];
  const report = (at: Position, names: readonly string[]) => {
    for (const name of names) if (secrets.has(name)) found.push({ at, name });
  };
  const visit = (steps: readonly Step[], state: State) => {
    for (const step of steps) {
      if (step.kind === "block") {
        if (step.how === "each") report(step.at, [step.name]);
        const before = { ...state };
        step.arms.forEach((arm, index) => visit(arm, index === 0 ? state : { ...before }));
        continue;
      }
      if (step.kind === "auth") report(step.at, [step.user]);
      if (step.kind === "line") {
        const mayHold = mayHoldSecret(step, state, dialogue.protocol);
        for (const hole of holesOf(step)) {
          report(step.at, mayHold ? misusedBy(hole) : namesOf(hole));
        }
      }
      if (step.kind === "reply") {
        for (const line of step.lines) {
          if (line.kind !== "line") continue;
          for (const hole of holes(line.text ?? [])) report(line.at, namesOf(hole));
        }
      }
      proceed(step, state, dialogue.protocol);
    }
  };
  visit(dialogue.steps, { commands: "C", auth: false, asked: false });
  return found;
}

/** The names that are sent as they are, although their place in the codec is none for secrets. */
function misusedBy(hole: Hole): readonly string[] {
  if (hole.kind !== "codec") return [];
  const { value } = hole;
  if (!("secret" in value)) return [];
  return namesOf(hole).filter((name) => name !== value.secret);
}

function mayHoldSecret(step: LineStep, state: State, protocol: DialogueProtocol): boolean {
  if (step.content || step.end !== state.commands) return false;
  if (state.auth && state.asked) return true;
  const verb = verbOf(step);
  return verb === "AUTH" || (protocol === "pop3" && (verb === "PASS" || verb === "APOP"));
}

function proceed(step: Step, state: State, protocol: DialogueProtocol): void {
  if (step.kind === "turn") {
    state.commands = state.commands === "C" ? "S" : "C";
    state.auth = state.asked = false;
  } else if (step.kind === "line" && !step.content) {
    // A command that does not wait for the question is no answer.
    if (!state.asked) state.auth = verbOf(step) === "AUTH";
    state.asked = false;
  } else if (step.kind === "reply") {
    state.asked = state.auth && asks(step, protocol);
    if (!state.asked) state.auth = false;
  }
}

/** Whether a reply can be nothing but a question of AUTH. */
function asks({ lines }: ReplyStep, protocol: DialogueProtocol): boolean {
  const questions = protocol === "pop3" ? ["+"] : ["334", "3xx"];
  return lines.length > 0 &&
    lines.every((line) =>
      line.kind === "line" && line.code.every((code) => questions.includes(code))
    );
}
