/**
 * dialogue: mail sessions written down, as text and as data, and the engine that plays them.
 * It imports smtp, pop3, sasl, wire and message.
 *
 * A dialogue is at once client script, test server, recording and documentation. Its one form is that of
 * `step.ts`. `text/`, `dialects/`, `record/` and `builder/` make it of text, of other notations, of a
 * live session and of calls; `text/` and `typescript/` write it; `engine/` plays it, `lint/` judges it.
 *
 * @module
 */

export { type DialogueProblem, DialogueSyntaxError, placeOf, problemText } from "./errors.ts";
export type {
  AuthStep,
  BlockStep,
  BytesStep,
  ChunkStep,
  Codec as LineCodec,
  CodePattern as ReplyCodePattern,
  CommandLevel,
  ConnectionStep,
  ContentStep,
  Dialogue,
  DialogueProtocol,
  End as DialogueEnd,
  EventStep,
  LineStep,
  Match as DialogueMatch,
  OnRule,
  OutcomeStep,
  Position as DialoguePosition,
  ReplyLevel,
  ReplyLine,
  ReplyStep,
  SecretDeclaration,
  Step as DialogueStep,
  StepBase as DialogueStepBase,
  Template as LineTemplate,
  TemplatePart as LineTemplatePart,
  TimeStep,
} from "./step.ts";
export { countSteps } from "./text/expand.ts";
export type {
  Finding as DialogueFinding,
  FindingId as DialogueFindingId,
  FindingLevel as DialogueFindingLevel,
} from "./lint/finding.ts";
export {
  type Dialect as DialogueDialect,
  dialectsOf,
  importDialogues,
  type ImportedDialogue,
  type ImportNote,
  type ImportOptions,
} from "./dialects/dialect.ts";
export { parseTranscript } from "./dialects/transcript.ts";
export { dialogueFromJson, dialogueToJson } from "./text/json.ts";
export { formatDialogue } from "./text/format.ts";
export { lintDialogue } from "./lint/lint.ts";
export { loadDialogue, type LoadOptions } from "./text/load.ts";
export { parseDialogue, parseMarkdown, type ParseOptions } from "./text/parse.ts";
export { makeGeneral } from "./dialects/general.ts";
export { makePortable } from "./dialects/portable.ts";
export { printDialogue, printMarkdown } from "./text/print.ts";
export { dialogueToTypeScript, type TypeScriptOptions } from "./typescript/to_typescript.ts";
export { repairDialogue } from "./lint/repair.ts";
export {
  parseTemplate as parseLineTemplate,
  printTemplate as printLineTemplate,
} from "./template.ts";
export * from "./builder.ts";
export * from "./engine/accept_tls.ts";
export * from "./engine/check.ts";
export type * from "./options.ts";
export {
  type DialledServer,
  dialServer,
  type LiveReply,
  LiveSession,
  type LiveSessionOptions,
} from "./record/live_session.ts";
export * from "./engine/play.ts";
export * from "./record/promote.ts";
export * from "./record/record.ts";
export { type RelayOptions, relaySession } from "./record/relay.ts";
export * from "./report.ts";
export * from "./result.ts";
export * from "./engine/self_play.ts";
export * from "./engine/serve.ts";
