import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  Channel,
  type Connection,
  dial,
  DialError,
  type DialOptions,
  type Target,
  TimeoutError,
  TlsError,
  WireLine,
} from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { certificate, listen, readAll, readOctets, say } from "./listener.ts";

const hostname = "127.0.0.1";
const caCerts = [certificate("ca")];
const octets = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

async function read(connection: Connection): Promise<string | null> {
  const buffer = new Uint8Array(1024);
  const count = await connection.read(buffer);
  return count === null ? null : String.fromCharCode(...buffer.subarray(0, count));
}

/** A handshake's first message is a TLS record: handshake (22), version 3.1. */
async function awaitClientHello(socket: Deno.Conn): Promise<void> {
  equal(await readOctets(socket, 3), "\x16\x03\x01");
}

/** Runs something with other functions of the platform. */
async function withPlatform<T>(
  functions: Partial<Record<"connect" | "connectTls", unknown>>,
  work: () => Promise<T>,
): Promise<T> {
  const { connect, connectTls } = Deno;
  Object.assign(Deno, functions);
  try {
    return await work();
  } finally {
    Object.assign(Deno, { connect, connectTls });
  }
}

// In the clear

Deno.test("dial() connects, and both ends talk", async () => {
  const heard = Promise.withResolvers<string>();
  await using server = listen(async (socket) => {
    await say(socket, "220 ready\r\n");
    heard.resolve(await readAll(socket));
  });
  const connection = await dial({ hostname, port: server.port });
  equal(connection.security, "clear");
  deepEqual(connection.remote, { transport: "tcp", hostname, port: server.port });
  equal(connection.local.transport, "tcp");
  equal(await read(connection), "220 ready\r\n");
  await connection.write(octets("QUIT\r\n"));
  connection.close();
  connection.close(); // harmless
  equal(await heard.promise, "QUIT\r\n");
});

Deno.test("a dialled connection writes all of what the peer takes slowly", async () => {
  const size = 8 * 1024 * 1024; // more than the buffers of both sockets
  const taken = Promise.withResolvers<number>();
  await using server = listen(async (socket) => {
    const buffer = new Uint8Array(64 * 1024);
    let total = 0;
    for (let count; (count = await socket.read(buffer)) !== null;) total += count;
    taken.resolve(total);
  });
  const connection = await dial({ hostname, port: server.port });
  await connection.write(new Uint8Array(size));
  connection.close();
  equal(await taken.promise, size);
});

Deno.test("closing a dialled connection ends its read [D7]", async () => {
  await using server = listen(async (socket) => {
    await readAll(socket);
  });
  const connection = await dial({ hostname, port: server.port });
  const waiting = connection.read(new Uint8Array(1));
  connection.close();
  await rejects(waiting, Deno.errors.Interrupted);
});

Deno.test("Channel reports the last words of a server that closed [S19] [D6]", async () => {
  const closed = Promise.withResolvers<void>();
  await using server = listen(async (socket) => {
    await say(socket, "421 shutting down\r\n");
    socket.close();
    await closed.promise;
  });
  const channel = new Channel(await dial({ hostname, port: server.port }));
  try {
    await rejects(async () => {
      while (true) { // the first writes may still succeed
        channel.put(new WireLine("MAIL FROM:<a@x.example>"));
        await channel.flush();
      }
    }, { name: "ClosedError" });
    equal(channel.dead, false);
    equal((await channel.readLine())?.text, "421 shutting down");
  } finally {
    closed.resolve();
    channel.close();
  }
});

Deno.test("dial() reports a port where nobody listens", async () => {
  const listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr;
  listener.close();
  await rejects(dial({ hostname, port }), (error) => {
    ok(error instanceof DialError);
    equal(error.temporary, true);
    equal(error.host, `127.0.0.1:${port}`);
    equal(error.stage, "connect");
    ok(error.cause instanceof Deno.errors.ConnectionRefused);
    ok(error.message.startsWith(`Cannot connect to "127.0.0.1:${port}": Connection refused`));
    return true;
  });
});

Deno.test("dial() takes an unknown host for a failure that may pass", async () => {
  const unknown = new Error("failed to lookup address information: Name or service not known");
  await withPlatform({ connect: () => Promise.reject(unknown) }, async () => {
    await rejects(dial({ hostname: "nowhere.example", port: 25 }), (error) => {
      ok(error instanceof DialError);
      equal(error.temporary, true);
      equal(error.cause, unknown);
      equal(error.message, `Cannot connect to "nowhere.example:25": ${unknown.message}`);
      return true;
    });
  });
});

Deno.test(
  "dial() takes a missing permission for a failure that stays",
  { permissions: "none" },
  async () => {
    await rejects(dial({ hostname, port: 25 }), (error) => {
      ok(error instanceof DialError);
      equal(error.temporary, false);
      ok(error.cause instanceof Deno.errors.NotCapable);
      return true;
    });
  },
);

Deno.test.each([
  ["no host", { hostname: "", port: 25 }, {}, "TypeError"],
  ["a line end in the host", { hostname: "mail\r\n.example", port: 25 }, {}, "TypeError"],
  ["port 0", { hostname, port: 0 }, {}, "RangeError"],
  ["port 65536", { hostname, port: 65536 }, {}, "RangeError"],
  ["port 25.5", { hostname, port: 25.5 }, {}, "RangeError"],
  ["no port at all", { hostname, port: NaN }, {}, "RangeError"],
  ["a proxy with a login", { hostname, port: 25 }, { proxy: "socks5://a:b@c:1" }, "TypeError"],
  ["an unknown proxy", { hostname, port: 25 }, { proxy: "socks4://c:1" }, "TypeError"],
  ["a proxy to a Unix socket", { path: "/run/lmtp" }, { proxy: "http://c:1" }, "TypeError"],
  ["no name for TLS", { hostname, port: 465 }, { tls: { hostname: "" } }, "TypeError"],
  [
    "a root that is no PEM",
    { hostname, port: 465 },
    { tls: { hostname, caCerts: ["nonsense"] } },
    "TypeError",
  ],
] as [string, Target, DialOptions, string][])(
  "dial() refuses $0 before it connects",
  { permissions: "none" },
  async (_, target, options, name) => {
    await rejects(dial(target, options), { name });
  },
);

Deno.test("dial() looks a name up in its ASCII form [T-S16]", async () => {
  const asked: unknown[] = [];
  const connect = (options: unknown): Promise<never> => {
    asked.push(options);
    return Promise.reject(new Error("enough"));
  };
  await withPlatform({ connect }, async () => {
    for (const host of ["bücher.example", "[::1]", "mail.example."]) {
      await rejects(dial({ hostname: host, port: 25 }), DialError);
    }
  });
  deepEqual(asked.map((options) => (options as Deno.ConnectOptions).hostname), [
    "xn--bcher-kva.example",
    "::1",
    "mail.example.",
  ]);
});

Deno.test("dial() ends with the reason of its signal, at every stage [S24]", async () => {
  await rejects(
    dial({ hostname, port: 1 }, { signal: AbortSignal.abort(new RangeError("before")) }),
    { name: "RangeError", message: "before" },
  );
  // While it connects: the platform's own promise ends by the signal.
  const connect = ({ signal }: { signal: AbortSignal }): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  await withPlatform({ connect }, async () => {
    const stop = new AbortController();
    const dialling = dial({ hostname, port: 25 }, { signal: stop.signal });
    const reason = new TimeoutError("job", 1);
    stop.abort(reason);
    await rejects(dialling, (error) => error === reason && reason.host === undefined);
  });
  // In the handshake, and while a proxy is silent.
  const stages: ((port: number) => [Target, DialOptions])[] = [
    (port) => [{ hostname, port }, { tls: { hostname: "localhost" } }],
    (port) => [{ hostname: "mail.example", port: 25 }, { proxy: `socks5://127.0.0.1:${port}` }],
    (port) => [{ hostname: "mail.example", port: 25 }, { proxy: `http://127.0.0.1:${port}` }],
  ];
  for (const stage of stages) {
    const arrived = Promise.withResolvers<void>();
    await using server = listen(async (socket) => {
      await readOctets(socket, 1);
      arrived.resolve();
      await readAll(socket);
    });
    const stop = new AbortController();
    const [target, options] = stage(server.port);
    const dialling = dial(target, { ...options, signal: stop.signal });
    const ended = rejects(dialling, { name: "RangeError", message: "enough" });
    await arrived.promise;
    stop.abort(new RangeError("enough"));
    await ended;
  }
});

Deno.test("dial() closes a socket that comes although it is over", async () => {
  const closed = Promise.withResolvers<void>();
  const stop = new AbortController();
  const late = {
    localAddr: { transport: "tcp", hostname, port: 1 },
    remoteAddr: { transport: "tcp", hostname, port: 2 },
    setNoDelay() {},
    close: () => closed.resolve(),
  };
  const connect = (): Promise<unknown> => {
    stop.abort(new RangeError("enough"));
    return Promise.resolve(late);
  };
  await withPlatform({ connect }, async () => {
    await rejects(dial({ hostname, port: 25 }, { signal: stop.signal }), { message: "enough" });
  });
  await closed.promise;
});

Deno.test("dial() closes a connection that came about in the moment of the abort", async () => {
  let closed = false;
  const stop = new AbortController();
  const words = [[5, 0], [5, 0], [0, 1], [0, 0, 0, 0, 0, 0]];
  const proxy = {
    localAddr: { transport: "tcp", hostname, port: 1 },
    remoteAddr: { transport: "tcp", hostname, port: 1080 },
    setNoDelay() {},
    read(buffer: Uint8Array) {
      const said = words.shift() ?? [];
      buffer.set(said);
      if (words.length === 0) stop.abort(new RangeError("enough"));
      return Promise.resolve(said.length);
    },
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    close: () => closed = true,
  };
  await withPlatform({ connect: () => Promise.resolve(proxy) }, async () => {
    const dialling = dial({ hostname: "mail.example", port: 25 }, {
      proxy: "socks5://127.0.0.1:1080",
      signal: stop.signal,
    });
    await rejects(dialling, { name: "RangeError", message: "enough" });
  });
  equal(closed, true);
});

// TLS

Deno.test("dial() with TLS resolves when the certificate is checked [D4] [T-S15]", async () => {
  const heard = Promise.withResolvers<string>();
  await using server = listen(async (socket) => {
    await say(socket, "220 ready\r\n");
    heard.resolve(await readAll(socket));
  }, { tls: "good" });
  for (const name of ["localhost", "127.0.0.1"]) {
    const connection = await dial({ hostname, port: server.port }, {
      tls: { hostname: name, caCerts },
    });
    equal(connection.security, "verified");
    deepEqual(connection.remote, { transport: "tcp", hostname, port: server.port });
    equal(await read(connection), "220 ready\r\n");
    await connection.write(octets("QUIT\r\n"));
    await rejects(connection.startTls({ hostname: name, caCerts }), {
      name: "TlsError",
      failure: "unsupported",
      message: "Cannot start TLS on a TLS connection",
    });
    connection.close();
    connection.close();
  }
  equal(await heard.promise, "QUIT\r\n");
});

Deno.test.each([
  ["wrong_name", "wrong-name", "its certificate is for another name: other.example"],
  ["address_only", "wrong-name", "its certificate is for another name: 127.0.0.1"],
  [
    "common_name_only",
    "wrong-name",
    "its certificate is for another name: it has no subjectAltName",
  ],
  ["expired", "expired", "its certificate has expired"],
  ["not_yet_valid", "not-yet-valid", "its certificate is not valid yet"],
  ["self_signed", "unknown-issuer", "nobody we trust has signed its certificate"],
  ["ca_as_leaf", "bad-certificate", "the server presents a CA certificate as its own"],
])(
  "dial() refuses the certificate $0 as $1, and says nothing [S65] [D4] [T-S13] [T-S15]",
  async (name, failure, words) => {
    let heard = "";
    await using server = listen(async (socket) => {
      heard += await readAll(socket);
    }, { tls: name });
    await rejects(
      dial({ hostname, port: server.port }, { tls: { hostname: "localhost", caCerts } }),
      (error) => {
        ok(error instanceof TlsError);
        equal(error.failure, failure);
        equal(error.temporary, false);
        equal(error.host, `127.0.0.1:${server.port}`);
        ok(error.message.startsWith(`Cannot start TLS with "localhost": ${words}`), error.message);
        ok(error.cause instanceof Deno.errors.InvalidData);
        return true;
      },
    );
    await server[Symbol.asyncDispose]();
    equal(heard, "");
  },
);

Deno.test("dial() refuses a certificate of an unknown authority [S65] [T-S13]", async () => {
  await using server = listen(async (socket) => {
    await readAll(socket);
  }, { tls: "good" });
  await rejects(dial({ hostname, port: server.port }, { tls: { hostname: "localhost" } }), {
    name: "TlsError",
    failure: "unknown-issuer",
  });
});

Deno.test("dial() refuses a certificate for a name where an address is expected [S65] [T-S13]", async () => {
  await using server = listen(async (socket) => {
    await readAll(socket);
  }, { tls: "name_only" });
  await rejects(dial({ hostname, port: server.port }, { tls: { hostname, caCerts } }), {
    name: "TlsError",
    failure: "wrong-name",
    message: `Cannot start TLS with "127.0.0.1": its certificate is for another name: ` +
      "localhost, xn--bcher-kva.example",
  });
});

Deno.test("dial() trusts a self-signed certificate that is given as a root", async () => {
  await using server = listen(async (socket) => {
    await readAll(socket);
  }, { tls: "self_signed" });
  const tls = { hostname: "localhost", caCerts: [certificate("self_signed")] };
  const connection = await dial({ hostname, port: server.port }, { tls });
  equal(connection.security, "verified");
  connection.close();
});

Deno.test("dial() reports a root that cannot be read", async () => {
  await using server = listen(async (socket) => {
    await readAll(socket);
  }, { tls: "good" });
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  await rejects(
    dial({ hostname, port: server.port }, { tls: { hostname: "localhost", caCerts: [broken] } }),
    { name: "TlsError", failure: "bad-certificate" },
  );
});

Deno.test("dial() checks the name the user gave, never the address it reached [T-S16]", async () => {
  await using server = listen(async (socket) => {
    await readAll(socket);
  }, { tls: "name_only" });
  for (const name of ["bücher-kva.example.", "XN--BCHER-KVA.example", "localhost."]) {
    const tls = { hostname: name.replace("bücher-kva", "bücher"), caCerts };
    const connection = await dial({ hostname, port: server.port }, { tls });
    equal(connection.security, "verified");
    connection.close();
  }
});

Deno.test("dial() says that a server does not speak TLS [D16] [T-S20]", async () => {
  await using server = listen(async (socket) => {
    await say(socket, "220 mail.example ESMTP\r\n");
    await readAll(socket);
  });
  await rejects(
    dial({ hostname, port: server.port }, { tls: { hostname: "localhost" } }),
    (error) => {
      ok(error instanceof TlsError);
      equal(error.failure, "not-tls");
      ok(/not speaking TLS here .*465.*587/.test(error.message), error.message);
      return true;
    },
  );
});

Deno.test.each([
  ["protocol_version", 70, "no-common-version", "server offers only TLS <=1.1"],
  ["handshake_failure", 40, "no-common-version", "no common TLS version or cipher"],
  ["certificate_required", 116, "handshake", "the server demands a client certificate"],
  ["internal_error", 80, "handshake", "received fatal alert: InternalError"],
] as [string, number, string, string][])(
  "dial() explains the alert $0 [T-S14]",
  async (_, code, failure, words) => {
    await using server = listen(async (socket) => {
      await awaitClientHello(socket);
      await say(socket, `\x15\x03\x03\x00\x02\x02${String.fromCharCode(code)}`);
      await readAll(socket);
    });
    await rejects(dial({ hostname, port: server.port }, { tls: { hostname: "localhost" } }), {
      name: "TlsError",
      failure,
      message: `Cannot start TLS with "localhost": ${words}`,
    });
  },
);

// The ends of a handshake, from the first octet and behind a 220

const startTls = { hostname: "localhost", caCerts };

/** Comes to TLS in both ways: by the dial, and by a channel that has read a 220. */
const ways: readonly [string, boolean, (port: number, clock?: FakeClock) => Promise<unknown>][] = [
  [
    "implicit TLS",
    false,
    (port, clock) => dial({ hostname, port }, { tls: startTls, ...(clock && { clock }) }),
  ],
  ["STARTTLS", true, async (port, clock) => {
    const channel = new Channel(await dial({ hostname, port }), clock && { clock });
    try {
      equal((await channel.readLine())?.text, "220 go");
      channel.deadline.arm("TLS handshake", 30_000);
      await channel.startTls(startTls);
    } finally {
      channel.close();
    }
  }],
];

for (const [way, greets, connect] of ways) {
  /** Serves the octets before the handshake, then what the test says. */
  const handshake = (serve: (socket: Deno.Conn) => Promise<void>) =>
    listen(async (socket) => {
      if (greets) await say(socket, "220 go\r\n");
      await awaitClientHello(socket);
      await serve(socket);
    });

  Deno.test(`${way}: a plain reply in place of TLS is no fallback [T-S08]`, async () => {
    await using server = handshake(async (socket) => {
      await say(socket, "250 what?\r\n");
      await readAll(socket);
    });
    await rejects(connect(server.port), { name: "TlsError", failure: "not-tls", temporary: false });
  });

  Deno.test.each([
    ["FIN", async (socket: Deno.Conn) => await socket.closeWrite()],
    ["RST", (socket: Deno.Conn) => Promise.resolve(socket.close())], // the rest of the hello is unread
    ["half a ServerHello", async (socket: Deno.Conn) => {
      await say(socket, "\x16\x03\x03\x00\x5a\x02\x00\x00");
      await socket.closeWrite();
    }],
  ] as [string, (socket: Deno.Conn) => Promise<void>][])(
    `${way}: $0 in the handshake is an error that may pass [S67] [T-S10]`,
    async (_, end) => {
      await using server = handshake(end);
      await rejects(connect(server.port), {
        name: "TlsError",
        failure: "closed",
        temporary: true,
        message: 'Cannot start TLS with "localhost": ' +
          "the server closed the connection during the handshake",
      });
    },
  );

  Deno.test(`${way}: silence in the handshake ends at the deadline [T-S09]`, async () => {
    const arrived = Promise.withResolvers<void>();
    await using server = handshake(async (socket) => {
      arrived.resolve();
      await readAll(socket);
    });
    const clock = new FakeClock();
    const ended = rejects(connect(server.port, clock), {
      name: "TimeoutError",
      timer: greets ? "TLS handshake" : "connect",
      limitMs: 30_000,
    });
    await arrived.promise;
    await clock.advance(30_000);
    await ended;
    equal(clock.sleeping, 0);
  });

  Deno.test(`${way}: one octet every ten seconds ends at the deadline [T-S09] [T-X05]`, async () => {
    const clock = new FakeClock();
    await using server = handshake(async (socket) => {
      for (const octet of "\x16\x03\x03\x00") {
        await say(socket, octet);
        await clock.advance(10_000);
      }
    });
    await rejects(connect(server.port, clock), { name: "TimeoutError", limitMs: 30_000 });
  });
}

Deno.test("Channel refuses octets behind the 220 before any TLS [S60] [T-S03]", async () => {
  let heard = "";
  await using server = listen(async (socket) => {
    await say(socket, "220 go\r\n250-x\r\n250 AUTH PLAIN\r\n");
    heard = await readAll(socket);
  });
  const channel = new Channel(await dial({ hostname, port: server.port }));
  await channel.readLine();
  await rejects(channel.startTls(startTls), { name: "ProtocolError" });
  await server[Symbol.asyncDispose]();
  equal(heard, "");
});

Deno.test("TLS that ends with its farewell ends like any stream [D5]", async () => {
  await using server = listen(async (socket) => {
    await say(socket, "221 bye\r\n");
    await socket.closeWrite();
  }, { tls: "good" });
  const connection = await dial({ hostname, port: server.port }, { tls: startTls });
  equal(await read(connection), "221 bye\r\n");
  equal(await read(connection), null);
  connection.close();
});

Deno.test("TLS that is cut off is an end between lines and an error within one [D5] [T-S19]", async () => {
  for (const said of ["221 bye\r\n", "221 bye\r\n250-ha"]) {
    const cut = Promise.withResolvers<void>();
    await using server = listen(async (socket) => {
      await say(socket, said);
      await readAll(socket);
    }, { tls: "good" });
    await using cutter = listen(async (client) => {
      const behind = await Deno.connect({ hostname, port: server.port });
      try {
        await Promise.race([pump(client, behind), pump(behind, client), cut.promise]);
      } finally {
        behind.close();
      }
    });
    const connection = await dial({ hostname, port: cutter.port }, { tls: startTls });
    const channel = new Channel(connection);
    equal((await channel.readLine())?.text, "221 bye");
    cut.resolve();
    if (said.endsWith("\n")) {
      equal(await channel.readLine(), null);
      await rejects(connection.read(new Uint8Array(1)), Deno.errors.UnexpectedEof); // what it hid
    } else {
      await rejects(channel.readLine(), { name: "ClosedError", partial: "250-ha" });
    }
    channel.close();
  }
});

// Client certificates

const clientCertificate = { cert: certificate("client"), key: certificate("client.key") };

Deno.test("dial() with a client certificate connects like any other", async () => {
  await using server = listen(async (socket) => {
    await say(socket, "220 ready\r\n");
    await readAll(socket);
  }, { tls: "good" });
  const tls = { hostname, caCerts, clientCertificate };
  const connection = await dial({ hostname, port: server.port }, { tls });
  equal(connection.security, "verified");
  equal(await read(connection), "220 ready\r\n");
  connection.close();
});

Deno.test.each([
  [
    "another name than the host",
    { hostname: "127.0.0.1", port: 1 },
    { hostname: "localhost" },
    undefined,
  ],
  [
    "a proxy",
    { hostname: "127.0.0.1", port: 1 },
    { hostname: "127.0.0.1" },
    "socks5://127.0.0.1:1",
  ],
  ["a Unix socket", { path: "/run/lmtp" }, { hostname: "localhost" }, undefined],
] as [string, Target, { hostname: string }, string | undefined][])(
  "dial() refuses a client certificate with $0, before it connects [D10]",
  { permissions: "none" },
  async (_, target, tls, proxy) => {
    await rejects(dial(target, { tls: { ...tls, clientCertificate }, proxy }), {
      name: "TlsError",
      failure: "unsupported",
    });
  },
);

Deno.test.each([
  ["certificate", { ...clientCertificate, cert: "nonsense" }],
  ["key", { ...clientCertificate, key: "nonsense" }],
  ["key of another", { ...clientCertificate, key: certificate("good.key") }],
] as [string, { cert: string; key: string }][])(
  "dial() refuses a client certificate with a bad $0",
  async (_, bad) => {
    await using server = listen(async (socket) => {
      await readAll(socket);
    }, { tls: "good" });
    const tls = { hostname, caCerts, clientCertificate: bad };
    await rejects(dial({ hostname, port: server.port }, { tls }), {
      name: "TlsError",
      failure: "bad-certificate",
      message: /^Cannot use the client certificate: /,
    });
  },
);

Deno.test("dial() with a client certificate checks the server's [S65] [T-S13]", async () => {
  await using server = listen(async (socket) => {
    await readAll(socket);
  }, { tls: "name_only" });
  const tls = { hostname, caCerts, clientCertificate };
  await rejects(dial({ hostname, port: server.port }, { tls }), {
    name: "TlsError",
    failure: "wrong-name",
  });
});

Deno.test("dial() with a client certificate ends by its signal [S24]", async () => {
  const arrived = Promise.withResolvers<void>();
  await using server = listen(async (socket) => {
    await awaitClientHello(socket);
    arrived.resolve();
    await readAll(socket);
  });
  const stop = new AbortController();
  const dialling = dial({ hostname, port: server.port }, {
    tls: { hostname, caCerts, clientCertificate },
    signal: stop.signal,
  });
  const ended = rejects(dialling, { name: "RangeError", message: "enough" });
  await arrived.promise;
  stop.abort(new RangeError("enough"));
  await ended;
});

Deno.test("dial() with a client certificate closes a socket that comes too late", async () => {
  const connecting = Promise.withResolvers<unknown>();
  const closed = Promise.withResolvers<void>();
  const stop = new AbortController();
  await withPlatform({ connectTls: () => connecting.promise }, async () => {
    const tls = { hostname, caCerts, clientCertificate };
    const dialling = dial({ hostname, port: 465 }, { tls, signal: stop.signal });
    stop.abort(new RangeError("enough"));
    await rejects(dialling, { message: "enough" });
  });
  connecting.resolve({ close: closed.resolve });
  await closed.promise;
});

Deno.test("dial() with a client certificate ends at its deadline [T-S09]", async () => {
  const arrived = Promise.withResolvers<void>();
  await using server = listen(async (socket) => {
    await awaitClientHello(socket);
    arrived.resolve();
    await readAll(socket);
  });
  const clock = new FakeClock();
  const tls = { hostname, caCerts, clientCertificate };
  const ended = rejects(dial({ hostname, port: server.port }, { tls, clock }), {
    name: "TimeoutError",
    limitMs: 30_000,
  });
  await arrived.promise;
  await clock.advance(30_000);
  await ended;
});

Deno.test("dial() with a client certificate reports a server that closes or is not there [T-S10]", async () => {
  const tls = { hostname, caCerts, clientCertificate };
  await using closing = listen(awaitClientHello);
  await rejects(dial({ hostname, port: closing.port }, { tls }), {
    name: "TlsError",
    failure: "closed",
  });
  const listener = Deno.listen({ hostname, port: 0 });
  listener.close();
  await rejects(dial({ hostname, port: listener.addr.port }, { tls }), { name: "DialError" });
});

// Proxies

/** A SOCKS5 proxy that connects to a server of the test, and says the first words itself. */
function socksProxy(port: number, greeting: string): ReturnType<typeof listen> {
  return listen(async (client) => {
    await readOctets(client, 3);
    await say(client, "\x05\x00");
    const request = await readOctets(client, 5);
    await readOctets(client, request.charCodeAt(4) + 2);
    const server = await Deno.connect({ hostname, port });
    try {
      await say(client, `\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x19${greeting}`);
      await Promise.race([
        pump(client, server),
        pump(server, client),
      ]);
    } finally {
      server.close();
    }
  });
}

async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(4096);
  for (let count; (count = await from.read(buffer)) !== null;) {
    await to.write(buffer.subarray(0, count));
  }
}

Deno.test("dial() reaches a server through SOCKS5, and its TLS checks the server's name", async () => {
  await using server = listen(async (socket) => {
    await say(socket, "220 inside\r\n");
    await readAll(socket);
  }, { tls: "good" });
  await using proxy = socksProxy(server.port, "");
  const connection = await dial({ hostname: "mail.example", port: 465 }, {
    proxy: `socks5://127.0.0.1:${proxy.port}`,
    tls: startTls,
  });
  equal(connection.security, "verified");
  equal(await read(connection), "220 inside\r\n");
  connection.close();
  await rejects(
    dial({ hostname: "mail.example", port: 465 }, {
      proxy: `socks5://127.0.0.1:${proxy.port}`,
      tls: { hostname: "mail.example", caCerts },
    }),
    { name: "TlsError", failure: "wrong-name" },
  );
});

Deno.test("dial() leaves a greeting in the proxy's segment, and STARTTLS works behind it", async () => {
  await using server = listen(async (socket) => {
    await say(socket, "220 inside\r\n");
    await readAll(socket);
  }, { tls: "good" });
  await using proxy = socksProxy(server.port, "220 mail.example\r\n220 go\r\n");
  const channel = new Channel(
    await dial({ hostname: "mail.example", port: 587 }, {
      proxy: `socks5://127.0.0.1:${proxy.port}`,
    }),
  );
  equal((await channel.readLine())?.text, "220 mail.example");
  equal((await channel.readLine())?.text, "220 go");
  await channel.startTls(startTls);
  equal((await channel.readLine())?.text, "220 inside");
  channel.close();
});

Deno.test("dial() names a proxy where nobody listens", async () => {
  const listener = Deno.listen({ hostname, port: 0 });
  const proxy = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  await rejects(dial({ hostname: "mail.example", port: 25 }, { proxy }), (error) => {
    ok(error instanceof DialError);
    equal(error.host, "mail.example:25");
    ok(error.message.startsWith(`Cannot connect to the proxy "${proxy}": Connection refused`));
    return true;
  });
});

Deno.test("dial() closes the connection when the proxy refuses", async () => {
  const ended = Promise.withResolvers<string>();
  await using proxy = listen(async (client) => {
    await readOctets(client, 3);
    await say(client, "\x05\xff");
    ended.resolve(await readAll(client));
  });
  await rejects(
    dial({ hostname: "mail.example", port: 25 }, { proxy: `socks5://127.0.0.1:${proxy.port}` }),
    { name: "DialError", message: /: it demands a login$/ },
  );
  equal(await ended.promise, "");
});

Deno.test("dial() ends at its deadline while a proxy is silent [T-X12]", async () => {
  const arrived = Promise.withResolvers<void>();
  await using proxy = listen(async (client) => {
    await readOctets(client, 1);
    arrived.resolve();
    await readAll(client);
  });
  const clock = new FakeClock();
  const ended = rejects(
    dial({ hostname: "mail.example", port: 25 }, {
      proxy: `http://127.0.0.1:${proxy.port}`,
      timeoutMs: 5_000,
      clock,
    }),
    (error) => {
      ok(error instanceof TimeoutError);
      deepEqual([error.timer, error.limitMs, error.host, error.stage], [
        "connect",
        5_000,
        "mail.example:25",
        "connect",
      ]);
      return true;
    },
  );
  await arrived.promise;
  await clock.advance(5_000);
  await ended;
});

// Unix sockets

// An absolute path is what a grant for a Unix socket needs; the test task gives it.
const path = `${Deno.cwd()}/tests/.tmp/wire.sock`;
const granted =
  Deno.permissions.querySync({ name: "net", host: `unix:${path}` }).state === "granted";

Deno.test({
  name: "dial() reaches a Unix socket, without TLS",
  ignore: !granted,
  async fn() {
    Deno.mkdirSync("tests/.tmp", { recursive: true });
    try {
      Deno.removeSync(path);
    } catch {
      // Nobody left one behind.
    }
    await using _server = listen(async (socket) => {
      await say(socket, "220 lmtp\r\n");
      await readAll(socket);
    }, { path });
    const connection = await dial({ path });
    equal(connection.security, "clear");
    equal(connection.remote.transport, "unix");
    equal(await read(connection), "220 lmtp\r\n");
    connection.close();
    await rejects(dial({ path }, { tls: startTls }), {
      name: "TlsError",
      failure: "unsupported",
      message: "Cannot start TLS on a unix connection",
    });
    await rejects(dial({ path }, { signal: AbortSignal.abort(new RangeError("enough")) }), {
      message: "enough",
    });
  },
});

Deno.test("dial() reports a Unix socket that is not there or not granted", async () => {
  await rejects(dial({ path: `${path}.none` }), (error) => {
    ok(error instanceof DialError);
    equal(error.host, `unix:${path}.none`);
    return true;
  });
});
