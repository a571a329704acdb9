import { Template, type TemplateData } from "@mailwright/mailwright/message";
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { Mustache } from "../../src/deps/mustache.ts";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;

/** Fills a template once. */
function filled(source: string, data: TemplateData, html = false): string {
  return new Template(source, { kind: html ? "html" : "text" }).render(data);
}

Deno.test.each([
  ["Hello {{name}}!", "Hello Ann!"],
  ["{{ name }}{{name}}", "AnnAnn"],
  ["{{user.city}} {{user.zip}}", "Bonn 53111"],
  ["{{First Name}}, {{größe}}", "Ann, 1.8"],
  ["{{none|there}} {{empty | you }} {{name|x}}", "there you Ann"],
  ["{{none|}}.", "."],
  ["{{none|a|b}}", "a|b"],
  ["a{{! a comment {{ }}b", "ab"],
  ["a\n  {{! alone }}  \nb", "a\nb"],
  ["{{yes}} {{count}} {{big}}", "true 0 12345678901234567890"],
  ["{{#name}}Dear {{name}}{{/name}}{{^name}}Hello{{/name}}", "Dear Ann"],
  ["{{#empty}}Dear{{/empty}}{{^empty}}Hello{{/empty}}", "Hello"],
  ["{{#list}}[{{item}} {{name}}]{{/list}}{{^list}}none{{/list}}", "[a Ann][b Ann]"],
  ["{{#words}}{{.}},{{/words}}", "x,y,"],
  ["{{#nobody}}x{{/nobody}}{{#no}}x{{/no}}{{#count}}x{{/count}}", ""],
  ["a\n{{#list}}\n- {{item}}\n{{/list}}\nz\n", "a\n- a\n- b\nz\n"],
  ["{{#user}}{{city}}{{/user}}", "Bonn"],
  ["{{#user}}{{#list}}{{city}}{{item}}{{/list}}{{/user}}", "BonnaBonnb"],
  ["no placeholder } }} {", "no placeholder } }} {"],
  ["{{{markup}}}{{&markup}}{{markup}}", "<b><b><b>"],
])("Template fills %j", pure, (source, text) => {
  equal(filled(source, ROW), text);
});

const ROW = {
  name: "Ann",
  "First Name": "Ann",
  größe: 1.8,
  user: { city: "Bonn", zip: 53111 },
  empty: "",
  yes: true,
  no: false,
  nobody: [],
  count: 0,
  big: 12345678901234567890n,
  list: [{ item: "a" }, { item: "b" }],
  words: ["x", "y"],
  markup: "<b>",
};

Deno.test("Template gives what mustache gives, where nothing is missing", pure, () => {
  const pieces = [
    ..."a \n",
    "{{name}}",
    "{{{markup}}}",
    "{{&markup}}",
    "{{markup}}",
    "{{user.city}}",
    "x{{! c }}",
    "\n {{! alone }}\n",
    "{{#list}}\n",
    "{{/list}}\n",
    "{{#list}}{{item}}{{/list}}",
    "{{^nobody}}{{name}}{{/nobody}}",
    "{{#words}}\n * {{.}}\n{{/words}}\n",
    "{{#user}}{{city}} {{name}}{{/user}}",
  ];
  const random = seeded(11);
  let compared = 0;
  for (let round = 0; round < 2000; round++) {
    const source = textOf(random, pieces, 12);
    let expected: string;
    try {
      expected = Mustache.render(source, ROW);
    } catch {
      throws(() => filled(source, ROW, true), { name: "TemplateError" }, source);
      continue;
    }
    equal(filled(source, ROW, true), expected, JSON.stringify(source));
    compared++;
  }
  ok(compared > 500, `${compared}`);
});

Deno.test.each([
  ["Hello {{name", 1, 7, '"}}" is missing'],
  ["a\nb {{{x}}", 2, 3, '"}}}" is missing'],
  ["{{}}", 1, 1, '"" is no name of a field'],
  ["{{a..b}}", 1, 1, '"a..b" is no name of a field'],
  ["{{> other}}", 1, 1, '"{{>" is not supported: templates are one text'],
  ["{{=<% %>=}}", 1, 1, '"{{=" is not supported: templates are one text'],
  ["x{{#a}}\n{{/b}}", 2, 1, '"{{/b}}" closes no section of that name'],
  ["{{/a}}", 1, 1, '"{{/a}}" closes no section of that name'],
  ["a\n\n  {{#a}}x", 3, 3, 'the section "a" is not closed'],
  ["{{#a}}".repeat(21), 1, 121, "sections are nested deeper than 20"],
])("Template rejects %j and says where", pure, (source, line, column, reason) => {
  throws(() => new Template(source, { name: "x.md" }), {
    name: "TemplateError",
    template: "x.md",
    line,
    column,
    reason,
    message: `Cannot use the template "x.md": at ${line}:${column} ${reason}`,
    field: undefined,
  });
});

Deno.test.each([
  ["{{name}}", {}, "is missing"],
  ["{{name}}", { name: undefined }, "is missing"],
  ["{{name}}", { name: null }, "is empty"],
  ["{{name}}", { name: "" }, "is empty"],
  ["{{name}}", { name: " \t" }, "is empty"],
  ["{{#name}}x{{/name}}", {}, "is missing"],
  ["{{^name}}x{{/name}}", {}, "is missing"],
  ["{{name}}", { name: {} }, "is no text"],
  ["{{name}}", { name: ["a"] }, "is no text"],
  ["{{name}}", { name: NaN }, "is no text"],
  ["{{name}}", { name: () => "a" }, "is no text"],
  ["{{name}}", { name: "a\ud83d" }, "holds half a character"],
])("Template.render() rejects %j for the row %j [T-I28] [T-I10]", pure, (source, data, reason) => {
  const template = new Template(`\n ${source}`);
  throws(() => template.render(data), {
    name: "TemplateError",
    line: 2,
    column: 2,
    field: "name",
    reason: `the field "name" ${reason}`,
  });
});

Deno.test("Template.fields tells what a list must have before a row is sent [T-I28]", pure, () => {
  const { fields } = new Template("{{a}}\n{{b|x}} {{c.d}} {{b}} {{e|}}{{#f}}{{g}}{{/f}}{{a|x}}");
  deepEqual(fields.map(({ name, optional, line }) => [name, optional, line]), [
    ["a", false, 1],
    ["b", false, 2],
    ["c.d", false, 2],
    ["e", true, 2],
    ["f", false, 2],
  ]);
});

Deno.test.each([
  ["{{password}}"],
  ["${x}"],
  ["{{#each}}"],
  ["{{{a}}}"],
  ["}}{{name}}"],
])("Template never looks for placeholders in the value %j [T-I29]", pure, (value) => {
  const data = { a: value, b: "2", password: "secret", name: "Ann" };
  equal(filled("{{a}}{{b}}", data), `${value}2`);
  equal(filled("{{x|y}}{{#a}}{{.}}{{/a}}", { ...data }), `y${value}`);
});

Deno.test.each([
  ['{{constructor.constructor("return 1")()}}'],
  ["{{__proto__}}"],
  ["{{constructor}}"],
  ["{{a.constructor}}"],
  ["{{prototype}}"],
  ["{{#__proto__}}{{/__proto__}}"],
  ["{{a[0]}}"],
  ["{{a()}}"],
  ["{{a + b}}"],
])("Template has no engine that could evaluate %j [T-I30]", pure, (source) => {
  throws(() => new Template(source), { name: "TemplateError" });
});

Deno.test("Template sees own properties alone [T-I30] [T-I16]", pure, () => {
  for (
    const name of ["toString", "hasOwnProperty", "length", "valueOf", "a.length", "list.length"]
  ) {
    throws(() => filled(`{{${name}}}`, { a: "text", list: ["x"] }), { name: "TemplateError" });
  }
  throws(() => filled("{{x}}", Object.create({ x: "inherited" })), { name: "TemplateError" });
  equal(filled("{{x}}", Object.assign(Object.create(null), { x: "own" })), "own");
});

const EVIL = `<script>alert("1")</script> & '"onerror=x`;

Deno.test.each([
  [
    "<p>{{x}}</p>",
    "<p>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;&quot;onerror=x</p>",
  ],
  [
    '<p title="{{x}}">',
    '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;&quot;onerror=x">',
  ],
  [
    "<p title='{{x}}'>",
    "<p title='&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;&quot;onerror=x'>",
  ],
  [
    "<title>{{x}}</title>",
    "<title>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;&quot;onerror=x</title>",
  ],
  [
    "<!--[if mso]>{{x}}<![endif]-->",
    "<!--[if mso]>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;&quot;onerror=x<![endif]-->",
  ],
  [
    '<a href="/s?q={{x}}">',
    '<a href="/s?q=%3Cscript%3Ealert(%221%22)%3C%2Fscript%3E%20%26%20&#39;%22onerror%3Dx">',
  ],
  [
    '<a href="/{{x}}">',
    '<a href="/%3Cscript%3Ealert(%221%22)%3C/script%3E%20&amp;%20&#39;%22onerror=x">',
  ],
  ["<p>{{{x}}}{{&x}}</p>", `<p>${EVIL}${EVIL}</p>`],
])("Template escapes %j as its place needs it [T-I31]", pure, (source, html) => {
  equal(filled(source, { x: EVIL }, true), html);
});

Deno.test.each([
  ["javascript:alert(1)"],
  ["JavaScript:alert(1)"],
  [" javascript:alert(1)"],
  [" https://a.example"],
  ["java\nscript:alert(1)"],
  ["\u0001javascript:alert(1)"],
  ["data:text/html,x"],
  ["vbscript:x"],
  ["file:///etc/passwd"],
  ["javascript"], // what comes behind it could be a colon
  ["a b"],
])("Template refuses %j as a link [T-I31]", pure, (x) => {
  for (
    const tag of [
      '<a href="{{x}}">',
      "<a\n  HREF = '{{x}}'>",
      '<img alt="" src="{{x}}">',
      '<form action=" {{x}}">',
    ]
  ) {
    throws(() => filled(tag, { x }, true), { name: "TemplateError", field: "x" }, tag);
  }
  equal(filled("{{x}}", { x }, true), x);
});

Deno.test.each([
  ["https://a.example/b%20c?d=1&e=2#f", "https://a.example/b%20c?d=1&amp;e=2#f"],
  ["HTTP://a.example", "HTTP://a.example"],
  ["mailto:a@b.example", "mailto:a@b.example"],
  ["tel:+491", "tel:+491"],
  ["/a:b", "/a:b"],
  ["?a:b", "?a:b"],
  ["/a b", "/a%20b"],
  ["#münchen", "#m%C3%BCnchen"],
])("Template takes %j as a link", pure, (x, written) => {
  equal(filled('<a href="{{x}}">', { x }, true), `<a href="${written}">`);
});

Deno.test.each([
  ["<p title={{x}}>"],
  ["<p title=a{{x}}>"],
  ["<{{x}}>"],
  ["<p {{x}}>"],
  ["<p {{x}}=''>"],
  ["</{{x}}>"],
  ["<a onclick=\"f('{{x}}')\">"],
  ['<a style="color: {{x}}">'],
  ['<img srcset="{{x}}">'],
  ["<script>let a = '{{x}}';</script>"],
  ["<STYLE>{{x}}</STYLE>"],
  ["<style>a{}</style x={{x}}>"],
])(
  "Template refuses %j, where nothing is safe, unless it is asked for raw [T-I31]",
  pure,
  (source) => {
    throws(() => new Template(source, { kind: "html" }), { name: "TemplateError" });
    equal(
      filled(source.replace("{{x}}", "{{{x}}}"), { x: "1" }, true),
      source.replace("{{x}}", "1"),
    );
    equal(filled(source, { x: "1" }), source.replace("{{x}}", "1"));
  },
);

Deno.test.each([
  ['<a href="{{a}}{{b}}">'],
  ['<a href="{{a|}}{{b}}">'],
  ['<a href="{{a}}:{{b}}">'],
  ['<a href="{{#c}}https://x.example{{/c}}{{a}}:{{b}}">'],
  ['<a href="{{#c}}{{c}}{{/c}}{{a}}{{b}}">'],
  ['<a href="{{^a}}https://x.example/{{/a}}{{a}}{{b}}">'],
])("Template lets no values make a scheme together in %j [T-I31]", pure, (source) => {
  for (const a of ["javascript", "java", "", "javascript:"]) {
    throws(() => filled(source, { a, b: a === "" ? "javascript:x" : ":x", c: "" }, true), {
      name: "TemplateError",
    }, a);
  }
});

Deno.test.each([
  ["<!-->"],
  ["<!--->"],
  ["<!-- --!>"],
  ["<!-- <a href='-->"],
  ["<!--[if !mso]><!-->"],
  ["<!--[if mso]><a href='#'><![endif]-->"],
  ["<script>'<!--'</script >"],
  ["<style></SCRIPT></STYLE>"],
])("Template finds the link behind %j [T-I31]", pure, (before) => {
  throws(() => filled(`${before}<a href="{{x}}">`, { x: "javascript:x" }, true), {
    name: "TemplateError",
    field: "x",
  });
});

Deno.test("Template takes a link in two values", pure, () => {
  const data = { a: "https://a.example/", b: "c d" };
  equal(filled('<a href="{{a}}{{b}}">', data, true), '<a href="https://a.example/c%20d">');
});

Deno.test.each([
  ['<a href="java{{x}}">', '<a href="javascript%3Aalert(1)%2F%22">'],
  [
    '<a href="page{{x}}.html?{{x}}">',
    '<a href="pagescript%3Aalert(1)%2F%22.html?script%3Aalert(1)%2F%22">',
  ],
  ['<a href="https:{{x}}">', '<a href="https:script:alert(1)/%22">'],
  ['<a href="mailto:{{x}}">', '<a href="mailto:script:alert(1)/%22">'],
  ['<a href="/{{x}}">', '<a href="/script:alert(1)/%22">'],
])("Template keeps a value in its place of the link %j [T-I31]", pure, (source, html) => {
  equal(filled(source, { x: 'script:alert(1)/"' }, true), html);
});

Deno.test.each([
  ["<a href=\"javascript:f('{{x}}')\">"],
  ['<a href=" vbscript:{{x}}">'],
  ['<a href="java{{#x}}script:{{x}}{{/x}}">'],
  ["<a href=\"{{#x}}javascript:f('{{/x}}{{x}}')\">"],
])("Template refuses any value in the link %j [T-I31]", pure, (source) => {
  throws(() => new Template(source, { kind: "html" }), {
    name: "TemplateError",
    reason: /no value is safe/,
  });
});

Deno.test("Template follows the HTML around placeholders", pure, () => {
  const x = `"<'`;
  const escaped = "&quot;&lt;&#39;";
  for (
    const before of [
      "<script>if (a</b/) '</script>",
      "<style>p::before { content: '<' }</style>",
      '<!-- > " -->',
      "<!DOCTYPE html>",
      "<br/><p a b=c d = e f='>' g=\">\">",
      "1 < 2 <3 <<b>",
      "<a href=x>",
      "<a href=>",
      "</p>",
      "<?xml?>",
    ]
  ) equal(filled(`${before}{{x}}`, { x }, true), before + escaped, before);
  equal(
    filled('<a{{#x}} href="/{{x}}"{{/x}}>{{x}}</a>', { x: "a b" }, true),
    '<a href="/a%20b">a b</a>',
  );
  for (const source of ['<a{{#x}} href="{{/x}}">', "{{#x}}<b{{/x}}>", "{{#x}}<!--{{/x}}"]) {
    throws(() => new Template(source, { kind: "html" }), { reason: /ends in another place/ });
  }
});

Deno.test("Template looks at each part of a long template once", pure, () => {
  // Each of them was quadratic in some other engine: one line, many tags, nothing closed.
  for (
    const piece of [
      "{{a}}",
      "{{! x }}",
      "{{#a}}{{/a}}",
      "   ",
      "{{",
      "<a b='",
      "<script>",
      "<!--",
      "<",
    ]
  ) {
    const source = piece.repeat(20_000);
    try {
      ok(filled(source, { a: "1" }, true).length <= source.length);
    } catch (error) {
      match(`${error}`, /TemplateError/);
    }
  }
});
