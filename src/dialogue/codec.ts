/**
 * What stands in the holes of a line: to be sent, and to be judged when it was received. The only file
 * of dialogues that opens a secret.
 *
 * @module
 */

import { apopDigest, cramMd5, SaslError, Secret } from "../sasl/mod.ts";
import type { Bindings, Taken } from "./bindings.ts";
import type { Span } from "./engine/fit.ts";
import type { Codec } from "./step.ts";
import { cut, Stop } from "./engine/stop.ts";
import { type Hole, namesOf, printTemplate } from "./template.ts";

/** What a line has around it: how many octets the bytes have that are announced in it. */
export interface LineContext {
  /** How many octets the next bytes step has. */
  readonly octets?: number | undefined;
}

/** Whether what stands in the holes of a line is what must stand there. */
export type Agreement =
  | { readonly kind: "agrees"; readonly taken: readonly Taken[] }
  /** `expected` and `actual` hold no secret. */
  | { readonly kind: "differs"; readonly expected: string; readonly actual: string };

/** What a hole may say of itself where its value is secret. */
const ANOTHER = "another value";
// deno-lint-ignore no-control-regex -- refusing control characters is what it is for
const CONTROL = /[\x00-\x1f\x7f]/;

/** A hole that has nothing to be filled with. */
export class UnboundHoleError extends TypeError {
  /** The class, for programs that compare names. */
  override readonly name = "UnboundHoleError";

  /**
   * Makes one.
   *
   * @param hole The hole.
   */
  constructor(hole: Hole) {
    super(`Cannot send the hole "${printTemplate([hole])}": it has neither a value nor a sample`);
  }
}

/**
 * What a hole is known to be before anything is read, where that is no secret.
 *
 * @param hole The hole.
 * @param bindings What is bound.
 * @param context What stands around the line.
 * @returns The text; nothing if it is unknown, or a codec must judge.
 */
export function knownText(
  hole: Hole,
  bindings: Bindings,
  context: LineContext,
): string | undefined {
  if (hole.kind === "any") return undefined;
  if (hole.kind === "hole") {
    return bindings.isSecret(hole.name) ? undefined : bindings.get(hole.name);
  }
  const { value } = hole;
  if (value.codec === "repeat") return value.text.repeat(value.count);
  return value.codec === "len" ? context.octets?.toString() : undefined;
}

/**
 * Whether a hole has a secret in it.
 *
 * @param hole The hole.
 * @param bindings What is a secret.
 */
export function isSecretHole(hole: Hole, bindings: Bindings): boolean {
  return namesOf(hole).some((name) => bindings.isSecret(name));
}

/**
 * What a transcript shows of a hole: itself, if a codec or a secret is in it.
 *
 * @param hole The hole.
 * @param text What stands there.
 * @param bindings What is a secret.
 */
export function shownHole(hole: Hole, text: string, bindings: Bindings): string {
  const codec = hole.kind === "codec" && hole.value.codec !== "len" &&
    hole.value.codec !== "repeat";
  if (!codec && !isSecretHole(hole, bindings)) return text;
  const { sample: _, ...bare } = hole;
  return printTemplate([bare]);
}

/**
 * The text of a hole, to be sent.
 *
 * @param hole The hole.
 * @param bindings What is bound; what a sample fills is bound to it.
 * @param context What stands around the line.
 * @throws {UnboundHoleError} If nothing is known of it.
 * @throws {TypeError} If a secret or stamp cannot be sent.
 */
export async function encodeHole(
  hole: Hole,
  bindings: Bindings,
  context: LineContext,
): Promise<string> {
  const known = knownText(hole, bindings, context);
  if (known !== undefined) return known;
  if (hole.kind === "codec" && namesOf(hole).every((name) => has(name, bindings))) {
    return await encode(hole, hole.value, (name) => valueOf(name, bindings) ?? "");
  }
  if (hole.kind === "hole" && bindings.isSecret(hole.name) && has(hole.name, bindings)) {
    return valueOf(hole.name, bindings) ?? "";
  }
  if (hole.sample === undefined) throw new UnboundHoleError(hole);
  bindSample(hole, hole.sample, bindings);
  return hole.sample;
}

/** What is said once is what the hole is from then on. */
function bindSample(hole: Hole, sample: string, bindings: Bindings): void {
  if (hole.kind === "hole") {
    if (bindings.isSecret(hole.name)) return;
    bindings.bind({ name: hole.name, value: sample, int: hole.int });
  } else if (hole.kind === "codec" && hole.value.codec === "b64") {
    const { name } = hole.value;
    const value = fromBase64(sample);
    if (value !== undefined && !bindings.isSecret(name)) bindings.bind({ name, value });
  }
}

async function encode(hole: Hole, value: Codec, say: (name: string) => string): Promise<string> {
  switch (value.codec) {
    case "b64":
      return base64(say(value.name));
    case "plain":
      return base64(`\0${say(value.user)}\0${say(value.secret)}`);
    case "xoauth2":
      return base64(`user=${say(value.user)}\x01auth=Bearer ${say(value.secret)}\x01\x01`);
    case "cram": {
      const challenge = say(value.challenge);
      const answer = await attempt(() => cram(challenge, say(value.user), say(value.secret)));
      return base64(answer ?? unanswerable(challenge));
    }
    case "apop": {
      const stamp = say(value.stamp);
      const digest = await attempt(() => apopDigest(stamp, new Secret(say(value.secret))));
      return digest ?? unanswerable(stamp);
    }
    case "len":
    case "repeat":
      throw new UnboundHoleError(hole); // both are known, or there is nothing to count
  }
}

function has(name: string, bindings: Bindings): boolean {
  return (bindings.secret(name) ?? bindings.get(name)) !== undefined;
}

/** A value by name: of a secret, or what is bound. */
function valueOf(name: string, bindings: Bindings): string | undefined {
  const secret = bindings.secret(name)?.expose();
  if (secret !== undefined && /[\0\r\n]/.test(secret)) {
    throw new TypeError(`Cannot use the secret "${name}": it holds NUL, CR or LF`);
  }
  return secret ?? bindings.get(name);
}

/**
 * Judges what stands in the holes of a line.
 *
 * @param spans What stands there.
 * @param bindings What is bound. It is not changed.
 * @param context What stands around the line.
 * @returns What the holes take, or where it differs.
 */
export async function agree(
  spans: readonly Span[],
  bindings: Bindings,
  context: LineContext = {},
): Promise<Agreement> {
  const taken = new Map<string, Taken>();
  const judge = new Judge(bindings, taken, context);
  for (const { hole, text } of spans) {
    const seen = await judge.hole(hole, text);
    if (seen !== undefined) return { kind: "differs", ...seen };
  }
  return { kind: "agrees", taken: [...taken.values()] };
}

interface Difference {
  readonly expected: string;
  readonly actual: string;
}

class Judge {
  readonly #bindings: Bindings;
  readonly #taken: Map<string, Taken>;
  readonly #context: LineContext;

  constructor(bindings: Bindings, taken: Map<string, Taken>, context: LineContext) {
    this.#bindings = bindings;
    this.#taken = taken;
    this.#context = context;
  }

  async hole(hole: Hole, text: string): Promise<Difference | undefined> {
    if (hole.kind === "any") return undefined;
    if (hole.kind === "hole") return this.#named(hole.name, text, hole.int);
    const { value } = hole;
    const same = await this.#codec(value, text);
    if (same === true) return undefined;
    // The sample of a codec is what stands on the line, whether it can be decoded or not.
    const known = namesOf(hole).every((name) => has(name, this.#bindings));
    if (text === hole.sample && !known) return undefined;
    if (typeof same === "object") return same;
    return { expected: printTemplate([hole]), actual: value.codec === "len" ? text : ANOTHER };
  }

  async #codec(value: Codec, text: string): Promise<Difference | boolean | undefined> {
    switch (value.codec) {
      case "len":
      case "repeat":
        return text === knownText({ kind: "codec", value }, this.#bindings, this.#context);
      case "b64": {
        const decoded = fromBase64(text);
        return decoded !== undefined && (this.#named(value.name, decoded) ?? true);
      }
      case "plain": {
        const words = fromBase64(text)?.split("\0") ?? [];
        const [authorize, user, secret] = words;
        if (user === undefined || secret === undefined || words.length > 3) return false;
        if (authorize !== "" && authorize !== user) return false;
        return this.#login(value, user, secret);
      }
      case "xoauth2": {
        const [user, auth, ...rest] = fromBase64(text)?.split("\x01") ?? [];
        if (!user?.startsWith("user=") || !auth?.startsWith("auth=Bearer ")) return false;
        if (rest.join("\x01") !== "\x01") return false;
        return this.#login(value, user.slice(5), auth.slice(12));
      }
      case "cram": {
        // A user may hold blanks, a digest not.
        const [, user, digest] = /^(.*) ([0-9a-f]{32})$/.exec(fromBase64(text) ?? "") ?? [];
        const challenge = this.#value(value.challenge);
        if (user === undefined || digest === undefined || challenge === undefined) return false;
        const other = this.#named(value.user, user);
        if (other !== undefined) return other;
        const secret = this.#bindings.secret(value.secret);
        if (secret === undefined) return true;
        const right = await attempt(() => cram(challenge, user, secret.expose()));
        return right === `${user} ${digest}`;
      }
      case "apop": {
        const stamp = this.#value(value.stamp);
        const secret = this.#bindings.secret(value.secret);
        if (stamp === undefined || !/^[0-9a-f]{32}$/i.test(text)) return false;
        if (secret === undefined) return true;
        return await attempt(() => apopDigest(stamp, secret)) === text.toLowerCase();
      }
    }
  }

  #login(
    names: { readonly user: string; readonly secret: string },
    user: string,
    secret: string,
  ): Difference | true {
    return this.#named(names.user, user) ?? this.#named(names.secret, secret) ?? true;
  }

  #value(name: string): string | undefined {
    return this.#taken.get(name)?.value ?? this.#bindings.get(name);
  }

  /** A name and the text in its place: a secret must be it, a bound one equal, else it is taken. */
  #named(name: string, text: string, int = false): Difference | undefined {
    if (this.#bindings.isSecret(name)) {
      const secret = this.#bindings.secret(name)?.expose();
      const same = secret === undefined || secret === text;
      return same ? undefined : { expected: `\${${name}}`, actual: ANOTHER };
    }
    const bound = this.#value(name);
    if (bound !== undefined) {
      return bound === text ? undefined : { expected: `\${${name}} = ${bound}`, actual: cut(text) };
    }
    // What is taken may stand in a line later on: it must never be able to end one (I42).
    if (CONTROL.test(text)) return { expected: `\${${name}}`, actual: cut(text) };
    this.#taken.set(name, { name, value: text, int });
    return undefined;
  }
}

/** What cannot be made of what a peer has said: nothing. */
async function attempt(make: () => Promise<string>): Promise<string | undefined> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof SaslError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A server that wants anything signed gets nothing (T-A06). */
function unanswerable(challenge: string): never {
  const expected = "a message identifier as challenge";
  throw new Stop({ id: "capture-failed", expected, actual: cut(challenge) });
}

/** The answer of CRAM-MD5; a challenge that was captured as it stood on the line is in base64. */
async function cram(challenge: string, user: string, secret: string): Promise<string> {
  const bytes = utf8(challenge.startsWith("<") ? challenge : fromBase64(challenge) ?? challenge);
  const client = cramMd5({ user, password: new Secret(secret) }).start();
  return new TextDecoder().decode((await client.answer(bytes)).bytes);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

/** Strict base64 of UTF-8 (RFC 4648 section 4): no blanks, all of its padding. */
function fromBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    const bytes = Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // Wrong padding, or no UTF-8.
  }
}
