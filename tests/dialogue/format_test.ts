import { formatDialogue, parseDialogue } from "@mailwright/mailwright";
import { deepEqual, equal, throws } from "node:assert/strict";
import { withoutPlaces } from "./same.ts";

const pure = { permissions: "none" } as const;

const TEXT = `\ufeff

  # a comment  \r
@smtp
@name   a  name
@proc bye{
C:   content, perhaps \x20
C:QUIT
S:221  bye
}
	S:220  mx
C&S:<tls>


#+12ms
@repeat   2   {
  C:  NOOP  \r
S:  250 ok
S!  x  y
}
@alt {
C:DATA
S: 354 go
C:one
C:   two \x20
C:
C< a  b.eml
C<raw   c
C<<   raw   END
  }

  END
END
C|a \x20
C*
C:  .
S?   250-a
S~   /b c/
S*
S:250 c
}   or{
C: <close>
}
@call   bye


`;

Deno.test("formatDialogue() lays out each kind of line, and changes nothing else", pure, () => {
  const formatted = formatDialogue(TEXT);
  equal(
    formatted,
    `# a comment
@smtp
@name a  name
@proc bye {
C: content, perhaps
C: QUIT
S: 221  bye
}
S: 220  mx
C & S: <tls>

#+12ms
@repeat 2 {
C: NOOP
S: 250 ok
S! x  y
}
@alt {
C: DATA
S: 354 go
C: one
C:   two \x20
C:
C< a  b.eml
C<raw c
C<<raw END
  }

  END
END
C|a \x20
C*
C:  .
S? 250-a
S~ /b c/
S*
S: 250 c
} or {
C: <close>
}
@call bye
`,
  );
  equal(formatDialogue(formatted), formatted);
  deepEqual(withoutPlaces(parseDialogue(formatted)), withoutPlaces(parseDialogue(TEXT)));
});

Deno.test(
  "formatDialogue() leaves what is included, and procedures that nobody calls",
  pure,
  () => {
    const text = "@include a\n@proc a {\nC:   x \n}\n";
    equal(formatDialogue(text, { read: () => "C:   NOOP\n" }), text);
  },
);

Deno.test(
  "formatDialogue() keeps the blanks of what is a command here and content there",
  pure,
  () => {
    const text = "@proc a {\nC:   x \n}\n@call a\nC: DATA\nS: 354 go\n@call a\nC: .\n";
    equal(formatDialogue(text), text);
  },
);

Deno.test("formatDialogue() refuses what is no dialogue", pure, () => {
  throws(() => formatDialogue("X: 1\n"), { name: "DialogueSyntaxError" });
});
