/**
 * Keeps the transcript, and makes stages and their times of it.
 *
 * Commands wait in line for their replies, so pipelined batches are told apart. Times are taken where
 * octets are read and written, not where lines are understood.
 *
 * @module
 */

import type { Clock, TranscriptEvent } from "../../wire/mod.ts";
import type { MeterListener } from "./meter.ts";
import type { OctetVeil } from "./octet_veil.ts";
import type { ReplyFacts, ReplyReader } from "./reply_reader.ts";
import type { Stage, StageName, StageReply, TranscriptLine } from "./result.ts";

/** How a recorder keeps its record. */
export interface RecorderOptions {
  /** What times go by. */
  readonly clock: Clock;
  /** When the run began, on the monotonic side of the clock. */
  readonly began: number;
  /** Makes replies of lines. */
  readonly replies: ReplyReader;
  /** Whether content is answered once for each recipient. */
  readonly lmtp: boolean;
  /** Shows what was sent during the login as it was sent, secrets included. */
  readonly reveal: boolean;
  /** Hears each line with its number. */
  readonly onLine: (number: number, line: TranscriptLine) => void;
  /** Hears what the session says of its transcript. */
  readonly onSaid: (said: TranscriptEvent) => void;
  /** Shows the octets of each read and each write. */
  readonly octets: OctetVeil;
  /** Hears each stage as it begins. */
  readonly onStage: (name: StageName) => void;
}

type Draft = { -readonly [Key in keyof Stage]: Stage[Key] } & { readonly replies: StageReply[] };

/** A line that should not be, or not be so. */
export interface OddLine {
  /** Its number in the transcript. */
  readonly line: number;
  /** Where it came. */
  readonly stage: StageName;
}

/** A command on its way. */
interface Asked {
  /** Where its reply belongs; RSET is of no interest by itself. */
  readonly stage: Draft | undefined;
  readonly to: string;
  readonly pipelined: boolean;
}

/** Where a whole delivery, or the listing of a whole maildrop, is by what is said. */
const STAGE_OF_VERB: ReadonlyMap<string, StageName> = new Map([
  ["MAIL", "mail"],
  ["RCPT", "rcpt"],
  ["DATA", "data"],
  ["BDAT", "dot"],
  ["STAT", "stat"],
  ["LIST", "list"],
  ["UIDL", "uidl"],
]);
/** A greeting that takes longer is a pause meant for impatient senders. */
const GREET_PAUSE_MS = 1_000;
/** Gaps of this length come from Nagle's algorithm waiting for a delayed acknowledgement. */
const SMALL_WRITE_MS = { least: 30, most: 80 };
/** So many rows of a listing are kept; a maildrop may have a hundred thousand. */
const MOST_ROWS = 100;

/** The record of one target. */
export class Recorder implements MeterListener {
  /** What was said. */
  readonly transcript: TranscriptLine[] = [];
  /** Lines that came although nothing had been asked. */
  readonly unasked: OddLine[] = [];
  /** Lines whose code is not that of the line before. */
  readonly mixed: OddLine[] = [];
  /** Lines that belong to no reply. */
  readonly malformed: OddLine[] = [];
  /** Whether verbs decide the stage: several commands go out as one piece of work. */
  following = false;
  readonly #options: RecorderOptions;
  readonly #stages: Draft[] = [];
  readonly #asked: Asked[] = [];
  readonly #masked: TranscriptLine[] = [];
  #stage: Draft | undefined;
  #last: Asked | undefined;
  #verb = "";
  /** The first line of the reply that is under way. */
  #firstLine: number | undefined;
  #rows = 0;
  #writtenAt = 0;
  #repliedAt = 0;
  #readAt = 0;
  #pieceAt: number | undefined;

  /** Starts an empty record. */
  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** The stages so far. */
  get stages(): readonly Stage[] {
    return this.#stages;
  }

  /** How many commands are not answered. */
  get outstanding(): number {
    return this.#asked.length;
  }

  /** The stage whose reply is waited for, or that began last. */
  get awaited(): StageName | undefined {
    return (this.#asked[0]?.stage ?? this.#stage)?.name;
  }

  /** The stage of the last reply. */
  get answered(): StageName | undefined {
    return this.#last?.stage?.name;
  }

  /** Milliseconds since the start of the run. */
  get now(): number {
    return this.#options.clock.monotonic() - this.#options.began;
  }

  /** The stage of a name, if it was reached. */
  find(name: StageName): Stage | undefined {
    return this.#stages.findLast((stage) => stage.name === name);
  }

  /**
   * Begins a stage.
   *
   * @param name Which.
   * @returns The stage; who begins one that has no replies sets its time and outcome.
   */
  begin(name: StageName): Draft {
    const stage: Draft = {
      name,
      at: this.now,
      ms: 0,
      bytesSent: 0,
      bytesReceived: 0,
      replies: [],
      ok: false,
    };
    this.#stages.push(stage);
    this.#stage = stage;
    this.#options.onStage(name);
    return stage;
  }

  /** Begins the wait for a greeting: nothing is said, and yet a reply is due. */
  expectGreeting(): void {
    const stage = this.begin("banner");
    this.#writtenAt = this.now;
    this.#asked.push({ stage, to: "", pipelined: false });
  }

  /** Runs something without replies as a stage of its own. */
  async measure<T>(name: StageName, work: () => Promise<T>): Promise<T> {
    const stage = this.begin(name);
    try {
      const result = await work();
      stage.ok = true;
      return result;
    } finally {
      stage.ms = this.now - stage.at;
    }
  }

  /** Ends the wait for a reply that does not come: the time it took belongs to its stage. */
  breakOff(): void {
    const stage = this.#asked[0]?.stage;
    if (stage === undefined) return;
    stage.ms += Math.max(0, this.now - Math.max(this.#writtenAt, this.#repliedAt));
    stage.ok = false;
  }

  readonly onRead = (bytes: Uint8Array): void => {
    const at = this.now;
    this.#options.octets.read(bytes, this.#isSecret);
    const { least, most } = SMALL_WRITE_MS;
    const stage = this.#asked[0]?.stage ?? this.#stage;
    this.#readAt = at;
    if (stage !== undefined) {
      stage.bytesReceived += bytes.length;
      if (stage.name === "banner" && stage.firstOctetMs === undefined) {
        stage.firstOctetMs = at - this.#writtenAt;
        if (stage.firstOctetMs > GREET_PAUSE_MS) stage.greetDelayMs = stage.firstOctetMs;
      }
      const gap = at - (this.#pieceAt ?? at);
      if (gap >= least && gap <= most) stage.smallWrites = true;
    }
    this.#pieceAt = at;
  };

  readonly onWrite = (bytes: Uint8Array): void => {
    this.#writtenAt = this.now;
    this.#pieceAt = undefined;
    if (this.#stage !== undefined) this.#stage.bytesSent += bytes.length;
    this.#reveal(bytes);
    this.#options.octets.written(bytes, this.#isSecret);
  };

  /** Hears what the session says of its transcript. */
  readonly listen = (event: TranscriptEvent): void => {
    this.#options.onSaid(event);
    const { end, tls, kind, text, bytes } = event;
    const line = {
      at: this.now,
      end,
      tls,
      kind,
      text,
      ...(bytes === undefined ? {} : { octets: bytes.length }),
    };
    if (kind === "line" && end === "S") return this.#hear(line);
    if (kind === "line") this.#say(text);
    if (kind === "content" && end === "S") this.#body();
    if (kind === "content" && end === "C") this.#content();
    if (this.#options.reveal && kind === "line" && this.#stage?.name === "auth") {
      this.#masked.push(line);
    } else {
      this.#add(line);
    }
  };

  /** Nothing of a login is shown unless that is wanted. */
  get #isSecret(): boolean {
    return !this.#options.reveal && this.#stage?.name === "auth";
  }

  #add(line: TranscriptLine): number {
    this.transcript.push(line);
    this.#options.onLine(this.transcript.length, line);
    return this.transcript.length;
  }

  #say(text: string): void {
    this.#verb = text.split(" ", 1)[0] ?? "";
    if (this.following) this.#follow(STAGE_OF_VERB.get(this.#verb));
    this.#ask(text);
  }

  #content(): void {
    // BDAT was asked for as a command; after DATA the content itself is what is answered, once.
    if (this.#verb !== "DATA") return;
    this.#verb = ".";
    this.#follow("dot");
    this.#ask(".");
  }

  /** The time that the body behind a status takes belongs to its stage. */
  #body(): void {
    const stage = this.#last?.stage;
    if (stage !== undefined) stage.ms += Math.max(0, this.#readAt - this.#repliedAt);
    this.#repliedAt = this.#readAt;
  }

  #follow(name: StageName | undefined): void {
    if (name !== undefined && name !== this.#stage?.name) this.begin(name);
  }

  #ask(to: string): void {
    const stage = this.#verb === "RSET" ? undefined : this.#stage;
    this.#asked.push({ stage, to, pipelined: this.#asked.length > 0 });
  }

  #hear(line: TranscriptLine): void {
    const asked = this.#asked[0] ?? (this.#finalOfMany() ? this.#last : undefined);
    const stage = asked?.stage?.name;
    const heard = this.#options.replies.read(line.text, asked && { to: asked.to, stage });
    if (heard.kind === "row") return this.#row(line);
    this.#leaveOut();
    // To MAIL in the clear a refusal is the better answer.
    const unexpected = "refused" in heard ? heard.refused && stage !== "clear" : true;
    const number = this.#add(unexpected ? { ...line, unexpected } : line);
    if (heard.kind === "blank") return;
    if (heard.kind === "part" || heard.kind === "reply") {
      this.#firstLine ??= number;
      if (heard.kind === "reply") this.#complete(heard.reply, this.#firstLine);
      return;
    }
    const where = (this.#asked[0] ?? this.#last)?.stage ?? this.#stage;
    this[heard.kind].push({ line: number, stage: where?.name ?? "banner" });
  }

  #row(line: TranscriptLine): void {
    if (++this.#rows <= MOST_ROWS) this.#add(line);
  }

  /** Says how many rows of a listing are not shown. */
  #leaveOut(): void {
    const more = this.#rows - MOST_ROWS;
    this.#rows = 0;
    if (more <= 0) return;
    const tls = this.transcript.at(-1)?.tls ?? false;
    this.#add({ at: this.now, end: "S", tls, kind: "note", text: `${more} more lines` });
  }

  /** LMTP: the replies to content, from the second one on, are answers to nothing of their own. */
  #finalOfMany(): boolean {
    return this.#options.lmtp && this.#last?.stage?.name === "dot";
  }

  #complete(reply: ReplyFacts, line: number): void {
    const asked = this.#asked.shift() ?? this.#last;
    this.#firstLine = this.#pieceAt = undefined;
    const ms = Math.max(0, this.#readAt - Math.max(this.#writtenAt, this.#repliedAt));
    this.#repliedAt = this.#readAt;
    this.#last = asked;
    if (asked?.stage === undefined) return;
    const { stage, to } = asked;
    stage.replies.push({ to, line, ...reply, ms, ...(asked.pipelined ? { pipelined: true } : {}) });
    stage.ms += ms;
    stage.ok = wentWell(stage);
  }

  /** Puts what was sent in the place of its shown form; each line of a login is a write of its own. */
  #reveal(bytes: Uint8Array): void {
    if (this.#masked.length === 0) return;
    const sent = new TextDecoder().decode(bytes).split("\r\n");
    for (const line of this.#masked.splice(0)) {
      this.#add({ ...line, text: sent.shift() ?? line.text });
    }
  }
}

/** Whether the replies of a stage are what one hopes for. */
function wentWell({ name, replies }: Stage): boolean {
  switch (name) {
    case "clear": // a refusal is what one hopes for
    case "ask":
      return true;
    case "rcpt":
    case "dot":
      return replies.some(({ ok }) => ok);
    default:
      return replies.at(-1)?.ok ?? false;
  }
}
