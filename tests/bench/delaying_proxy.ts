/**
 * A far server, on loopback: whatever goes through arrives a little later, in both directions.
 *
 * @module
 */

/** A proxy that is running. */
export interface DelayingProxy extends AsyncDisposable {
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
}

/** Starts a proxy for a port on 127.0.0.1. */
export function startDelayingProxy(port: number, roundTripMs: number): DelayingProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = serve(listener, port, roundTripMs / 2);
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
    },
  };
}

async function serve(listener: Deno.TcpListener, port: number, delayMs: number): Promise<void> {
  const all: Promise<void>[] = [];
  for await (const near of listener) all.push(connect(near, port, delayMs));
  await Promise.all(all);
}

async function connect(near: Deno.TcpConn, port: number, delayMs: number): Promise<void> {
  using _near = near;
  using far = await Deno.connect({ hostname: "127.0.0.1", port });
  for (const end of [near, far]) end.setNoDelay(true);
  // A client that has gone without a word is no failure of ours.
  await Promise.allSettled([pump(near, far, delayMs), pump(far, near, delayMs)]);
}

/** Passes octets on, each piece when its time has come; what follows is read meanwhile. */
async function pump(from: Deno.TcpConn, to: Deno.TcpConn, delayMs: number): Promise<void> {
  let last = Promise.resolve();
  const pass = (deliver: () => Promise<void>): void => {
    const due = performance.now() + delayMs;
    last = last.then(async () => {
      const ms = due - performance.now();
      if (ms > 0) await new Promise((wake) => setTimeout(wake, ms));
      await deliver();
    });
    last.catch(() => {}); // it is awaited at the end
  };
  const buffer = new Uint8Array(64 * 1024);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    const piece = buffer.slice(0, count);
    pass(async () => {
      for (let at = 0; at < piece.length;) at += await to.write(piece.subarray(at));
    });
  }
  pass(() => to.closeWrite());
  await last;
}
