/**
 * Tests that need other programs or root: without them the test is listed by name as not run,
 * and where `CI` is set that counts as a failure.
 *
 * @module
 */
import { ServersError } from "./errors.ts";
import { withLogs } from "./log_book.ts";
import { LMTP_SOCKET, LONGEST_SOCKET } from "./network.ts";
import { postgresProgram } from "./postgres_program.ts";
import { findProgram, run, UNPACKED } from "./process.ts";

/**
 * What a test may need: a package's program; the right to start daemons and change accounts; a
 * checkout whose path is short enough for the Unix socket in it.
 */
export type Need =
  | "chromium"
  | "courier"
  | "curl"
  | "cyrus"
  | "dovecot"
  | "exim"
  | "fetchmail"
  | "mailutils"
  | "openssl"
  | "opensmtpd"
  | "postfix"
  | "postgres"
  | "python3"
  | "root"
  | "smtp-sink"
  | "swaks"
  | "short path";

// Each protocol is a package of its own.
const DOVECOT = ["dovecot", "/usr/lib/dovecot/lmtp", "/usr/lib/dovecot/pop3"];

/** Runs a part of a test under a name of its own. */
export type Step = (name: string, body: () => void | Promise<void>) => Promise<void>;

/** Gives what is missing of the things named. */
export async function need(...needs: readonly Need[]): Promise<Need[]> {
  const here = await Promise.all(needs.map(isHere));
  return needs.filter((_, i) => !here[i]);
}

/**
 * Registers a test that runs only where its needs are met, and shows the servers' logs when it
 * fails.
 */
export async function serverTest(
  name: string,
  needs: readonly Need[],
  body: (step: Step) => Promise<void>,
): Promise<void> {
  const missing = await need(...needs);
  const complaint = `NOT RUN, needs ${missing.join(" and ")}`;
  if (missing.length === 0) {
    Deno.test({ name, timeout: 600_000, fn: (context) => watched(context, body) });
  } else if (Deno.env.get("CI")) {
    Deno.test(`${name} (${complaint})`, () => {
      throw new ServersError(`Cannot run "${name}": ${complaint}`, "");
    });
  } else {
    Deno.test.ignore(`${name} (${complaint})`, () => {});
    await Deno.stderr.write(new TextEncoder().encode(`${complaint}: ${name}\n`));
  }
}

async function watched(
  context: Deno.TestContext,
  body: (step: Step) => Promise<void>,
): Promise<void> {
  let failed = false;
  const step: Step = async (name, part) => {
    if (!await context.step(name, part)) failed = true;
  };
  await withLogs(() => body(step), () => failed);
}

async function isHere(name: Need): Promise<boolean> {
  switch (name) {
    case "root":
      return (await run("id", ["-u"])).stdout.trim() === "0";
    case "short path":
      return LMTP_SOCKET.length <= LONGEST_SOCKET;
    case "courier":
      return findProgram(`${UNPACKED}/usr/sbin/couriertcpd`) !== undefined;
    case "cyrus":
      return findProgram("cyrmaster") !== undefined && findProgram("saslpasswd2") !== undefined;
    case "dovecot":
      return DOVECOT.every((program) => findProgram(program) !== undefined);
    case "exim":
      return findProgram("exim4") !== undefined;
    case "mailutils":
      return findProgram(`${UNPACKED}/usr/sbin/pop3d`) !== undefined;
    case "opensmtpd":
      return findProgram(`${UNPACKED}/usr/sbin/smtpctl`) !== undefined;
    case "postgres":
      return await postgresProgram("postgres") !== undefined;
    default:
      return findProgram(name) !== undefined;
  }
}
