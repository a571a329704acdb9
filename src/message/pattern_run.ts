/**
 * Running the states of a pattern, all at once (Thompson, Pike).
 *
 * At each place of the text every state is entered at most once, so the work is bounded by the length
 * of the text times the number of states, whatever the text is.
 *
 * @module
 */

import { casesOf } from "./character_set.ts";
import type { Program, State } from "./pattern_program.ts";
import type { Place } from "./pattern_syntax.ts";

/** How to look. */
export interface RunOptions {
  /** Whether `a` and `A` are the same. */
  readonly ignoreCase: boolean;
  /** Whether any match will do. */
  readonly any: boolean;
}

/** Finds the match that begins first and, of those, the longest one: its begin and its end. */
export function run(
  { states, start }: Program,
  text: string,
  { ignoreCase, any }: RunOptions,
): [from: number, to: number] | undefined {
  let match: [number, number] | undefined;
  let here = new Threads(states, text);
  let there = new Threads(states, text);
  for (let at = 0; at <= text.length;) {
    if (match === undefined) here.enter(start, at, at);
    const point = text.codePointAt(at);
    const next = at + (point !== undefined && point > 0xffff ? 2 : 1);
    const cases = point === undefined ? [] : ignoreCase ? casesOf(point) : [point];
    for (const { state, from } of here.threads) {
      // They stand in the order of their begins.
      if (match !== undefined && from > match[0]) break;
      if (state.kind === "found") {
        match = [from, at];
        if (any) return match;
      } else if (state.kind === "set" && point !== undefined && state.set.holds(cases)) {
        there.enter(state.next, from, next);
      }
    }
    if (match !== undefined && there.threads.length === 0) break;
    here.threads.length = 0;
    [here, there] = [there, here];
    at = next;
  }
  return match;
}

interface Thread {
  readonly state: State;
  /** Where the match begins. */
  readonly from: number;
}

/** The states at one place of a text. */
class Threads {
  readonly threads: Thread[] = [];
  readonly #states: readonly State[];
  readonly #text: string;
  /** At which place each state was entered last. */
  readonly #entered: Int32Array;

  constructor(states: readonly State[], text: string) {
    this.#states = states;
    this.#text = text;
    this.#entered = new Int32Array(states.length).fill(-1);
  }

  /** Enters a state and those that are reached from it without a character. */
  enter(start: number, from: number, at: number): void {
    const open = [start];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#entered[index] === at) continue;
      this.#entered[index] = at;
      const state = this.#states[index] as State; // an index of the program itself
      if (state.kind === "split") open.push(state.next, state.other);
      else if (state.kind !== "place") this.threads.push({ state, from });
      else if (isPlace(state.place, this.#text, at)) open.push(state.next);
    }
  }
}

function isPlace(place: Place, text: string, at: number): boolean {
  switch (place) {
    case "start":
      return at === 0;
    case "end":
      return at === text.length;
    case "boundary":
      return isWord(text[at - 1]) !== isWord(text[at]);
    case "no boundary":
      return isWord(text[at - 1]) === isWord(text[at]);
  }
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /^\w$/.test(character);
}
