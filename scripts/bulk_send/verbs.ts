/**
 * What each verb does: from what was typed to the job, and from its result to paper.
 *
 * @module
 */

import {
  EXIT,
  type ScriptIo,
  type SecretReaders,
  ValidationError,
  visible,
} from "../../src/cli/mod.ts";
import { type BulkJournal, hashJob, type JobHashes, type JobRecord } from "../../src/jobs/mod.ts";
import { parseAddress } from "../../src/message/mod.ts";
import type { SecretContext } from "../shared/login.ts";
import type {
  CheckCall,
  JournalCall,
  ReleaseCall,
  ReportCall,
  ResumeCall,
  RunCall,
  SendCall,
  TalkCall,
  Verbs,
} from "./calls.ts";
import { heldBy } from "./emergency.ts";
import { exitOfStates } from "./failure.ts";
import { callGrants } from "./grants.ts";
import { suppressedKeys } from "./inputs.ts";
import { sendTest, writeMessages } from "./instead.ts";
import {
  type CheckedInput,
  type CheckingOptions,
  checkInput,
  NO_JOB,
  refuseChanged,
  rowsOf,
} from "./job_input.ts";
import { chooseJob, defaultName, isPostgres, openJournal } from "./journal_place.ts";
import { nextCommand } from "./next_command.ts";
import { openReports } from "./report_files.ts";
import { compiledMessage, prepare, runJob, tellIfOver } from "./run_job.ts";
import { type JobSettings, runningOf, settingsOf } from "./settings.ts";
import { checkText, sampleText, statusJson, statusText } from "./summary_text.ts";

const NUMBERS = EXIT.bulk_send;
const DAY_MS = 86_400_000;

/** What a test puts in the place of the system. */
export interface VerbsOptions {
  /** Where secrets and standard input come from. */
  readonly readers?: SecretReaders | undefined;
}

/** One call of the script. */
export class BulkVerbs implements Verbs {
  /** What the script exits with; 0 of `--help` and `--version` too. */
  exit: number = NUMBERS.ok;
  readonly #io: ScriptIo;
  readonly #context: SecretContext;

  /** Nothing has been done yet. */
  constructor(io: ScriptIo, { readers }: VerbsOptions) {
    this.#io = io;
    this.#context = { io, readers };
  }

  async check(call: CheckCall): Promise<void> {
    if (call.permissions) return await this.#permissions(call);
    const { samples: count, errors: most } = call;
    const { check } = await this.#checked(call, {
      running: runningOf({}),
      samples: count,
      errors: most,
    });
    const { out } = this.#io;
    const { samples, errors, ...rest } = check;
    if (call.json) {
      const messages = samples.map(({ octets, ...sample }) => ({
        ...sample,
        message: new TextDecoder().decode(octets),
      }));
      const told = errors.map(({ line, column, message }) => ({ line, column, message }));
      await out.json({ ...rest, errors: told, samples: messages });
    } else if (!call.quiet) {
      await out.print(checkText(check, call.list) + samples.map(sampleText).join(""));
    }
    if (check.wrong === 0) return;
    this.exit = NUMBERS.usage;
    if (call.quiet) await this.#io.err.print(checkText(check, call.list));
  }

  async send(call: SendCall): Promise<void> {
    if (call.permissions) return await this.#permissions(call);
    if (call.dryRun === undefined && call.testTo === undefined && call.journal === undefined) {
      fail("--journal is missing: what became of each row must be known afterwards");
    }
    checkReports(call);
    const secrets = [call.passwordFrom, call.tokenFrom, call.journalPasswordFrom];
    if (call.list === "-" && secrets.some((source) => source?.kind === "stdin")) {
      fail("standard input is the list: a secret comes from somewhere else");
    }
    const server = call.server ?? call.url;
    const running = runningOf({ ...call, ...(server !== undefined && { server }) });
    const input = await this.#checked(call, { running, samples: 1, errors: 20 });
    const { check, settings } = input;
    if (check.wrong > 0) {
      await this.#io.err.print(checkText(check, call.list));
      await this.#io.err.line("nothing was sent");
      this.exit = NUMBERS.usage;
      return;
    }
    if (call.dryRun !== undefined) return await this.#dryRun(call, call.dryRun, input);
    if (call.testTo !== undefined) return await this.#test(call, call.testTo, input);
    const { journal: place = "", job: name = defaultName(place) } = call;
    const hashes = hashJob({
      name,
      listHash: settings.inputs.listHash,
      message: settings.message,
      more: [JSON.stringify(settings.making)],
    });
    const prepared = await prepare(settings, hashes.fingerprint, this.#context);
    const job = { ...call, journal: place, job: name };
    await using journal = await openJournal(job, this.#context, { create: true });
    await this.#suppress(journal, call.suppress);
    const record = await this.#jobFor(journal, { call, input, hashes, name });
    const others = await journal.contacted(record.id, Date.now() - DAY_MS);
    for (const { job: other, recipients } of others) {
      await this.#note(call, `job "${other}" has written to ${recipients} of them within 24 hours`);
    }
    const shown = call.job === undefined ? { ...call, journal: place } : job;
    this.exit = await runJob(
      { journal, job: record, settings, call: shown },
      prepared,
      this.#io,
    );
  }

  async resume(call: ResumeCall): Promise<void> {
    await this.#goOn(call, { inputs: true });
  }

  async work(call: ResumeCall): Promise<void> {
    if (!isPostgres(call.journal)) {
      fail("work is for journals in PostgreSQL; a journal in a file has one run at a time: resume");
    }
    await this.#goOn(call, { inputs: false }); // the files are on the machine that has made the job
  }

  async status(call: JournalCall): Promise<void> {
    if (call.permissions) return await this.#permissions(call);
    const { out, err } = this.#io;
    await using journal = await openJournal(call, this.#context);
    const jobs = call.job === undefined
      ? await journal.jobs()
      : [await chooseJob(journal, call.job)];
    const exits: number[] = [];
    for (const record of jobs) {
      const job = await journal.look(record.id);
      const states = await job.counts();
      const dueMs = await job.nextDueMs();
      exits.push(exitOfStates(states, { shared: isPostgres(call.journal) }));
      const told = { record, states, next: timeOf(dueMs) };
      await (call.json ? out.json(statusJson(told)) : out.print(statusText(told)));
    }
    if (!isPostgres(call.journal) && await heldBy(`${call.journal}.emergency`) > 0) {
      await err.line(
        `note: ${call.journal}.emergency holds outcomes that the journal does not have`,
      );
    }
    this.exit = Math.max(NUMBERS.ok, ...exits);
  }

  async report(call: ReportCall): Promise<void> {
    if (call.permissions) return await this.#permissions(call);
    if (call.format.filter(({ path }) => path === undefined).length > 1) {
      fail("one report goes to standard output: give the others a path, --format FORMAT:PATH");
    }
    await using journal = await openJournal(call, this.#context);
    const job = await journal.look((await chooseJob(journal, call.job)).id);
    await using reports = await openReports("--format", call.format, this.#io.out);
    await reports.write(job);
  }

  async release(call: ReleaseCall): Promise<void> {
    if (call.permissions) return await this.#permissions(call);
    const recipients = call.recipient?.map((text) => addressOf(text));
    await using journal = await openJournal(call, this.#context);
    const record = await chooseJob(journal, call.job);
    // What a run that died had left is in doubt only when its job was opened again.
    const { journal: job } = await journal.run(record.id, Date.now());
    const { to, by } = call;
    const released = await job.release({
      ...{ to, by, atMs: Date.now() },
      ...(recipients !== undefined && { recipients }),
    });
    const { out } = this.#io;
    if (call.json) await out.json({ released, to });
    else if (!call.quiet) await out.line(`Released: ${released} (${to})`);
    if (to === "resend" && released > 0 && !call.quiet) {
      await this.#io.err.line(`next: ${nextCommand("resume", call)}`);
    }
  }

  async #goOn(call: ResumeCall, here: { readonly inputs: boolean }): Promise<void> {
    checkReports(call);
    await using journal = await openJournal(call, this.#context);
    const record = await chooseJob(journal, call.job);
    const kept = settingsOf(record);
    const settings: JobSettings = { ...kept, ...runningOf(call, kept) };
    if (call.permissions) {
      const { dkim, session, suppress, inputs: { list, message } } = settings;
      const files = here.inputs ? { list, message, ...(suppress && { suppress }) } : {};
      return await this.#permissions({ ...files, ...call, ...dkim, ...session });
    }
    if (here.inputs) {
      const { quiet = false } = call;
      await refuseChanged(record, kept.inputs, { err: this.#io.err, quiet });
    }
    await this.#suppress(journal, call.suppress ?? (here.inputs ? kept.suppress : undefined));
    const run = { journal, job: record, settings, call };
    this.exit = await tellIfOver(run, this.#io) ??
      await runJob(
        run,
        await prepare(settings, record.fingerprint, this.#context),
        this.#io,
      );
  }

  /** Reads message and list, and says what is odd about them. */
  async #checked(
    call: Parameters<typeof checkInput>[0] & TalkCall,
    options: Omit<CheckingOptions, "watched">,
  ): Promise<CheckedInput> {
    const watched = this.#io.err.terminal && !call.quiet && !call.json;
    const input = await checkInput(call, { ...options, watched }, this.#context);
    for (const note of input.notes) await this.#note(call, note);
    return input;
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
      await this.#note(call, `going on with the job "${name}"`);
      return same;
    }
    const before = jobs.find((job) => job.contentHash === hashes.contentHash);
    if (before !== undefined && !call.again) {
      fail(`the job "${before.name}" sends the same message: add --again if that is meant`);
    }
    const rows = rowsOf(input);
    return await journal.create({ name, ...hashes, settings: input.settings }, rows);
  }

  async #suppress(journal: BulkJournal, path: string | undefined): Promise<void> {
    if (path !== undefined) await journal.suppress(suppressedKeys(path), Date.now());
  }

  async #dryRun(call: SendCall, folder: string, input: CheckedInput): Promise<void> {
    const message = compiledMessage(input.settings, NO_JOB);
    const limit = call.limit ?? Infinity;
    const rows = rowsOf(input);
    const { signal } = this.#io;
    const skipped = call.suppress === undefined
      ? []
      : await Array.fromAsync(suppressedKeys(call.suppress));
    const count = await writeMessages(folder, { rows, message, limit, skipped, signal });
    if (call.json) await this.#io.out.json({ written: count, folder });
    else if (!call.quiet) await this.#io.out.line(`Wrote ${count} messages to ${visible(folder)}`);
  }

  async #test(call: SendCall, to: string, input: CheckedInput): Promise<void> {
    const { message, session } = await prepare(input.settings, NO_JOB, this.#context);
    const rows = rowsOf(input);
    const reply = await sendTest(addressOf(to), {
      rows,
      message,
      session,
      signal: this.#io.signal,
    });
    if (call.json) await this.#io.out.json({ to, reply });
    else if (!call.quiet) {
      await this.#io.out.line(`Sent the first message to ${to}: ${visible(reply)}`);
    }
  }

  async #permissions(call: Parameters<typeof callGrants>[0]): Promise<void> {
    await this.#io.out.line((await callGrants(call)).join(" "));
  }

  async #note({ quiet }: TalkCall, text: string): Promise<void> {
    if (!quiet) await this.#io.err.line(`note: ${visible(text)}`);
  }
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** Standard output has the summary. */
function checkReports({ report = [] }: RunCall): void {
  if (report.some(({ path }) => path === undefined)) {
    fail("--report needs a path: --report html:FILE");
  }
}

function addressOf(text: string): string {
  try {
    return parseAddress(text, { allowLiterals: true }).toString();
  } catch (cause) {
    fail(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function fail(why: string, options?: ErrorOptions): never {
  throw new ValidationError(`Cannot send: ${why}`, options);
}
