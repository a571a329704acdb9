/**
 * The published part of the repository over HTTP, as a raw file host would give it.
 *
 * @module
 */

/** What a user can import by URL. Tests and configuration are not among it. */
const PUBLISHED = /^\/(mod\.ts|(src|scripts)\/[\w./-]+)$/;

/** A running file host. */
export interface FileHost extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** `127.0.0.1:PORT`, as `--allow-import` wants it. */
  readonly host: string;
}

/**
 * Serves the published files of the repository on a free port of loopback.
 *
 * @returns The host, until it is disposed of.
 */
export function serveFiles(): FileHost {
  const root = new URL("../../", import.meta.url);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (!PUBLISHED.test(pathname)) return new Response(null, { status: 404 });
    try {
      // Raw file hosts send sources as plain text: any other type of a .ts file is refused.
      const headers = { "content-type": "text/plain; charset=utf-8" };
      return new Response(await Deno.readFile(new URL(`.${pathname}`, root)), { headers });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return new Response(null, { status: 404 });
    }
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    host,
    origin: `http://${host}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
