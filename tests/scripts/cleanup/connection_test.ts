import { deepEqual, equal, match } from "node:assert/strict";
import { cleanup, inSetting, PASSWORD, type Setting, USER } from "./script.ts";
import { listMail, many } from "./mails.ts";

const POLICY = `[[rules]]
id = "lists"
do = "remove"
archive = "none"
when = { header = "List-Id", exists = true }
[guards]
keepAtLeast = 0
maxFraction = 1
`;

/** A mailbox of which a plan removes all. */
async function inFilled(work: (setting: Setting) => Promise<void>): Promise<void> {
  await inSetting(async (setting) => {
    setting.box.fill(USER, many(3, (at) => listMail(9 + at)));
    await setting.policy(POLICY);
    await work(setting);
  });
}

Deno.test("cleanup connects and logs in as it is told to", async () => {
  await inFilled(async ({ box, folder, all }) => {
    const place = all.slice(8);
    const pop3 = ["--server", box.pop3Url, "--user", USER, "--tls-ca", `${folder}/ca.pem`];
    const pop3s = pop3.with(1, box.pop3sUrl);
    const password = [...pop3, "--password-from", "stdin"];
    const token = [...pop3, "--token-from", "stdin"];
    const calls: (readonly [args: string[], login: RegExp])[] = [
      [[...pop3s, "--password-from", "stdin"], /^AUTH SCRAM-SHA-512/],
      [[...password, "--auth", "plain"], /^AUTH PLAIN/],
      [[...password, "--auth", "USER"], /^USER /],
      [token, /^AUTH OAUTHBEARER/],
      [[...token, "--auth", "XOAUTH2"], /^AUTH XOAUTH2/],
      [[...password, "--tls", "required", "--tls-name", "localhost"], /^AUTH /],
      [[...password, "--window", "1", "--timeout", "20s"], /^AUTH /],
      [[...password, "--marks-per-quit", "5", "--retrieve-removes"], /^AUTH /],
    ];
    for (const [args, login] of calls) {
      const before = box.ledger.entries.length;
      const { code, err } = await cleanup([...args, ...place]);
      deepEqual([code, err], [2, ""], args.join(" "));
      const said = box.ledger.entries.slice(before).map(({ text }) => text);
      equal(said.some((text) => login.test(text)), true, args.join(" "));
    }
  });
});

Deno.test("cleanup sends a password in the clear only if it is told to", async () => {
  await inFilled(async ({ box, all }) => {
    const clear = [...all, "--tls", "none", "--auth", "USER"];
    equal((await cleanup(clear)).code, 1);
    equal(box.ledger.entries.length, 0);
    // The server does not want it: it is asked all the same.
    equal((await cleanup([...clear, "--cleartext-auth"])).code, 8);
    equal(box.ledger.entries.some(({ text }) => text.startsWith("USER ")), true);
  });
});

Deno.test("cleanup takes the server from POP3_URL, if it may", async () => {
  await inFilled(async ({ all }) => {
    // The tests are not granted any variable: it counts as not set.
    const { code, err } = await cleanup(all.slice(2));
    equal(code, 1);
    match(
      err,
      /a server is missing, such as --server pop3s:\/\/mail\.example \(see cleanup --help\)\n$/,
    );
  });
});

Deno.test("cleanup says what is missing or wrong before it asks anybody", async () => {
  await inFilled(async ({ box, folder, all }) => {
    const at = (option: string, ...values: string[]) => {
      const args = [...all];
      args.splice(args.indexOf(option), 2, ...values);
      return args;
    };
    const restore = ["restore", "x", "--job", folder, "--policy", `${folder}/policy.toml`];
    const calls: (readonly [args: string[], message: RegExp])[] = [
      [at("--user"), /--user <name> is missing/],
      [at("--job"), /--job <folder> is missing/],
      [at("--policy"), /--policy <path> is missing/],
      [at("--password-from"), /--user needs --password-from or --token-from/],
      [at("--server", "--server", "imap://mail.example"), /expected pop3:\/\/ or pop3s:\/\//],
      [
        at("--server", "--server", "pop3://a:b@mail.example"),
        /user and password are passed as auth/,
      ],
      [at("--tls-ca", "--tls-ca", `${folder}/none.pem`), /--tls-ca ".*": there is no such file/],
      [[...all, "--tls", "none"], /without TLS/],
      [[...all, "--tls-cert", `${folder}/ca.pem`], /--tls-cert and --tls-key belong together/],
      [[...all, "--window", "0"], /--window "0": expected a whole number from 1 on/],
      [[...all, "--window", "999"], /window of "999"/],
      [[...all, "--token-from", "stdin"], /--token-from/],
      [
        at("--password-from", "--token-from", "stdin", "--auth", "PLAIN"),
        /a token goes with --auth/,
      ],
      [["run", ...all, "--max-delete", "5", "--max-fraction", "2"], /expected a part of 1/],
      [
        ["run", ...all, "--max-delete", "5", "--max-fraction", "1", "--every", "x"],
        /has not five parts/,
      ],
      [restore, /expected --smtp URL or --export FOLDER/],
      [[...restore, "--smtp", box.smtpUrl], /--to is missing/],
      [[...restore, "--smtp", box.smtpUrl, "--to", "nobody"], /Cannot parse .*"nobody"/],
      [[...restore, "--smtp", "pop3://x", "--to", USER], /mail is not sent to POP3 servers/],
      [[...restore, "--smtp", box.smtpUrl, "--to", USER, "--smtp-user", "a"], /--smtp-user needs/],
      [
        [...restore, "--smtp", box.smtpUrl, "--to", USER, "--smtp-password-from", "stdin"],
        /--smtp-user is needed/,
      ],
      [[...restore, "--smtp", box.smtpUrl, "--export", folder], /--smtp/],
      [[
        "restore",
        "x",
        "--job",
        `${folder}/none`,
        "--policy",
        `${folder}/policy.toml`,
        "--export",
        folder,
      ], /there is no such folder/],
      [[...restore, "--export", `${folder}/out`], /nothing in the journal fits/],
    ];
    for (const [args, message] of calls) {
      const { code, out, err } = await cleanup(args);
      deepEqual([code, out], [1, ""], `${args.join(" ")}: ${err}`);
      match(err, message);
      equal(err.trimEnd().split("\n").length, 1);
      equal(err.includes(PASSWORD), false);
    }
    equal(box.ledger.entries.length, 0);
  });
});
