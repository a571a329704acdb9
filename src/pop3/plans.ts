/**
 * What TOP, RETR and DELE say about a message and read of it: the same for one message and for many.
 *
 * @module
 */

import { BodyReader } from "./body.ts";
import { about, top } from "./commands.ts";
import type { Exchange } from "./exchange.ts";
import type { Maildrop } from "./maildrop.ts";
import { IncomingMessage } from "./message.ts";
import type { MsgNo } from "./message_number.ts";
import type { Pop3Limits } from "./session_options.ts";
import { type MessageTop, readTop } from "./top.ts";
import type { MessagePlan } from "./window.ts";

/** How long the answer to TOP is taken to be, at most, in octets: the header, and each line. */
const HEADER_OCTETS = 64 * 1024;
const LINE_OCTETS = 80;

/** The plans of one session. */
export class Plans {
  readonly #exchange: Exchange;
  readonly #maildrop: Maildrop;
  readonly #limits: Pop3Limits;

  /**
   * Plans for a maildrop.
   *
   * @param exchange Where answers come from.
   * @param maildrop Knows the sizes, and keeps the marks.
   * @param limits How long an answer may be.
   */
  constructor(exchange: Exchange, maildrop: Maildrop, limits: Pop3Limits) {
    this.#exchange = exchange;
    this.#maildrop = maildrop;
    this.#limits = limits;
  }

  /**
   * TOP.
   *
   * @param lines How many lines of the body to ask for.
   * @returns The plan.
   */
  top(lines: number): MessagePlan<MessageTop> {
    const most = HEADER_OCTETS + lines * LINE_OCTETS;
    return {
      verb: "TOP",
      command: (no) => top(no.value, lines),
      cost: (no) => Math.min(this.#maildrop.size(no) ?? most, most),
      read: (no) => readTop(this.#reader(`the answer to TOP ${no}`), this.#limits.top),
    };
  }

  /**
   * RETR.
   *
   * @param onOver Called when the message is read to its end, or will not be.
   * @returns The plan.
   */
  retr(onOver?: () => void): MessagePlan<IncomingMessage> {
    return {
      verb: "RETR",
      command: (no) => about("RETR", no.value),
      cost: (no) => this.#maildrop.size(no) ?? HEADER_OCTETS,
      read: (no) => {
        const size = this.#maildrop.size(no);
        const hint = size ?? announcedSize(this.#exchange.lastRest);
        return new IncomingMessage(no, size, this.#reader(`message ${no}`, hint), onOver);
      },
      ended: (message) => message.complete,
      settle: (message) => message.over ? undefined : message.settle(),
    };
  }

  /**
   * DELE.
   *
   * @returns The plan, which keeps the marks that the server has accepted.
   */
  dele(): MessagePlan<MsgNo> {
    return {
      verb: "DELE",
      command: (no) => about("DELE", no.value),
      cost: () => 0,
      read: (no) => {
        this.#maildrop.marked.add(no);
        return no;
      },
    };
  }

  #reader(what: string, hint?: number): BodyReader {
    return new BodyReader(this.#exchange, what, this.#limits.message, hint);
  }
}

/** `+OK 120 octets`: what many servers say before a message (RFC 1939 section 5). */
function announcedSize(rest: string): number | undefined {
  const [, digits] = /^(\d{1,15}) octets/i.exec(rest) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
