/**
 * What each verb does: from what was typed to the job, and from its result to paper.
 *
 * @module
 */

import { EXIT, type ScriptIo, type SecretReaders, ValidationError } from "../../src/cli/mod.ts";
import type { SecretContext } from "../shared/login.ts";
import { addressOf, checkReports } from "./call_checks.ts";
import type {
  CheckCall,
  JournalCall,
  ReleaseCall,
  ReportCall,
  ResumeCall,
  SendCall,
  Verbs,
} from "./calls.ts";
import { heldBy } from "./emergency.ts";
import { exitOfStates } from "./failure.ts";
import { callGrants } from "./grants.ts";
import { suppress } from "./inputs.ts";
import { checkInput, refuseChanged } from "./job_input.ts";
import { chooseJob, isPostgres, openJournal } from "./journal_place.ts";
import { nextCommand } from "./next_command.ts";
import { openReports } from "./report_files.ts";
import { prepare, runJob, tellIfOver } from "./run_job.ts";
import { sampleText } from "./sample_text.ts";
import { Sending } from "./sending.ts";
import { type JobSettings, runningOf, settingsOf } from "./settings.ts";
import { checkText, statusJson, statusText } from "./summary_text.ts";

const NUMBERS = EXIT.bulk_send;
/** Where nothing is decided, nothing needs to be writable. */
const LOOKING = { readOnly: true } as const;

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
    const options = { running: runningOf({}), samples: call.samples, errors: call.errors };
    const { check } = await checkInput(call, options, this.#context);
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
    this.exit = call.permissions
      ? await this.#permissions(call).then(() => NUMBERS.ok)
      : await new Sending(this.#context).send(call);
  }

  async resume(call: ResumeCall): Promise<void> {
    await this.#goOn(call, { inputs: true });
  }

  async work(call: ResumeCall): Promise<void> {
    if (!isPostgres(call.journal)) {
      fail(
        "Cannot work: this is for journals in PostgreSQL; a journal in a file has one run at a time: resume",
      );
    }
    await this.#goOn(call, { inputs: false }); // the files are on the machine that has made the job
  }

  async status(call: JournalCall): Promise<void> {
    if (call.permissions) return await this.#permissions({ ...call, ...LOOKING });
    const { out, err } = this.#io;
    await using journal = await openJournal(call, this.#context, LOOKING);
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
    if (call.permissions) return await this.#permissions({ ...call, ...LOOKING });
    if (call.format.filter(({ path }) => path === undefined).length > 1) {
      fail(
        "Cannot report: one report goes to standard output: give the others a path, --format FORMAT:PATH",
      );
    }
    await using journal = await openJournal(call, this.#context, LOOKING);
    const job = await journal.look((await chooseJob(journal, call.job)).id);
    await using reports = await openReports("--format", call.format, this.#io.out);
    await reports.write(job);
  }

  async release(call: ReleaseCall): Promise<void> {
    if (call.permissions) return await this.#permissions(call);
    const { to, by, failed, code: codes, reason } = call;
    if (failed && to === "failed") fail("Cannot release: rows that failed go --to resend");
    const recipients = call.recipient?.map((text) => addressOf(text));
    await using journal = await openJournal(call, this.#context);
    const record = await chooseJob(journal, call.job);
    // What a run that died had left is in doubt only when its job was opened again.
    const { journal: job } = await journal.run(record.id, Date.now());
    const released = await job.release({
      ...{ to, by, atMs: Date.now(), from: failed ? "failed" : "in_doubt" },
      ...(recipients !== undefined && { recipients }),
      ...(codes !== undefined && { codes }),
      ...(reason !== undefined && { reason }),
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
    if (here.inputs) await refuseChanged(record, kept.inputs, { io: this.#io, call });
    await suppress(journal, call.suppress ?? (here.inputs ? kept.suppress : undefined));
    const run = { journal, job: record, settings, call };
    this.exit = await tellIfOver(run, this.#io) ??
      await runJob(
        run,
        await prepare(settings, record.fingerprint, this.#context),
        this.#io,
      );
  }

  async #permissions(call: Parameters<typeof callGrants>[0]): Promise<void> {
    await this.#io.out.line((await callGrants(call)).join(" "));
  }
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function fail(why: string): never {
  throw new ValidationError(why);
}
