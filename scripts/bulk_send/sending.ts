/**
 * `send`: a list and a message become a job, and the job is run; or a test, or files.
 *
 * @module
 */

import { EXIT, ValidationError, visible } from "../../src/cli/mod.ts";
import { type BulkJournal, hashJob, type JobHashes, type JobRecord } from "../../src/jobs/mod.ts";
import type { SecretContext } from "../shared/login.ts";
import { addressOf, checkReports } from "./call_checks.ts";
import type { SendCall } from "./calls.ts";
import { checkSuppressed, suppress, suppressedKeys } from "./inputs.ts";
import { EXIT_OF_TEST, sendTest, writeMessages } from "./instead.ts";
import { type CheckedInput, checkInput, NO_JOB, rowsOf } from "./job_input.ts";
import { defaultName, openJournal } from "./journal_place.ts";
import { note } from "./note.ts";
import { compiledMessage, prepare, runJob } from "./run_job.ts";
import { SavedDialogue } from "./saved_dialogue.ts";
import { runningOf } from "./settings.ts";
import { checkText, plural } from "./summary_text.ts";

const NUMBERS = EXIT.bulk_send;
const DAY_MS = 86_400_000;

/** One call of `send`. */
export class Sending {
  readonly #context: SecretContext;

  /**
   * Nothing has been done yet.
   *
   * @param context Where secrets and standard input come from.
   */
  constructor(context: SecretContext) {
    this.#context = context;
  }

  /**
   * Checks the whole list, then does what was asked for.
   *
   * @param call What was typed.
   * @returns The exit number.
   */
  async send(call: SendCall): Promise<number> {
    checkCall(call);
    const { io } = this.#context;
    const server = call.server ?? call.url;
    const running = runningOf({ ...call, ...(server !== undefined && { server }) });
    if (call.suppress !== undefined) await checkSuppressed(call.suppress);
    const input = await checkInput(call, { running, samples: 1, errors: 20 }, this.#context);
    if (input.check.wrong > 0) {
      await io.err.print(checkText(input.check, call.list));
      await io.err.line("nothing was sent");
      return NUMBERS.usage;
    }
    if (call.dryRun !== undefined) return await this.#dryRun(call, call.dryRun, input);
    if (call.testTo !== undefined) return await this.#test(call, call.testTo, input);
    if (input.check.rows === 0) await note(io, call, `${call.list} has no rows`);
    return await this.#run(call, input);
  }

  async #run(call: SendCall, input: CheckedInput): Promise<number> {
    const { io } = this.#context;
    const { settings } = input;
    const { journal: place = "", job: name = defaultName(place) } = call;
    const hashes = hashJob({
      name,
      listHash: settings.inputs.listHash,
      message: settings.message,
      more: [JSON.stringify(settings.making)],
    });
    const prepared = await prepare(settings, hashes.fingerprint, this.#context);
    const named = { ...call, journal: place };
    await using journal = await openJournal(named, this.#context, { create: true });
    await suppress(journal, call.suppress);
    const job = await this.#jobFor(journal, { call, input, hashes, name });
    const others = await journal.contacted(job.id, Date.now() - DAY_MS);
    for (const { job: other, recipients } of others) {
      await note(io, call, `job "${other}" has written to ${recipients} of them within 24 hours`);
    }
    return await runJob({ journal, job, settings, call: named }, prepared, io);
  }

  /** The job of a call: a new one, or the one that the same call has made before. */
  async #jobFor(
    journal: BulkJournal,
    { call, input, hashes, name }: {
      readonly call: SendCall;
      readonly input: CheckedInput;
      readonly hashes: JobHashes;
      readonly name: string;
    },
  ): Promise<JobRecord> {
    const jobs = await journal.jobs();
    const same = jobs.find((job) => job.name === name);
    if (same !== undefined) {
      if (same.fingerprint !== hashes.fingerprint) {
        fail(`the journal has a job "${name}" that was made of something else: --job NAME`);
      }
      await note(this.#context.io, call, `going on with the job "${name}"`);
      return same;
    }
    const before = jobs.find((job) => job.contentHash === hashes.contentHash);
    if (before !== undefined && !call.again) {
      fail(`the job "${before.name}" sends the same message: add --again if that is meant`);
    }
    return await journal.create({ name, ...hashes, settings: input.settings }, rowsOf(input));
  }

  async #dryRun(call: SendCall, folder: string, input: CheckedInput): Promise<number> {
    const { out, signal } = this.#context.io;
    const message = compiledMessage(input.settings, NO_JOB);
    const skipped = call.suppress === undefined
      ? []
      : await Array.fromAsync(suppressedKeys(call.suppress));
    const limit = call.limit ?? Infinity;
    const rows = rowsOf(input);
    const written = await writeMessages(folder, { rows, message, limit, skipped, signal });
    if (call.json) await out.json({ written, folder });
    else if (!call.quiet) {
      await out.line(`Wrote ${plural(written, "message")} to ${visible(folder)}`);
    }
    return NUMBERS.ok;
  }

  async #test(call: SendCall, to: string, input: CheckedInput): Promise<number> {
    const { out, err, signal } = this.#context.io;
    const prepared = await prepare(input.settings, NO_JOB, this.#context);
    using saved = await SavedDialogue.open(call);
    const rows = rowsOf(input);
    const { outcome, said: reply } = await sendTest(addressOf(to), {
      ...{ rows, ...prepared, saved, signal },
    }).finally(() => saved?.write());
    const exit = EXIT_OF_TEST[outcome];
    if (call.json) await out.json({ to, outcome, reply });
    else if (exit !== NUMBERS.ok) await err.line(visible(`${to}: ${outcome}: ${reply}`));
    else if (!call.quiet) await out.line(`Sent the first message to ${to}: ${visible(reply)}`);
    return exit;
  }
}

/** What does not go together is told before anything is read. */
function checkCall(call: SendCall): void {
  if (call.dryRun === undefined && call.testTo === undefined && call.journal === undefined) {
    fail("--journal is missing: what became of each row must be known afterwards");
  }
  checkReports(call);
  if (call.dryRun !== undefined && call.saveDialogue !== undefined) {
    fail("--save-dialogue is about what a server is told: --dry-run asks none");
  }
  const secrets = [call.passwordFrom, call.tokenFrom, call.journalPasswordFrom];
  if (call.list === "-" && secrets.some((source) => source?.kind === "stdin")) {
    fail("standard input is the list: a secret comes from somewhere else");
  }
}

function fail(why: string): never {
  throw new ValidationError(`Cannot send: ${why}`);
}
