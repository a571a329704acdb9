/**
 * The examples of the dialogue language. Each must play with itself, over TCP in both roles, and again
 * from its own recording.
 *
 * @module
 */

/** A recipient is refused, the others get the mail (RFC 5321 D.1). */
export const PARTIAL: string = `@smtp
S: 220 \${host=beta.example}
C: EHLO client.example
S: 250-\${host}
S? 250-PIPELINING
S: 250 HELP
C: MAIL FROM:<smith@alpha.example>
S: 250 OK
@each r in jones, brown {
C: RCPT TO:<\${r}@beta.example>
S: {250|251} OK
}
C: RCPT TO:<green@beta.example>
S: 550 No such user here
C: DATA
S: 354 Start mail input
C: Blah blah blah...
C: ...etc. etc. etc.
C: .
S: 250 OK queued as \${qid=ABC123}
C: QUIT
S: 221 Bye
`;

/** AUTH LOGIN with either outcome. */
export const AUTH_LOGIN: string = `@smtp
@var user = user@example.test
@secret pass = open sesame
S: 220 smtp ready
C: EHLO test.example
S: 250-localhost
S: 250 AUTH LOGIN PLAIN
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: \${b64 user}
S: 334 UGFzc3dvcmQ6
C: \${b64 pass}
@alt {
S: 235 go ahead
@outcome ok
} or {
S: 535 authentication failed
@outcome badPassword
}
`;

/** Look, delete, think again, leave. */
export const POP3: string = `@pop3
@secret pass = tanstaaf
S: +OK POP3 ready
C: USER mrose
S: +OK
C: PASS \${pass}
S: +OK \${n:int=2} messages
C: STAT
S: +OK \${n:int} \${octets:int=6415}
C: LIST
S: +OK
S: 1 \${size1:int=537}
S: 2 \${size2:int=5878}
S: .
C: DELE 1
S: +OK
C: DELE 1
S: -ERR already deleted
C: RSET
S: +OK
C: QUIT
S: +OK
`;

/** What is offered differs before and after TLS (RFC 3207). */
export const STARTTLS: string = `@smtp
@var user = u
@secret pass = p w
S: 220 mx ESMTP
C: EHLO me.example
S: 250-mx
S: 250-STARTTLS
S: 250 SIZE \${limit=1000}
S! AUTH
C: STARTTLS
S: 220 Go ahead
C & S: <tls>
C: EHLO me.example
S: 250-mx
S: 250 AUTH PLAIN
S! STARTTLS
C: AUTH PLAIN \${plain user pass}
S: 235 2.7.0 ok
`;

/** A batch with a refused recipient, then an end of content that is none. */
export const SMUGGLING: string = `@smtp
S: 220 mx ESMTP
C: EHLO me.example
S: 250-mx
S: 250 PIPELINING
C: MAIL FROM:<a@example.test>
C: RCPT TO:<b@example.test>
C: RCPT TO:<nobody@example.test>
C: DATA
S: 250 ok
S: 250 ok
S: 550 no such user
S: 354 go
C|Subject: x\\r\\n\\r\\nhello\\r\\n\\n.\\r\\nMAIL FROM:<evil@example.test>\\r\\n
C: .
S: 5xx bare LF refused
`;

/** A pause before the greeting, a wrong order, an unknown verb, a hang-up. */
export const PROBE: string = `@smtp
S: <silence 150ms>
S: 220 mx ESMTP
C: MAIL FROM:<a@example.test>
S: 503 5.5.1 hello first
C: FROBNICATE
S: {500|502} what?
C: NOOP
S: 421 4.3.2 shutting down
S: <close>
`;

/** All of them, by name. */
export const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ["partial", PARTIAL],
  ["auth_login", AUTH_LOGIN],
  ["pop3", POP3],
  ["starttls", STARTTLS],
  ["smuggling", SMUGGLING],
  ["probe", PROBE],
]);
