/**
 * A proxy that holds what a client says at the place that a test names, so that it can be killed there.
 *
 * @module
 */
import { HOST } from "./network.ts";

/** Stands in front of a port; passes everything on unless it is told to hold. */
export class HoldingProxy implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #served: Promise<void>;
  #hold: { readonly due: () => Promise<boolean>; readonly reached: () => void } | undefined;

  /** Begins to listen. */
  constructor(port: number) {
    this.#listener = Deno.listen({ hostname: HOST, port: 0 });
    this.port = this.#listener.addr.port;
    this.#served = this.#serve(port);
  }

  /**
   * Asks before each piece of a client whether it is passed on: the first that is not, and all behind
   * it, never is. Resolves at that one.
   */
  async until(due: () => Promise<boolean>): Promise<void> {
    const { promise, resolve: reached } = Promise.withResolvers<void>();
    this.#hold = { due, reached };
    await promise;
    this.#hold = undefined;
  }

  /** Ends when its connections have. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#served;
  }

  async #serve(port: number): Promise<void> {
    const all: Promise<void>[] = [];
    for await (const near of this.#listener) all.push(this.#connect(near, port));
    await Promise.all(all);
  }

  async #connect(near: Deno.TcpConn, port: number): Promise<void> {
    using _near = near;
    using far = await Deno.connect({ hostname: HOST, port });
    for (const end of [near, far]) end.setNoDelay(true);
    // One that was killed leaves without a word.
    await Promise.allSettled([
      pump(near, far, () => this.#held()),
      pump(far, near, () => Promise.resolve(false)),
    ]);
  }

  async #held(): Promise<boolean> {
    if (this.#hold === undefined || !await this.#hold.due()) return false;
    this.#hold.reached();
    return true;
  }
}

/** Passes octets on until there are no more; what is held is read, and thrown away. */
async function pump(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  held: () => Promise<boolean>,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let holding = false;
  try {
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      holding ||= await held();
      for (let at = 0; !holding && at < count;) at += await to.write(buffer.subarray(at, count));
    }
  } finally {
    await to.closeWrite();
  }
}
