// Amounts, times and addresses of the web page: node units.mjs FOLDER_OF_THE_SOURCES.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import test from "node:test";

const web = process.argv[2];
const { build } = createRequire(join(web, "build.mjs"))("esbuild");

async function load(name) {
  const built = await build({
    entryPoints: [join(web, "src", name)], bundle: true, format: "esm", platform: "node", write: false, jsx: "automatic", jsxImportSource: "preact",
  });
  return import("data:text/javascript;base64," + Buffer.from(built.outputFiles[0].contents).toString("base64"));
}

const amount = await load("amount.ts");
const text = await load("text.ts");
const route = await load("route.ts");
const clock = await load("clock.ts");
const tables = await load("tables_model.ts");
const { Trail, trail_length } = await load("trail.ts");

test("an amount keeps each of its digits", () => {
  for (const one of ["0", "12", "-12.5", "0.000000000000000001", "90071992547409930.000000000000000001", "123456789012345678901234567890"]) {
    assert.equal(amount.decimalText(amount.parseDecimal(one)), one);
  }
  assert.equal(amount.decimalText(amount.parseDecimal("12.500")), "12.5");
  for (const wrong of ["", "1e5", "0x10", "1.", ".5", "1,5", " 1", "NaN", "9".repeat(200)]) assert.equal(amount.parseDecimal(wrong), null);
});

test("sums are exact where binary floating point is not", () => {
  assert.equal(amount.decimalText(amount.sumOf(["0.1", "0.2"])), "0.3");
  assert.equal(amount.decimalText(amount.sumOf(["9007199254740993", "0.000000000000000001", "-1"])), "9007199254740992.000000000000000001");
  assert.equal(amount.decimalText(amount.sumOf(Array(1000).fill("0.001"))), "1");
});

test("the smallest unit becomes its asset", () => {
  assert.equal(amount.inUnits("6000000000000000", 18), "0.006");
  assert.equal(amount.inUnits("1", 18), "0.000000000000000001");
  assert.equal(amount.inUnits("-1500000", 6), "-1.5");
  assert.equal(amount.inUnits("0", 18), "0");
  assert.equal(amount.inUnits("<img>", 18), "<img>");
});

test("amounts are ordered by value", () => {
  const order = (a, b) => Math.sign(amount.compare(amount.parseDecimal(a), amount.parseDecimal(b)));
  assert.equal(order("10", "9.999"), 1);
  assert.equal(order("9007199254740992", "9007199254740993"), -1);
  assert.equal(order("1.0", "1"), 0);
});

test("a share is for bars, and stays in its range", () => {
  assert.equal(amount.share("1", "3"), 333);
  assert.equal(amount.share("4", "3"), 1000);
  assert.equal(amount.share("1", "0"), 0);
});

test("a countdown is by the host's clock", () => {
  const due = "2026-11-28T08:00:10.000Z";
  const at = Date.parse(due);
  assert.equal(text.untilText(due, at - 75_000), "in 1 min 15 s");
  assert.equal(text.untilText(due, at - 1), "in 1 s");
  assert.equal(text.untilText(due, at), "now");
  assert.equal(text.untilText(due, at + 90_000), "1 min 30 s ago");
  assert.equal(text.untilText(due, null), "08:00:10");
  assert.equal(text.untilText(null, at), "–");
});

test("the host's clock is within what its answers allow", () => {
  assert.equal(clock.hostNow(), null);
  const asked = performance.now();
  clock.observe(1_000_000_000_000, 1000, asked, asked + 100);
  clock.observe(1_000_000_000_400, 1, asked + 300, asked + 320);
  const offset = clock.hostNow() - performance.now() + asked;
  assert.ok(offset >= 1_000_000_000_080 && offset <= 1_000_000_000_101, String(offset - 1e12));
  clock.observe(2_000_000_000_000, 1, asked, asked + 10); // it was set
  assert.ok(Math.abs(clock.hostNow() - performance.now() + asked - 2e12) < 20);
});

test("percentages of parts per million", () => {
  assert.equal(text.ppmText(950001), "95.0001 %");
  assert.equal(text.ppmText(1_000_000), "100 %");
  assert.equal(text.ppmText(null), "–");
});

test("an address names any orchestrator", () => {
  for (const id of ["127.0.1.1:9995", "a/b?c#d", "<img src=x onerror=alert(1)>", "50%", "é"]) {
    const { path, query } = route.routeOf(route.linkTo("orchestrators", id) + "?decision=7");
    assert.deepEqual(path, ["orchestrators", id]);
    assert.equal(query.get("decision"), "7");
  }
  assert.deepEqual(route.routeOf("#/50%").path, ["50%"]);
});

const rows = [
  { tier: "best", above: "95", multiplier: "1.2" },
  { tier: "zero", at_least: "0", multiplier: "0", delay: "600s", counts_as_failure: "true" },
  { tier: "mid", at_least: "80", multiplier: "1.000001" },
];

test("a table of tiers is read from the best down, and written with each digit", () => {
  const table = tables.tableOf("it's", rows);
  assert.deepEqual(table.tiers.map((one) => one.name), ["best", "mid", "zero"]);
  const { text, lines } = tables.written([table]);
  assert.equal(text.split("\n").slice(1).join("\n"), `"it's":
  - {tier: "best", above: 95, multiplier: 1.2}
  - {tier: "mid", at_least: 80, multiplier: 1.000001}
  - {tier: "zero", at_least: 0, multiplier: 0, delay: "600s", counts_as_failure: true}
`);
  assert.deepEqual(lines.get(4), { table: "it's", tier: 1 });
  assert.equal(tables.written([]).text.split("\n")[1], "{}");
  for (const wrong of [null, [null], ["a"], [{ tier: "a" }], [{ tier: "a", above: "1" }], "text"]) assert.equal(tables.tableOf("a", wrong), null);
});

test("an edge is a whole number of parts per million", () => {
  for (const [text, ppm] of [["95.0001", 950_001], ["100", 1_000_000], ["0", 0], ["80.5", 805_000]]) {
    assert.equal(tables.ppmOf(text), ppm);
    assert.equal(tables.percentOf(ppm), text);
  }
  for (const wrong of ["", "100.0001", "-1", "1.00001", "1e2", "0x10", "a"]) assert.equal(tables.ppmOf(wrong), null);
});

test("an edge is held between its neighbours", () => {
  const { tiers } = tables.tableOf("a", rows);
  assert.deepEqual(tables.rangeOf(tiers, 0), { least: 800_001, most: 1_000_000 });
  assert.deepEqual(tables.rangeOf(tiers, 1), { least: 1, most: 950_000 });
  assert.equal(tables.rangeOf(tiers, 2), null);
  assert.equal(tables.withEdge(tiers, 0, 0)[0].edge, "80");
  assert.equal(tables.withEdge(tiers, 0, 2_000_000)[0].edge, "99.9999");
  assert.equal(tables.withEdge(tiers, 1, 500_000)[1].edge, "50");
  assert.deepEqual(tables.split(tiers, 1).map((one) => [one.name, one.edge]), [["best", "95"], ["mid-2", "87.5"], ["mid", "80"], ["zero", "0"]]);
});

test("what no plugin would take is said before it is asked", () => {
  const [good] = tables.tableOf("a", rows).tiers;
  assert.equal(tables.problemOf(good), null);
  for (const wrong of [{ name: "A b" }, { edge: "101" }, { multiplier: "1e3" }, { multiplier: "-1" }, { multiplier: "1.0000001" }, { delay: "soon" }]) {
    assert.notEqual(tables.problemOf({ ...good, ...wrong }), null);
  }
});

const sla = await load("sla.tsx");

test("the months of a report go back over the year's end, the present one first", () => {
  assert.deepEqual(sla.monthsUntil(new Date("2026-01-31T23:59:59Z")).slice(0, 3), ["2026-01", "2025-12", "2025-11"]);
  assert.equal(new Set(sla.monthsUntil(new Date("2026-03-31T12:00:00Z"))).size, 12);
});

test("a credit is proposed where it is above 0", () => {
  for (const one of ["12.5", "0.00000001", "10"]) assert.equal(sla.isProposed(one), true);
  for (const one of ["0", "0.0", "", "-1", "null", "1e5"]) assert.equal(sla.isProposed(one), false);
});

function check(epoch, uptime, more = {}) {
  return { orchestrator: "a", epoch, job: "ok", uptime_percent: uptime, multiplier: "1", amount_usd: "10", decided_at: "2026-11-28T08:38:01.929Z", ...more };
}

test("a trail keeps the last checks, in whatever order they come", () => {
  const trail = new Trail();
  assert.deepEqual(trail.bars(), []);
  for (const epoch of [7, 6, 9, 6, 8]) trail.take(check(epoch, epoch * 10));
  assert.deepEqual(trail.bars().map((one) => one.uptime), [60, 70, 80, 90]);
  assert.deepEqual([trail.epoch, trail.uptime, trail.amount], [9, 90, "10"]);
  trail.take(check(8, 0, { job: "failed", amount_usd: "0" }));
  assert.deepEqual([trail.bars()[2].kind, trail.uptime], ["failed", 90]);
});

test("a trail has as many checks as a strip, and none of an epoch that is not known", () => {
  const trail = new Trail();
  for (let epoch = 0; epoch < 100; ++epoch) trail.take(check(epoch, epoch));
  assert.equal(trail.bars().length, trail_length);
  assert.equal(trail.bars()[0].uptime, 70);
  trail.take(check(69, 0)); // older than all of it
  assert.equal(trail.bars()[0].uptime, 70);
  trail.take(check(110, 50)); // 100 to 109 never came
  assert.equal(trail.bars().length, trail_length - 10);
  trail.take(check(10_000, 50));
  assert.equal(trail.bars().length, 1);
});

test("a bar says what was paid for, and unknown is not zero", () => {
  const kinds = [[check(1, 100), "full"], [check(1, 40, { multiplier: "0.7" }), "part"], [check(1, 0, { job: "timeout" }), "failed"],
                 [check(1, null), "unknown"], [check(1, 100, { multiplier: "1.2" }), "full"]];
  for (const [one, kind] of kinds) {
    const trail = new Trail();
    trail.take(one);
    assert.equal(trail.bars()[0].kind, kind);
    assert.equal(trail.bars()[0].uptime, one.uptime_percent ?? 0);
  }
});
