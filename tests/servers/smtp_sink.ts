/**
 * smtp-sink, Postfix's test receiver: it takes every message and keeps none.
 *
 * @module
 */
import { Daemon } from "./daemon.ts";
import { freePorts, HOST } from "./network.ts";
import { PlainTalk } from "./plain_talk.ts";
import { need } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";

// Open connections that wait, and connections served at a time.
const BACKLOG = "128";
const SESSIONS = "300";

/** Options of {@linkcode startSmtpSink}. */
export interface SmtpSinkOptions {
  /** @default a free port */
  readonly port?: number;
  /** Count messages, for one write of the sink per message. @default {false} */
  readonly count?: boolean;
}

/** A running smtp-sink. */
export interface SmtpSink extends AsyncDisposable {
  /** Its address. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** How many messages it took so far; undefined where it does not count. */
  messages(): Promise<number | undefined>;
}

/** Starts smtp-sink; the disposal stops it. */
export async function startSmtpSink(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await RunFolder.make("sink"));
  const port = options.port ?? freePorts("sink").sink;
  const isRoot = (await need("root")).length === 0;
  stack.use(
    await Daemon.start(folder, "smtp-sink", {
      args: [
        ...options.count ? ["-c"] : [],
        ...isRoot ? ["-u", "nobody"] : [],
        ...["-m", SESSIONS, `${HOST}:${port}`, BACKLOG],
      ],
      ports: [port],
    }),
  );
  const running = stack.move();
  return {
    host: HOST,
    port,
    messages: async () => {
      if (!options.count) return undefined;
      // It does one thing at a time: once it answers us, all that it has answered before is counted.
      using talk = await PlainTalk.open({ hostname: HOST, port });
      await talk.reply();
      await talk.say("QUIT");
      return Number((await folder.log()).match(/mesg=(\d+)/g)?.at(-1)?.slice("mesg=".length) ?? 0);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
