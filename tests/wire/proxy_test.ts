import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { type Connection, DialError, memoryPair } from "../../src/wire/mod.ts";
import { askProxy, formatProxy, parseProxy, type Proxy } from "../../src/wire/proxy.ts";

const pure = { permissions: "none" } as const;
const socks: Proxy = { scheme: "socks5", hostname: "127.0.0.1", port: 1080 };
const http: Proxy = { scheme: "http", hostname: "proxy.example", port: 3128 };
const target = { hostname: "mail.example", port: 587 };
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The proxy's end of a connection. */
class ProxyEnd {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async read(count: number): Promise<number[]> {
    const all: number[] = [];
    while (all.length < count) {
      const buffer = new Uint8Array(count - all.length);
      const more = await this.#connection.read(buffer);
      if (more === null) throw new Error("the client closed the connection");
      all.push(...buffer.subarray(0, more));
    }
    return all;
  }

  async request(): Promise<string> {
    let text = "";
    while (!text.endsWith("\r\n\r\n")) text += String.fromCharCode(...await this.read(1));
    return text;
  }

  async say(...parts: (string | number[])[]): Promise<void> {
    for (const part of parts) {
      await this.#connection.write(typeof part === "string" ? octets(part) : Uint8Array.from(part));
    }
  }

  close(): void {
    this.#connection.close();
  }
}

/** Asks a proxy that does what the test says, and gives what is then left in the connection. */
async function ask(
  proxy: Proxy,
  host: { hostname: string; port: number },
  serve: (end: ProxyEnd) => Promise<void>,
  chunk = Infinity,
): Promise<string> {
  const [ours, theirs] = memoryPair({ chunk });
  const end = new ProxyEnd(theirs);
  const served = serve(end).then(() => end.close());
  try {
    await askProxy(ours, proxy, host);
    let rest = "";
    const buffer = new Uint8Array(64);
    for (let count = await ours.read(buffer); count !== null; count = await ours.read(buffer)) {
      rest += String.fromCharCode(...buffer.subarray(0, count));
    }
    return rest;
  } finally {
    ours.close();
    await served;
  }
}

/** A SOCKS5 proxy that says yes, from this address, with these words of the target right behind. */
function socksYes(address: number[], greeting = ""): (end: ProxyEnd) => Promise<void> {
  return async (end) => {
    await end.read(3);
    await end.say([5, 0]);
    const [, , , type, length = 0] = await end.read(5);
    await end.read(type === 1 ? 5 : type === 4 ? 17 : length + 2);
    await end.say([5, 0, 0, ...address, 0x1f, 0x90, ...octets(greeting)]);
  };
}

Deno.test.each([
  ["socks5://127.0.0.1:1080", socks],
  ["SOCKS5://127.0.0.1:1080/", socks],
  ["http://proxy.example:3128", http],
  ["http://proxy.example:80", { ...http, port: 80 }],
  ["socks5://[::1]:1080", { ...socks, hostname: "::1" }],
  ["http://bücher.example:8080", { ...http, hostname: "xn--bcher-kva.example", port: 8080 }],
] as [string, Proxy][])("parseProxy(%j) gives its parts", pure, (url, expected) => {
  deepEqual(parseProxy(url), expected);
});

Deno.test.each([
  "",
  "127.0.0.1:1080",
  "socks4://127.0.0.1:1080",
  "https://127.0.0.1:1080",
  "socks5://127.0.0.1",
  "socks5://127.0.0.1:0",
  "socks5://127.0.0.1:65536",
  "socks5://:1080",
  "socks5:127.0.0.1:1080",
  "http://proxy.example:80/path",
  "http://proxy.example:80?x",
  "http://proxy.example:80#x",
  "http://proxy.example:80\r\nX: y",
  "http://ex ample:80",
  "socks5://[::1]x:1080",
  "socks5://::1:1080",
])("parseProxy(%j) throws", pure, (url) => {
  throws(() => parseProxy(url), { name: "TypeError", message: /^Cannot use / });
});

Deno.test("parseProxy() refuses a login and does not repeat it", pure, () => {
  throws(() => parseProxy("socks5://user:hunter2@127.0.0.1:1080"), (error) => {
    ok(error instanceof TypeError);
    equal(
      error.message,
      "Cannot use a proxy with a login: leave user and password out of its URL",
    );
    return true;
  });
});

Deno.test("formatProxy() writes the URL", pure, () => {
  equal(formatProxy({ ...socks, hostname: "::1" }), "socks5://[::1]:1080");
});

Deno.test.each([
  ["mail.example", [3, 12, ...octets("mail.example")]],
  ["192.0.2.25", [1, 192, 0, 2, 25]],
  ["2001:db8::25", [4, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x25]],
  ["x".repeat(254), [3, 254, ...octets("x".repeat(254))]],
] as [string, number[]][])(
  "askProxy() tells SOCKS5 the host $0",
  pure,
  async (hostname, address) => {
    const rest = await ask(socks, { hostname, port: 587 }, async (end) => {
      deepEqual(await end.read(3), [5, 1, 0]);
      await end.say([5, 0]);
      deepEqual(await end.read(3 + address.length + 2), [5, 1, 0, ...address, 2, 75]);
      await end.say([5, 0, 0, 1, 10, 0, 0, 1, 0x1f, 0x90]);
    });
    equal(rest, "");
  },
);

for (const chunk of [1, 2, 3, 7, Infinity]) {
  for (
    const [kind, address] of [
      ["IPv4", [1, 10, 0, 0, 1]],
      ["IPv6", [4, ...Array(16).fill(9)]],
      ["name", [3, 4, ...octets("gate")]],
      ["empty name", [3, 0]],
    ] as [string, number[]][]
  ) {
    Deno.test(
      `askProxy() leaves what follows a SOCKS5 reply with ${kind}, ${chunk} octets at a time`,
      pure,
      async () => {
        const greeting = "220 mail.example ESMTP\r\n";
        equal(await ask(socks, target, socksYes(address, greeting), chunk), greeting);
      },
    );
  }
}

Deno.test.each([
  [1, "general failure", true],
  [2, "its rules do not allow the connection", false],
  [3, "it cannot reach the network", true],
  [4, "it cannot reach the host", true],
  [5, "the host refuses the connection", true],
  [6, "the way to the host is too long (TTL expired)", true],
  [7, "it does not know the command to connect", false],
  [8, "it does not know this kind of address", false],
  [9, "unknown reason", true],
  [255, "unknown reason", true],
] as [number, string, boolean][])(
  "askProxy() says SOCKS5 reply $0 in words: $1",
  pure,
  async (reply, words, temporary) => {
    const asked = ask(socks, target, async (end) => {
      await end.read(3);
      await end.say([5, 0]);
      await end.read(19);
      await end.say([5, reply]); // the rest of a refusal is not waited for
    });
    await rejects(asked, {
      name: "DialError",
      temporary,
      message:
        'Cannot connect to "mail.example:587" through the proxy "socks5://127.0.0.1:1080": ' +
        `${words} (SOCKS reply ${reply})`,
    });
  },
);

Deno.test.each([
  ["a login", [5, 255], "it demands a login"],
  ["a login by name and password", [5, 2], "it demands a login"],
  ["another version", [4, 0], "it is no SOCKS5 proxy, it begins with octet 4"],
  [
    "HTTP",
    [...octets("HTTP/1.1 400 Bad Request\r\n")],
    "it is no SOCKS5 proxy, it begins with octet 72",
  ],
] as [string, number[], string][])(
  "askProxy() refuses a SOCKS5 proxy that begins with $0",
  pure,
  async (_, first, seen) => {
    const asked = ask(socks, target, async (end) => {
      await end.read(3);
      await end.say(first);
    });
    await rejects(asked, {
      name: "DialError",
      temporary: false,
      message: new RegExp(`: ${seen}$`),
    });
  },
);

Deno.test.each([
  ["another version", [4, 0, 0, 1], "it is no SOCKS5 proxy, it begins with octet 4"],
  ["a reserved octet that is not zero", [5, 0, 1, 1], "its reply is malformed"],
  ["an unknown kind of address", [5, 0, 0, 2], "its reply is malformed"],
] as [string, number[], string][])(
  "askProxy() refuses a SOCKS5 reply with $0",
  pure,
  async (_, reply, seen) => {
    const asked = ask(socks, target, async (end) => {
      await end.read(3);
      await end.say([5, 0]);
      await end.read(19);
      await end.say(reply);
    });
    await rejects(asked, {
      name: "DialError",
      temporary: false,
      message: new RegExp(`: ${seen}$`),
    });
  },
);

Deno.test(
  "askProxy() reports a SOCKS5 proxy that closes, at every octet of its words",
  pure,
  async () => {
    const words = [5, 0, 5, 0, 0, 3, 4, ...octets("gate"), 0, 25];
    for (let cut = 0; cut < words.length; cut++) {
      const asked = ask(socks, target, async (end) => {
        await end.read(3);
        await end.say(words.slice(0, Math.min(cut, 2)));
        if (cut < 2) return;
        await end.read(19);
        await end.say(words.slice(2, cut));
      });
      await rejects(asked, {
        name: "DialError",
        temporary: true,
        message: /socks5:\/\/127\.0\.0\.1:1080": it closed the connection$/,
      });
    }
  },
);

Deno.test.each([
  ["mail.example", "mail.example:587"],
  ["192.0.2.25", "192.0.2.25:587"],
  ["2001:db8::25", "[2001:db8::25]:587"],
])("askProxy() tells HTTP the host $0", pure, async (hostname, authority) => {
  let request = "";
  const rest = await ask(http, { hostname, port: 587 }, async (end) => {
    request = await end.request();
    await end.say("HTTP/1.1 200 Connection established\r\n\r\n");
  });
  equal(request, `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  equal(rest, "");
});

for (const chunk of [1, 2, 5, Infinity]) {
  Deno.test.each([
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.0 200\r\n\r\n",
    "HTTP/1.1 204 \r\nVia: 1.1 gate\r\nContent-Length: 5\r\n\r\n", // no body follows CONNECT
    "HTTP/1.1 299 Odd\r\nX: \xff\r\n\r\n",
  ])(`askProxy() leaves what follows %j, ${chunk} octets at a time`, pure, async (answer) => {
    const greeting = "\r\n220 mail.example ESMTP\r\n";
    const rest = await ask(http, target, async (end) => {
      await end.request();
      await end.say(answer + greeting);
    }, chunk);
    equal(rest, greeting);
  });
}

Deno.test.each([
  ["HTTP/1.1 407 Proxy Authentication Required", false],
  ["HTTP/1.1 403 Forbidden", false],
  ["HTTP/1.1 502 Bad Gateway", true],
  ["HTTP/1.1 503 Service Unavailable", true],
  ["HTTP/1.1 302 Found", false],
  ["HTTP/1.1 101 Switching Protocols", false],
] as [string, boolean][])("askProxy() reports %j", pure, async (status, temporary) => {
  const asked = ask(http, target, async (end) => {
    await end.request();
    await end.say(`${status}\r\n`); // what follows is not waited for
  });
  await rejects(asked, {
    name: "DialError",
    temporary,
    message:
      'Cannot connect to "mail.example:587" through the proxy "http://proxy.example:3128": ' +
      `it answers "${status}"`,
  });
});

Deno.test.each([
  "220 mail.example ESMTP",
  "HTTP/2 200 OK",
  "HTTP/1.1 2000 OK",
  "HTTP/1.1  200 OK",
  "http/1.1 200 ok",
  "HTTP/1.1 200-OK",
  "",
])("askProxy() refuses %j for a status line", pure, async (status) => {
  const asked = ask(http, target, async (end) => {
    await end.request();
    await end.say(`${status}\r\n`);
  });
  await rejects(asked, {
    name: "DialError",
    temporary: false,
    message: /: it is no HTTP proxy, it says "/,
  });
});

Deno.test("askProxy() shows a status line escaped and cut", pure, async () => {
  const asked = ask(http, target, async (end) => {
    await end.request();
    await end.say(`HTTP/1.1 500 \x1b[2J${"x".repeat(500)}\r\n`);
  });
  await rejects(asked, (error) => {
    ok(error instanceof DialError);
    ok(error.message.includes('"HTTP/1.1 500 \\x1b[2Jxxx'));
    ok(error.message.length < 250);
    return true;
  });
});

Deno.test.each([
  ["status line", "HTTP/1.1 200 ", ""],
  ["field", "HTTP/1.1 200 OK\r\nX: ", ""],
  ["number of fields", "HTTP/1.1 200 OK\r\n", "X: y\r\n"],
])("askProxy() reads at most 8 KiB: endless $0", pure, async (_, begin, field) => {
  const endless = field === "" ? "x".repeat(10_000) : field.repeat(2_000);
  const asked = ask(http, target, async (end) => {
    await end.request();
    await end.say(begin + endless);
  });
  await rejects(asked, { name: "DialError", message: /: its answer is longer than 8192 octets$/ });
});

Deno.test("askProxy() refuses a lone LF for a line end", pure, async () => {
  for (const answer of ["HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK\r\nX: y\n\r\n"]) {
    const asked = ask(http, target, async (end) => {
      await end.request();
      await end.say(answer);
    });
    await rejects(asked, { name: "DialError", temporary: false, message: /ends in a lone LF$/ });
  }
});

Deno.test("askProxy() accepts an answer of exactly 8 KiB", pure, async () => {
  const frame = "HTTP/1.1 200 OK\r\nX: \r\n\r\n";
  const answer = frame.replace("X: ", `X: ${"y".repeat(8192 - frame.length)}`);
  const rest = await ask(http, target, async (end) => {
    await end.request();
    await end.say(answer, "220 ");
  });
  equal(rest, "220 ");
});

Deno.test("askProxy() reports an HTTP proxy that closes within its answer", pure, async () => {
  for (const part of ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nX: y\r\n\r"]) {
    const asked = ask(http, target, async (end) => {
      await end.request();
      await end.say(part);
    });
    await rejects(asked, { name: "DialError", message: /: it closed the connection$/ });
  }
});

Deno.test("askProxy() keeps the cause when the connection breaks", pure, async () => {
  const [ours, theirs] = memoryPair();
  theirs.close();
  await rejects(askProxy(ours, socks, target), (error) => {
    ok(error instanceof DialError);
    ok(error.cause instanceof Deno.errors.BrokenPipe);
    return true;
  });
  ours.close();
});
