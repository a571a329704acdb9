/**
 * sandbox: a small mail server for demos and tests, on loopback, with faults on demand.
 * It may import server, smtp (to send mail it held), wire and message.
 *
 * RFC 5321, 2033, 3207 and 4954 and RFC 1939 with its extensions as the server engines speak them;
 * RFC 1985 (ETRN) and 2645 (ATRN) as provider. Server-side STARTTLS works from Deno 2.7.14 on.
 *
 * @example Usage
 * ```ts
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { match } from "node:assert/strict";
 *
 * await using box = await startSandbox({ users: { ann: "pencil" } });
 * match(box.smtpUrl, /^smtp:\/\/127\.0\.0\.1:\d+$/);
 * ```
 *
 * @module
 */

export type { CommandFault, FaultEnding, SandboxFault, WireFault } from "./faults.ts";
export type { SandboxProtocol } from "./faults.ts";
export type { HeldMail } from "./held_mail.ts";
export type { HostedOptions } from "./host.ts";
export * from "./ledger.ts";
export * from "./listener.ts";
export * from "./localhost_pem.ts";
export type { StoredMail } from "./mailbox.ts";
export type { FilledMail, MaildropMail } from "./maildrops.ts";
export { type MemorySandbox, memorySandbox } from "./memory_sandbox.ts";
export type { NodeSocket } from "./node_sockets.ts";
export * from "./options.ts";
export * from "./quirks.ts";
export * from "./sandbox.ts";
export type { EtrnTarget } from "./sandbox_backend.ts";
export type { SandboxUser, SandboxUsers } from "./users.ts";
