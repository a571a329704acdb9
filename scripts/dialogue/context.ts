/**
 * What the verbs need beside what was typed.
 *
 * @module
 */

import type { ScriptIo, SecretReaders } from "../../src/cli/mod.ts";

/** The sandbox, loaded only where something listens. */
export type SandboxModule = typeof import("../../src/sandbox/mod.ts");

/** What the verbs need beside what was typed. */
export interface VerbContext {
  /** The script. */
  readonly io: ScriptIo;
  /** The system, or a stand-in. */
  readonly readers: SecretReaders | undefined;
  /** What is typed. */
  readonly input: () => ReadableStream<Uint8Array>;
  /** Loads the sandbox. */
  readonly sandbox: () => Promise<SandboxModule>;
}
