/**
 * What the holes of a run are bound to, turn by turn of its loops.
 *
 * @module
 */

import type { Secret } from "../sasl/mod.ts";
import type { DialogueValue } from "./result.ts";

/** What a hole took, before it counts. */
export interface Taken {
  /** The name of the hole. */
  readonly name: string;
  /** The value. */
  readonly value: string;
  /** Whether it is a number. */
  readonly int?: boolean;
}

/** One turn of a loop, or the whole. */
interface Scope {
  readonly values: Map<string, Taken>;
  /** What inner turns took, by name. */
  readonly lists: Map<string, Taken[]>;
}

/** The values of all holes and secrets of a run. */
export class Bindings {
  readonly #given: ReadonlyMap<string, string>;
  readonly #secrets: ReadonlyMap<string, Secret | undefined>;
  readonly #scopes: Scope[] = [scope()];

  /**
   * Begins a run.
   *
   * @param given Holes that are bound from the beginning.
   * @param secrets The secrets by name; without a value where any is good.
   * @throws {TypeError} If a value could add a line.
   */
  constructor(
    given: ReadonlyMap<string, string>,
    secrets: ReadonlyMap<string, Secret | undefined> = new Map(),
  ) {
    for (const [name, value] of given) checkValue(name, value);
    this.#given = given;
    this.#secrets = secrets;
  }

  /**
   * Whether a name is that of a secret.
   *
   * @param name The name.
   */
  isSecret(name: string): boolean {
    return this.#secrets.has(name);
  }

  /**
   * A secret.
   *
   * @param name Its name.
   * @returns It; nothing if any is good, or it is none.
   */
  secret(name: string): Secret | undefined {
    return this.#secrets.get(name);
  }

  /**
   * What a hole is bound to.
   *
   * @param name Its name.
   * @returns The value; nothing if it is not bound yet.
   */
  get(name: string): string | undefined {
    for (let at = this.#scopes.length - 1; at >= 0; at--) {
      const taken = this.#scopes[at]?.values.get(name);
      if (taken !== undefined) return taken.value;
    }
    return this.#given.get(name);
  }

  /**
   * Binds a hole within the turn that runs.
   *
   * @param taken The hole and its value.
   * @throws {TypeError} If the value could add a line.
   */
  bind(taken: Taken): void {
    checkValue(taken.name, taken.value);
    this.#scopes.at(-1)?.values.set(taken.name, taken);
  }

  /**
   * Binds what a line took.
   *
   * @param taken Its holes and their values.
   */
  bindAll(taken: readonly Taken[]): void {
    for (const one of taken) this.bind(one);
  }

  /** The same bindings for an attempt: what it binds is not bound here. */
  trial(): Bindings {
    const trial = new Bindings(this.#given, this.#secrets);
    trial.#scopes.unshift(...this.#scopes);
    return trial;
  }

  /**
   * Runs one turn of a loop: what it binds is gone after it, and is kept in lists.
   *
   * @param turn The turn.
   * @param given The loop's own hole.
   */
  async turn(turn: () => Promise<void>, given?: Taken): Promise<void> {
    const inner = scope();
    if (given !== undefined) inner.values.set(given.name, given);
    this.#scopes.push(inner);
    try {
      await turn();
    } finally {
      this.#scopes.pop();
      if (given !== undefined) inner.values.delete(given.name);
      for (const taken of inner.values.values()) this.#append(taken.name, [taken]);
      for (const [name, list] of inner.lists) this.#append(name, list);
    }
  }

  /** What all holes took; lists where it was in a loop. */
  get vars(): Readonly<Record<string, DialogueValue>> {
    const vars: Record<string, DialogueValue> = Object.create(null);
    for (const { values, lists } of this.#scopes) {
      for (const [name, list] of lists) vars[name] = list.map(valueOf);
      for (const [name, taken] of values) vars[name] = valueOf(taken);
    }
    return vars;
  }

  #append(name: string, list: readonly Taken[]): void {
    const lists = this.#scopes.at(-1)?.lists;
    lists?.set(name, [...lists.get(name) ?? [], ...list]);
  }
}

function scope(): Scope {
  return { values: new Map(), lists: new Map() };
}

function valueOf({ value, int = false }: Taken): string | number {
  return int ? Number(value) : value;
}

/** A value stands in lines: it must never be able to end one (I42). */
function checkValue(name: string, value: string): void {
  if (/[\0\r\n]/.test(value)) {
    throw new TypeError(`Cannot use the value of "${name}": it holds NUL, CR or LF`);
  }
}
