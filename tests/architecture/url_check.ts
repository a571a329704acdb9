/**
 * Scripts and `mod.ts` by URL (task `url`), as a user has them: in child processes outside the
 * checkout, without our configuration, with a module cache of their own.
 *
 * @module
 */

import { dialogueToTypeScript } from "../../src/dialogue/mod.ts";
import { startSandbox } from "../../src/sandbox/mod.ts";
import { shipped } from "../dialogue/library.ts";
import { type FileHost, serveFiles } from "./served.ts";

const SELF_NAME = /"@mailwright\/mailwright"/g;
const ROOT = new URL("../../", import.meta.url);

/** What a child process left. */
interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a child `deno` in a folder, with the module cache of this check. */
type RunDeno = (cwd: string, ...args: readonly string[]) => Promise<Ended>;

/** One thing to find out. It throws if it is not so. */
interface Check {
  readonly name: string;
  readonly run: (deno: RunDeno, folder: string) => Promise<void>;
}

async function say(line: string): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${line}\n`));
  writer.releaseLock();
}

/** The module cache lies beside the folders, so that nothing of the machine's own cache is used. */
function denoIn(cache: string): RunDeno {
  return async (cwd, ...args) => {
    const command = new Deno.Command("deno", {
      args: [...args],
      cwd,
      env: { DENO_DIR: cache, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      signal: AbortSignal.timeout(400_000),
    });
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  };
}

function mustSucceed({ code, stdout, stderr }: Ended): void {
  if (code !== 0) throw new Error(`Cannot succeed: exit code ${code}\n${stdout}${stderr}`);
}

async function mustBeEmpty(folder: string): Promise<void> {
  const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  if (left.length > 0) throw new Error(`Cannot leave nothing behind: found ${left.join(", ")}`);
}

/** The grants that a script asks for in its first line. */
async function grantsOf(script: string): Promise<string[]> {
  const [first = ""] = (await Deno.readTextFile(new URL(`scripts/${script}`, ROOT))).split("\n");
  if (!/^#!\/usr\/bin\/env -S deno run .*--no-prompt/.test(first)) {
    throw new Error(`Cannot run "${script}": its first line is no hashbang with --no-prompt`);
  }
  return first.split(" ").filter((word) => word.startsWith("--allow-"));
}

function scriptChecks({ origin, host }: FileHost, script: string): Check[] {
  const url = `${origin}/scripts/${script}`;
  const flags = ["run", "--quiet", "--no-config", "--no-prompt", `--allow-import=${host}`];
  const help: Check = {
    name: `${script} --help, without any grant`,
    async run(deno, folder) {
      await grantsOf(script);
      const ended = await deno(folder, ...flags, "--check", url, "--help");
      mustSucceed(ended);
      if (ended.stdout.trim() === "") throw new Error("Cannot find help: stdout is empty");
    },
  };
  if (script === "cleanup.ts") return [help, cleanupCheck(url, flags)];
  if (script === "dialogue.ts") return [help, dialogueCheck(url, flags)];
  if (script !== "demo.ts") return [help];
  const demo: Check = {
    name: `${script}, with the grants of its first line`,
    async run(deno, folder) {
      mustSucceed(await deno(folder, ...flags, ...await grantsOf(script), url));
      await mustBeEmpty(folder);
    },
  };
  return [help, demo];
}

const POLICY = `[[rules]]
id = "lists"
do = "remove"
archive = "lists"
when = { header = "List-Id", exists = true }
[guards]
keepAtLeast = 0
maxFraction = 1
[archives]
lists = { maildir = "archive" }
`;

/** Plans and applies, with no more than the grants that the script itself names. */
function cleanupCheck(url: string, flags: readonly string[]): Check {
  return {
    name: "cleanup.ts plans, with the grants that --permissions names, and applies",
    async run(deno, folder) {
      await using box = await startSandbox({ users: { ann: "pencil" } });
      const date = new Date(Date.now() - 90_000_000).toUTCString().replace("GMT", "+0000");
      box.fill("ann", [
        `Received: by b.example; ${date}\r\nDate: ${date}\r\nList-Id: <a.b>\r\n\r\n`,
      ]);
      await Deno.writeTextFile(`${folder}/policy.toml`, POLICY);
      await Deno.writeTextFile(`${folder}/ca.pem`, box.caCerts.join("\n"));
      await Deno.writeTextFile(`${folder}/password`, "pencil", { mode: 0o600 });
      const call = [
        ...["--server", box.pop3Url, "--user", "ann", "--password-from", "file:password"],
        ...["--tls-ca", "ca.pem", "--policy", "policy.toml", "--job", "ann.job"],
      ];
      const asked = await deno(folder, ...flags, "--allow-read=.", url, ...call, "--permissions");
      mustSucceed(asked);
      const grants = asked.stdout.trim().split(" ");
      const planned = await deno(folder, ...flags, ...grants, url, ...call, "--json");
      if (planned.code !== 2) mustSucceed(planned);
      const { planId }: { planId: string } = JSON.parse(planned.stdout);
      mustSucceed(await deno(folder, ...flags, ...grants, url, "apply", planId, ...call));
      if (box.maildrop("ann").length > 0) throw new Error("Cannot see that it was removed");
    },
  };
}

/** Runs a page as it was pasted, with the grants of the README. */
function dialogueCheck(url: string, flags: readonly string[]): Check {
  return {
    name: "dialogue.ts runs a page, and converts it without a network",
    async run(deno, folder) {
      const page = await Deno.readTextFile(new URL("tests/fixtures/seeds/rfc821.txt", ROOT));
      await Deno.writeTextFile(`${folder}/page.txt`, page);
      await using box = await startSandbox({ recipients: ["Jones@Beta.ARPA", "Brown@Beta.ARPA"] });
      const net = `--allow-net=127.0.0.1:${box.ports.smtp}`;
      const call = [...flags, net, "--allow-read=page.txt", url, "run", "page.txt"];
      mustSucceed(await deno(folder, ...call, "--to", box.smtpUrl));
      if (box.mails.length !== 1) throw new Error("Cannot see that a message was sent");
      const converted = [...flags, "--allow-read=page.txt", url, "convert", "page.txt"];
      const { stdout } = await deno(folder, ...converted, "--into", "dialogue");
      if (!stdout.startsWith("@smtp\n")) throw new Error("Cannot see a dialogue");
    },
  };
}

/** Folders of a user: a program that imports `mod.ts`, and one that opens every door of `src/`. */
function consumerChecks({ origin, host }: FileHost, doors: readonly string[]): Check[] {
  async function write(folder: string): Promise<void> {
    const program = await Deno.readTextFile(new URL("consumer.ts", import.meta.url));
    const main = program.replaceAll(SELF_NAME, `"${origin}/mod.ts"`);
    await Deno.writeTextFile(`${folder}/main.ts`, main);
    const all = doors.map((name) => `export * as ${name} from "${origin}/src/${name}/mod.ts";`);
    await Deno.writeTextFile(`${folder}/doors.ts`, all.join("\n"));
  }
  // --all: the compiler options of a user count for our modules as well.
  const check = ["check", "--quiet", "--all", `--allow-import=${host}`];
  const run = ["run", "--quiet", "--no-prompt", `--allow-import=${host}`];
  return [
    {
      name: `mod.ts and sandbox in a project with a package.json; ${doors.join(", ")} load there`,
      async run(deno, folder) {
        await write(folder);
        await Deno.writeTextFile(`${folder}/package.json`, `{ "private": true }\n`);
        mustSucceed(await deno(folder, ...check, "main.ts"));
        mustSucceed(await deno(folder, ...run, "main.ts"));
        await Deno.writeTextFile(
          `${folder}/box.ts`,
          `export * from "${origin}/src/sandbox/mod.ts";`,
        );
        mustSucceed(await deno(folder, ...check, "box.ts"));
        // Loaded, not checked: for the node: of jobs, Deno wants the types of Node there.
        mustSucceed(await deno(folder, ...run, "doors.ts"));
      },
    },
    {
      name: `mod.ts and ${doors.join(", ")} in a folder with nothing else`,
      async run(deno, folder) {
        await write(folder);
        mustSucceed(await deno(folder, ...check, "main.ts", "doors.ts"));
        mustSucceed(await deno(folder, ...run, "main.ts"));
        mustSucceed(await deno(folder, ...run, "doors.ts"));
      },
    },
  ];
}

/** What becomes of the shipped dialogues as TypeScript, which is for users to keep. */
function programsCheck({ origin, host }: FileHost): Check {
  return {
    name: "the programs of all shipped dialogues fit the types of mod.ts",
    async run(deno, folder) {
      for (const { name, dialogue } of shipped()) {
        const program = dialogueToTypeScript(dialogue, { from: `${origin}/mod.ts` });
        await Deno.writeTextFile(`${folder}/${name}.ts`, program);
      }
      mustSucceed(await deno(folder, "check", "--quiet", `--allow-import=${host}`, "."));
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(new URL(folder, ROOT)), ({ name }) => name)).sort();
}

async function main(): Promise<number> {
  await using files = serveFiles();
  const scripts = (await namesIn("scripts/")).filter((name) => name.endsWith(".ts"));
  // cli and deps belong to the scripts: their packages do not resolve in every project.
  const folders = (await namesIn("src/")).filter((name) => name !== "cli" && name !== "deps");
  const checks = [
    ...scripts.flatMap((script) => scriptChecks(files, script)),
    ...consumerChecks(files, folders),
    programsCheck(files),
  ];
  const scratch = await Deno.makeTempDir({ prefix: "mailwright-url-" });
  const deno = denoIn(`${scratch}/cache`);
  let failed = 0;
  try {
    for (const [index, check] of checks.entries()) {
      const folder = `${scratch}/${index}`;
      await Deno.mkdir(folder);
      try {
        await check.run(deno, folder);
        await say(`ok: ${check.name}`);
      } catch (error) {
        failed += 1;
        await say(`FAILED: ${check.name}\n${error}`);
      }
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  await say(`${checks.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
