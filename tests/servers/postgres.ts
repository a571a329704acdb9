/**
 * PostgreSQL on loopback, with a cluster of its own in a folder of its own.
 *
 * @module
 */
import { Daemon } from "./daemon.ts";
import { freePorts, HOST } from "./network.ts";
import { poll } from "./poll.ts";
import { account, run } from "./process.ts";
import { postgresProgram } from "./postgres_program.ts";
import { RunFolder } from "./run_folder.ts";

/** How PostgreSQL is started. */
export interface PostgresOptions {
  /** What the user has to give, by SCRAM-SHA-256. @default Nothing is asked for. */
  readonly password?: string;
}

/** A running PostgreSQL. */
export interface PostgresServer extends AsyncDisposable {
  /** Where it is, without its password. */
  readonly url: string;
  /** Makes an empty database and tells where it is. */
  database(name: string): Promise<string>;
}

/** Starts PostgreSQL; its disposal stops it. */
export async function startPostgres({ password }: PostgresOptions = {}): Promise<PostgresServer> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await RunFolder.make("postgres"));
  const owner = await account("nobody"); // it refuses to run as root
  const data = await folder.folder("data", owner);
  await Deno.chmod(data, 0o700);
  const asOwner = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"];
  const login = password === undefined
    ? ["-A", "trust"]
    : ["-A", "scram-sha-256", `--pwfile=${await folder.write("password", password)}`];
  const asking = { env: password === undefined ? {} : { PGPASSWORD: password } };
  const [initdb, postgres] = await Promise.all(["initdb", "postgres"].map(postgresProgram));
  await run("setpriv", [
    ...asOwner,
    `${initdb}`,
    ...["-D", data, "-U", "mailwright", ...login, "-E", "UTF8", "--locale=C", "--no-sync"],
  ]);
  const { port } = freePorts("port");
  stack.use(
    await Daemon.start(folder, "setpriv", {
      args: [
        ...asOwner,
        `${postgres}`,
        ...["-D", data, "-h", HOST, "-p", `${port}`, "-k", ""],
      ],
      ports: [port],
    }),
  );
  const url = (name: string): string => `postgres://mailwright@${HOST}:${port}/${name}`;
  // It listens before it answers.
  await poll("PostgreSQL to answer", async () => {
    const asked = await run("psql", [url("postgres"), "-qc", "SELECT 1"], {
      ...asking,
      mayFail: true,
    });
    return asked.code === 0 || undefined;
  });
  const running = stack.move();
  return {
    url: url("postgres"),
    database: async (name) => {
      await run("psql", [url("postgres"), "-qc", `CREATE DATABASE ${name}`], asking);
      return url(name);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
