/**
 * dialogue: mail sessions written down, as text and as data, and the engine that plays them.
 * It imports smtp, pop3, sasl, wire and message.
 *
 * A dialogue is at once client script, test server, recording and documentation.
 *
 * @module
 */

export { type DialogueProblem, DialogueSyntaxError, placeOf } from "./errors.ts";
export type {
  AuthStep,
  BlockStep,
  BytesStep,
  ChunkStep,
  Codec,
  CodePattern,
  CommandLevel,
  ConnectionStep,
  ContentStep,
  Dialogue,
  DialogueProtocol,
  End,
  EventStep,
  LineStep,
  Match,
  OnRule,
  OutcomeStep,
  Position,
  ReplyLevel,
  ReplyLine,
  ReplyStep,
  SecretDeclaration,
  Step,
  StepBase,
  Template as LineTemplate,
  TemplatePart as LineTemplatePart,
  TimeStep,
} from "./step.ts";
export { countSteps } from "./expand.ts";
export type { Finding, FindingId, FindingLevel } from "./finding.ts";
export {
  type Dialect,
  dialectsOf,
  importDialogues,
  type ImportedDialogue,
  type ImportNote,
  type ImportOptions,
} from "./dialect.ts";
export { parseTranscript } from "./dialects/transcript.ts";
export { dialogueFromJson, dialogueToJson } from "./json.ts";
export { formatDialogue } from "./format.ts";
export { lintDialogue } from "./lint.ts";
export { loadDialogue, type LoadOptions } from "./load.ts";
export { parseDialogue, parseMarkdown, type ParseOptions } from "./parse.ts";
export { makePortable } from "./portable.ts";
export { printDialogue, printMarkdown } from "./print.ts";
export { dialogueToTypeScript, type TypeScriptOptions } from "./to_typescript.ts";
export { repairDialogue } from "./repair.ts";
export {
  parseTemplate as parseLineTemplate,
  printTemplate as printLineTemplate,
} from "./template.ts";
export * from "./builder.ts";
export * from "./check.ts";
export type * from "./options.ts";
export {
  type DialledServer,
  dialServer,
  type LiveReply,
  LiveSession,
  type LiveSessionOptions,
} from "./live_session.ts";
export * from "./play.ts";
export * from "./record.ts";
export { type RelayOptions, relaySession } from "./relay.ts";
export * from "./report.ts";
export * from "./result.ts";
export * from "./self_play.ts";
export * from "./serve.ts";
