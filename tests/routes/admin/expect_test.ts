import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ANY, checkExpectations } from "../../../lib/routes/admin/expect.ts";

const SHAPE = {
  environments: {
    [ANY]: {
      status: "",
      fault: "",
      count: 0,
      keys: [{ value: "", expiry: 0 }],
      state: { since: 0, lastError: { kind: "" } },
    },
  },
  version: "",
};

const STATUS = {
  environments: {
    e1: {
      status: "connected",
      count: 3,
      keys: [{ value: "sdk-a" }, { value: "mob]b", expiry: 12 }],
      state: { since: 7 },
    },
    "a.b=c": { status: "x", keys: [] },
    'q"\\u': { status: "=y" },
    ["__proto__"]: { status: "own" },
  },
  version: "1.2.3",
};

function check(...clauses: string[]): [number, unknown[]] {
  const query = clauses.map((clause) => `expect=${encodeURIComponent(clause)}`).join("&");
  const { status, body } = checkExpectations(query, STATUS, SHAPE)!;
  assertEquals(body.satisfied, status === 200);
  return [status, body.results];
}

function statusOf(...clauses: string[]): number {
  return check(...clauses)[0];
}

Deno.test("checkExpectations() compares values as strings", () => {
  assertEquals(check("version=1.2.3"), [200, [{
    expr: "version=1.2.3",
    expected: "1.2.3",
    actual: "1.2.3",
    ok: true,
  }]]);
  assertEquals(check("environments.e1.count!=3"), [412, [{
    expr: "environments.e1.count!=3",
    expected: "3",
    actual: "3",
    ok: false,
  }]]);
  const holds = [
    "environments.e1.status=connected",
    "environments.e1.status!=disconnected",
    "environments.e1.count=3",
    "environments.e1.state.since=7",
    'environments["e1"].status=connected',
    'environments["a.b=c"].status=x',
    String.raw`environments["q\"\\u"].status!=x`,
    'environments["__proto__"].status=own',
    "environments.__proto__.status=own",
    "environments.e1.keys[0].value=sdk-a",
    "environments.e1.keys[1].expiry=12",
    "environments.e1.keys[value=sdk-a].value=sdk-a",
    'environments.e1.keys[value="mob]b"].expiry=12',
    "environments.e1.keys[expiry=12].value=mob]b",
    "version!=",
    "version!=a=b",
  ];
  for (const clause of holds) assertEquals([clause, statusOf(clause)], [clause, 200]);
});

Deno.test("checkExpectations() says 412 of a field that may be there and is not, whatever the operator", () => {
  const absent = [
    "environments.e1.fault=x",
    "environments.e1.fault!=x",
    "environments.none.status=connected",
    "environments.none.status!=connected",
    "environments.none.keys[value=x].expiry=1",
    "environments.toString.status=connected",
    "environments.e1.keys[2].value=x",
    "environments.e1.keys[99999999999999999999].value=x",
    "environments.e1.keys[value=none].value=x",
    "environments.e1.state.lastError.kind=x",
  ];
  for (const clause of absent) assertEquals([clause, statusOf(clause)], [clause, 412]);
  assertEquals(check("environments.e1.fault=x")[1], [{
    expr: "environments.e1.fault=x",
    expected: "x",
    actual: null,
    ok: false,
  }]);
});

Deno.test("checkExpectations() says 422 of what can never hold", () => {
  const never: [clause: string, problem: string][] = [
    ["versions=1", "there is no field versions"],
    ["toString=1", "there is no field toString"],
    ["environments.e1.statuses=1", "there is no field statuses"],
    ["environments.none.statuses=1", "there is no field statuses"],
    ["environments.e1.keys[name=x].value=1", "there is no field name"],
    ["environments.e1.keys.value=1", "there is no field value"],
    ["environments[0].status=1", "there is no list with 0"],
    ["version[0]=1", "there is no list with 0"],
    ["version.major=1", "there is no field major"],
    ["environments.e1.keys[0]=1", "it names an object or a list, not a value"],
    ["environments.e1=1", "it names an object or a list, not a value"],
    ["environments!=1", "it names an object or a list, not a value"],
    ["version>1", "there is no operator >: use = or !="],
    ["version<=1", "there is no operator <=: use = or !="],
    ["version==1.2.3", "there is no operator ==: use = or !="],
    ["version~1", "there is no operator ~: use = or !="],
    ["version!1", "there is no operator !: use = or !="],
  ];
  for (const [expr, problem] of never) assertEquals(check(expr), [422, [{ expr, problem, ok: false }]]);
});

Deno.test("checkExpectations() says 400 of what it cannot read", () => {
  const clauses = [
    "",
    "version",
    "=1",
    ".version=1",
    "version.=1",
    'environments["e1.status=1',
    "version[x]=1",
  ]
    .concat("environments.e1.keys[-1].value=1", "environments..e1.status=1", "a b=1", "[]=1", "version]=1");
  for (const clause of clauses) assertEquals([clause, statusOf(clause)], [clause, 400]);
  assertEquals(checkExpectations("expect=%zz", STATUS, SHAPE)!.status, 400);
  assertEquals(checkExpectations("x=%&expect=version=1.2.3", STATUS, SHAPE)!.status, 400);
});

Deno.test("checkExpectations() has all clauses hold, and says the worst", () => {
  const [good, wrong, unknown, unreadable] = ["version=1.2.3", "version=2", "x=1", "version"] as const;
  assertEquals(statusOf(good, "environments.e1.count=3"), 200);
  assertEquals(statusOf(good, wrong), 412);
  assertEquals(statusOf(unknown, good, wrong), 422);
  assertEquals(statusOf(wrong, unknown, unreadable, good), 400);
  assertEquals(check(good, wrong)[1].length, 2);
});

Deno.test("checkExpectations() reads what curl sends as it stands, and no other parameter", () => {
  assertEquals(checkExpectations("expect=version=1.2.3&other=%20", STATUS, SHAPE)!.status, 200);
  assertEquals(checkExpectations("expect=version!=1.2.3", STATUS, SHAPE)!.status, 412);
  assertEquals(checkExpectations("a=expect=version", STATUS, SHAPE), undefined);
  assertEquals(checkExpectations("", STATUS, SHAPE), undefined);
  assertEquals(checkExpectations("expect", STATUS, SHAPE)!.status, 400);
});

Deno.test("checkExpectations() finds any field of any name by its quoted name", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, value) => {
    fc.pre(name.isWellFormed() && value.isWellFormed());
    const status = { environments: { [name]: { status: value } } };
    const path = `environments["${name.replace(/["\\]/g, "\\$&")}"].status`;
    for (const [operator, expected] of [["=", 200], ["!=", 412]] as const) {
      const query = `expect=${encodeURIComponent(path + operator + value)}`;
      const result = checkExpectations(query, status, SHAPE)!;
      // What begins like a longer operator cannot be told from it.
      if (operator === "=" && value.startsWith("=")) assertEquals(result.status, 422);
      else assertEquals(result.status, expected);
    }
  }));
});
