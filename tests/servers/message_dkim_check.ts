/**
 * Our DKIM signatures, verified by dkimpy (Debian: python3-dkim, python3-dnspython).
 */
import { deepEqual, equal } from "node:assert/strict";
import { compose, DkimKey, DkimSigner } from "@mailwright/mailwright/message";
import { keyPair } from "../message/dkim_keys.ts";
import { pythonTest, runPython } from "./python.ts";

/** Takes messages and keys as JSON and tells of each signature whether it holds. */
const VERIFY = `
import base64, dkim, json, sys
given = json.load(sys.stdin)
keys = {name + ".": record.encode() for name, record in given["keys"].items()}
def look_up(name, timeout=5):
    return keys.get(name.decode() if isinstance(name, bytes) else name)
def holds(message, index):
    try:
        return dkim.DKIM(message, minkey=1024).verify(idx=index, dnsfunc=look_up)
    except dkim.ValidationError:
        return False
said = []
for message in given["messages"]:
    octets = base64.b64decode(message)
    said.append([holds(octets, index) for index in range(given["signatures"])])
json.dump(said, sys.stdout)
`;

await pythonTest("dkimpy verifies what DkimSigner signs", ["dkim", "dns", "nacl"], async () => {
  const pairs = [await keyPair("rsa-sha256", 2048), await keyPair("ed25519-sha256")];
  const identities = await Promise.all(pairs.map(async ({ pem }, index) => ({
    domain: "mail.example",
    selector: `s${index}`,
    key: await DkimKey.fromPem(pem),
  })));
  const keys = Object.fromEntries(
    pairs.map(({ record }, index) => [`s${index}._domainkey.mail.example`, record]),
  );
  const signed: Uint8Array[] = [];
  for (const headerForm of ["relaxed", "simple"] as const) {
    for (const bodyForm of ["relaxed", "simple"] as const) {
      const signer = new DkimSigner(identities, { headerForm, bodyForm });
      for (const text of ["", "Hello\n", "a \t b  \n\n  \n\n", "Grüße\n".repeat(99)]) {
        const message = compose({
          from: "Ann <ann@mail.example>",
          to: ["Jürgen Groß <juergen@mail.example>", "Doe, B <b@mail.example>"].map((one) =>
            one.replace(/^(Doe, B)/, '"$1"')
          ),
          subject: "A subject  with blanks that is long enough to be folded somewhere, surely",
          text,
          html: `<p>${text}`,
          attachments: [{ filename: "ü.bin", content: new Uint8Array(99) }],
          date: Date.UTC(2025, 10, 21),
          messageId: "<1@mail.example>",
        });
        signed.push((await signer.sign(message, { timeMs: Date.UTC(2025, 10, 21) })).bytes);
      }
    }
  }
  const forged = signed.map((bytes) => bytes.with(bytes.length - 60, 0x21));
  const ask = async (messages: readonly Uint8Array[]): Promise<boolean[][]> =>
    JSON.parse(
      await runPython(
        VERIFY,
        JSON.stringify({
          keys,
          signatures: identities.length,
          messages: messages.map((bytes) => bytes.toBase64()),
        }),
      ),
    );
  const said = await ask(signed);
  equal(said.length, 16);
  deepEqual(said, signed.map(() => [true, true]));
  deepEqual(await ask(forged), signed.map(() => [false, false]));
});
