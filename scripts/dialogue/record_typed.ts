/**
 * `record --to`: a session that is typed. What is typed is sent as it is; what is said is shown.
 *
 * @module
 */

import { EXIT, explain, readSecret, ValidationError, visible } from "../../src/cli/mod.ts";
import { type LiveReply, LiveSession } from "../../src/dialogue/mod.ts";
import { Secret } from "../../src/smtp/mod.ts";
import { checked } from "../shared/login.ts";
import { type Said, writeNew } from "../shared/transcript.ts";
import { NAME, type RecordCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { fail } from "./failure.ts";
import { Keeper } from "./keeper.ts";
import { LineInput } from "./line_input.ts";
import { Remarks } from "./remarks.ts";
import { tlsOptions } from "./run.ts";
import { demandNet, namedTarget } from "./targets.ts";

/**
 * Writes down what is typed.
 *
 * @param call What was typed before.
 * @param to The server.
 * @param context The rest.
 * @returns The exit number: that of an expectation if one was not met.
 */
export async function recordTyped(
  call: RecordCall,
  to: string,
  context: VerbContext,
): Promise<number> {
  const { io, readers } = context;
  const { timeout, cleartextAuth, reveal } = call;
  const target = namedTarget(to);
  const [protocol = target.path === undefined ? "smtp" : "lmtp"] = target.protocols;
  // Asked for now: later, what is typed belongs to the session.
  const secrets = new Map<string, Secret>();
  for (const [name, source] of call.secret ?? []) {
    const options = { question: `The secret "${name}"`, ...(readers && { readers }) };
    secrets.set(name, new Secret(await readSecret(source, { ...options, signal: io.signal })));
  }
  using keeper = new Keeper(io, call);
  await keeper.open(1);
  const tls = await tlsOptions(call);
  await demandNet(target, protocol);
  const session = await LiveSession.connect(to, {
    protocol,
    ...tls,
    ...(timeout === undefined ? {} : { timeout }),
    ...(cleartextAuth === undefined ? {} : { cleartextAuth }),
    ...(reveal === undefined ? {} : { reveal }),
    signal: io.signal,
    onEvent: (event) => {
      keeper.show(event);
      const shown = shownEvent(event);
      // What cannot be shown fails where the next line is.
      if (shown !== undefined) io.err.line(shown).catch(() => {});
    },
  });
  const typist = new Typist(session, { call, context, secrets });
  try {
    await typist.reserve();
  } catch (error) {
    session.close();
    throw error;
  }
  try {
    await typist.run();
  } finally {
    session.close();
    await keeper.keep(session.transcript, "recorded");
    await typist.save();
  }
  return typist.failed
    ? EXIT.dialogue.expectation
    : typist.broken
    ? EXIT.dialogue.failure
    : EXIT.dialogue.ok;
}

/** What a person wants to see who sees what is typed. */
function shownEvent({ kind, end, text }: Said): string | undefined {
  if (kind === "line" && end === "S") return `S: ${visible(text)}`;
  return kind === "tls" ? "<tls>" : undefined;
}

interface TypistOptions {
  readonly call: RecordCall;
  readonly context: VerbContext;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** What happens next. */
type Next =
  | { readonly kind: "typed"; readonly line: string | undefined }
  | { readonly kind: "heard"; readonly more: boolean };

/** Takes lines and shows replies. */
class Typist {
  readonly #session: LiveSession;
  readonly #options: TypistOptions;
  readonly #remarks: Remarks;
  #last: string | undefined;
  /** The files that are ours to replace. */
  readonly #own = new Set<string>();
  /** Whether an expectation was not met. */
  failed = false;
  /** Whether the session broke. */
  broken = false;

  constructor(session: LiveSession, options: TypistOptions) {
    this.#session = session;
    this.#options = options;
    this.#remarks = new Remarks(session.transcript);
  }

  async run(): Promise<void> {
    const { io, input } = this.#options.context;
    const lines = new LineInput(input());
    let typing: Promise<string | undefined> | undefined;
    let hearing: Promise<boolean> | undefined;
    try {
      while (!this.#session.over) {
        if (this.#session.awaits) {
          hearing ??= this.#hear();
          if (!await hearing) break;
          hearing = undefined;
          continue;
        }
        typing ??= lines.next();
        if (!this.#session.tlsDue) hearing ??= this.#hear();
        const next = await Promise.race<Next>([
          typing.then((line) => ({ kind: "typed", line })),
          ...(hearing === undefined ? [] : [
            hearing.then((more): Next => ({ kind: "heard", more })),
          ]),
        ]);
        if (next.kind === "heard") {
          hearing = undefined;
          if (!next.more) break;
          continue;
        }
        typing = undefined;
        if (next.line === undefined || !await this.#typed(next.line)) break;
      }
      io.signal.throwIfAborted();
      await this.#leave();
    } catch (error) {
      io.signal.throwIfAborted();
      this.broken = true;
      await io.err.line(`${NAME}: ${explain(error, NAME)}`);
    } finally {
      hearing?.catch(() => {}); // it ends with the connection
      typing?.catch(() => {});
      await lines.end();
    }
  }

  /** Makes sure of the file, before anything is typed. */
  async reserve(): Promise<void> {
    const { output, force } = this.#options.call;
    if (output === undefined) return;
    await writeNew(output, "", { force, option: "-o" });
    this.#own.add(output);
  }

  /** Writes the dialogue, if it is not yet. */
  async save(path: string | undefined = this.#options.call.output): Promise<void> {
    const { call: { times, force }, context: { io } } = this.#options;
    const text = this.#remarks.text({ times });
    if (path === undefined) return await io.out.print(text);
    // What was saved a moment ago may be saved again, longer.
    await writeNew(path, text, { force: this.#own.has(path) || force, option: "-o" });
    this.#own.add(path);
    await io.err.line(`wrote ${visible(path)}`);
  }

  async #hear(): Promise<boolean> {
    const reply = await this.#session.hear();
    this.#heard(reply);
    if (reply !== undefined) return true;
    await this.#options.context.io.err.line("the server has closed the connection");
    return false;
  }

  #heard(reply: LiveReply | undefined): void {
    this.#last = reply?.lines.at(-1) ?? this.#last;
  }

  /** Does what a line says; nothing more is typed after the last one. */
  async #typed(line: string): Promise<boolean> {
    const { io } = this.#options.context;
    try {
      if (this.#session.inContent) await this.#session.say(line);
      else return await this.#command(line);
    } catch (error) {
      // What was refused before it was sent can be typed again.
      const refused = error instanceof SyntaxError || error instanceof TypeError ||
        error instanceof RangeError || error instanceof ValidationError;
      if (!refused || this.#session.over) throw error;
      await io.err.line(`${NAME}: ${explain(error, NAME)}`);
    }
    return true;
  }

  async #command(line: string): Promise<boolean> {
    const [, word = "", rest = ""] = /^(\.[a-z]+)(?: +(.*))?$/.exec(line) ?? [];
    switch (word) {
      case ".tls":
        this.#heard(await this.#session.startTls());
        return true;
      case ".auth":
        await this.#auth(rest);
        return true;
      case ".expect":
        await this.#expect(rest.trim());
        return true;
      case ".note":
        this.#remarks.note(rest);
        return true;
      case ".save":
        await this.save(rest === "" ? undefined : rest);
        return true;
      case ".quit":
        return false;
      default:
        await this.#session.say(line);
        return true;
    }
  }

  async #auth(mechanism: string): Promise<void> {
    const { call, secrets } = this.#options;
    const user = new Map(call.var ?? []).get("user");
    const [secret] = secrets.values();
    if (!/^[A-Za-z0-9_-]+$/.test(mechanism)) {
      fail('Cannot log in: expected a mechanism, ".auth PLAIN"');
    }
    if (user === undefined || secret === undefined) {
      return fail("Cannot log in: --var user=NAME and --secret pass=prompt were not given");
    }
    this.#heard(await this.#session.auth(mechanism, user, secret));
  }

  async #expect(code: string): Promise<void> {
    const { io } = this.#options.context;
    const last = /^(?:\d{3}|\+OK|-ERR|\+)/.exec(this.#last ?? "")?.[0];
    const ok = checked(() => this.#remarks.expect(code, last));
    if (!ok) this.failed = true;
    await io.err.line(ok ? `ok: ${last}` : `FAIL: expected ${visible(code)}, server said ${last}`);
  }

  /** Says QUIT, if nobody has. */
  async #leave(): Promise<void> {
    const session = this.#session;
    if (session.over || session.quit || session.inContent || session.tlsDue) return;
    await session.say("QUIT");
    await this.#hear();
  }
}
