/**
 * mailwright: scriptable mail automation for Deno.
 *
 * Typed SMTP and POP3 sessions, the SASL mechanisms, mail addresses and messages, and a receiver
 * engine for the other end. Everything here can be imported by URL and has no third-party code.
 *
 * @module
 */

export * from "./src/wire/mod.ts";
export * from "./src/message/mod.ts";
export * from "./src/sasl/mod.ts";
export * from "./src/smtp/mod.ts";
export * from "./src/pop3/mod.ts";
export * from "./src/dialogue/mod.ts";
export * from "./src/server/mod.ts";
