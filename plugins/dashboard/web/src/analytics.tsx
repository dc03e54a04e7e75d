// Analyses of what is recorded: what uptime cost, how much there was, what failed, and what is to come.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, may, messageOf } from "./api";
import { Problem, Section } from "./parts";
import { linkTo, setQuery, useRoute } from "./route";
import { Credit, isProposed, monthsUntil, type Proposal } from "./sla";
import { none } from "./text";

type Value = string | number | boolean | null;
type Row = Record<string, Value>;

interface Analysis {
  report: string;
  from: string;
  to: string;
  checks: number;
  rows: Row[];
  total: Row | null;
  distribution?: Row[];
  reasons?: Row[];
  days?: Row[];
  backtest?: Row[];
  calibration?: Row[];
  over?: boolean; // of targets: the span is
}

const reports: [string, string][] = [
  ["cost", "Cost of uptime"], ["uptime", "Uptime"], ["failures", "Failures"], ["latency", "Latency"], ["forecast", "Forecast"],
  ["sla", "Targets"], ["prediction", "Prediction"],
];
const groups: [string, string][] = [["", "all"], ["tier", "tier"], ["orchestrator", "orchestrator"], ["capability", "capability"]];
const spans: [string, string][] = [["", "usual"], ["1", "1 day"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];
const grouped = new Set(["cost", "uptime", "failures", "latency"]);
const most_shown = 500; // rows; the file has all of them

const day_ms = 86_400_000;
const hour_ms = 3_600_000;

// The whole hour, so that the same question is asked for a while.
function since(days: string): string {
  const at = Math.floor(Date.now() / hour_ms) * hour_ms - Number(days) * day_ms;
  return new Date(at).toISOString().slice(0, 19) + "Z";
}

function pathOf(report: string, by: string, days: string, month: string): string {
  const query = new URLSearchParams();
  if (grouped.has(report) && by !== "") query.set("by", by);
  if (days !== "" && report !== "sla") query.set("from", since(days));
  if (month !== "" && report === "sla") query.set("month", month);
  const text = query.toString();
  return `/analytics/${report}${text === "" ? "" : "?" + text}`;
}

function textOf(value: Value | undefined): string {
  return value === null || value === undefined ? none : String(value);
}

function isNumber(value: Value | undefined): boolean {
  return typeof value === "number" || (typeof value === "string" && /^-?[0-9.]+$/.test(value));
}

function titleOf(name: string): string {
  const words = name.replace(/_/g, " ").replace(/\busd\b/, "USD");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

interface RowsProps {
  name: string;
  rows: Row[];
  total?: Row | null;
  action?: (row: Row) => ComponentChildren; // in a column of its own
}

function Rows({ name, rows, total, action }: RowsProps) {
  const first = rows[0];
  if (!first) return <p class="note">None.</p>;
  const columns = Object.keys(first);
  const line = (row: Row, key: string, last: boolean) => (
    <tr key={key} data-analysis={last ? undefined : name} data-total={last ? name : undefined}>
      {columns.map((one) => <td key={one} class={isNumber(row[one]) ? "number" : ""}>{textOf(row[one])}</td>)}
      {action && <td>{!last && action(row)}</td>}
    </tr>
  );
  return (
    <div class="wide" tabIndex={0} role="group" aria-label={`rows of ${name}`}>
      <table>
        <thead><tr>{columns.map((one) => <th key={one} scope="col" class={isNumber(first[one]) ? "number" : ""}>{titleOf(one)}</th>)}{action && <th scope="col">Order</th>}</tr></thead>
        <tbody>{rows.slice(0, most_shown).map((row, at) => line(row, String(at), false))}</tbody>
        {total && <tfoot>{line(total, "total", true)}</tfoot>}
      </table>
      {rows.length > most_shown && <p class="note">The first {most_shown} of {rows.length} rows.</p>}
    </div>
  );
}

function Choice({ name, title, value, options }: { name: string; title: string; value: string; options: [string, string][] }) {
  return (
    <label>{title} <select name={name} value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
      {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
    </select></label>
  );
}

// What was spent on each day, as bars; the figures are in the table below.
function Days({ days }: { days: Row[] }) {
  const shown = days.slice(-56);
  const most = Math.max(...shown.map((one) => Number(one.usd)), 0);
  if (shown.length === 0 || most <= 0) return null;
  const path = shown.map((one, at) => {
    const height = (Number(one.usd) / most) * 96;
    return `M${at * 10} 100v-${height.toFixed(1)}h8v${height.toFixed(1)}z`;
  }).join("");
  return (
    <svg class="strip days" viewBox={`0 0 ${shown.length * 10} 100`} preserveAspectRatio="none" role="img"
      aria-label={`USD a day, the last ${shown.length} days; at most ${most}`}><path class="full" d={path} /></svg>
  );
}

// Where a month is over, and this account may order what its report proposes.
function creditsOf(analysis: Analysis): { action?: (row: Row) => ComponentChildren } {
  const proposed = analysis.rows.some((row) => isProposed(String(row.credit_usd ?? "")));
  if (analysis.report !== "sla" || analysis.over !== true || !may("payments:adjust") || !proposed) return {};
  return { action: (row) => <Credit of={Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value)])) as unknown as Proposal} month={analysis.from.slice(0, 7)} to={analysis.to} /> };
}

export function AnalyticsPage({ only }: { only?: string }) {
  const { query } = useRoute();
  const asked = only ?? query.get("report") ?? "cost";
  const report = reports.some(([name]) => name === asked) ? asked : "cost";
  const by = query.get("by") ?? "";
  const days = query.get("days") ?? "";
  const month = query.get("month") ?? "";
  const path = pathOf(report, by, days, month);
  const [made, setMade] = useState<{ path: string; analysis: Analysis } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    setProblem(null);
    ask<Analysis>(path).then((analysis) => { if (current) setMade({ path, analysis }); },
      (why) => { if (current) { setMade(null); setProblem(messageOf(why)); } });
    return () => { current = false; };
  }, [path]);
  const title = reports.find(([name]) => name === report)?.[1] ?? report;
  const file = (format: string) => `/api/v1${path}${path.includes("?") ? "&" : "?"}format=${format}`;
  const analysis = made?.path === path ? made.analysis : null;
  return (
    <>
      <h1>{only === undefined ? "Analytics" : "Targets of uptime"}</h1>
      <div class="tools">
        {only === undefined && <Choice name="report" title="Report" value={report} options={reports} />}
        {grouped.has(report) && <Choice name="by" title="By" value={by} options={groups} />}
        {report === "sla" && <Choice name="month" title="Month" value={month} options={monthsUntil(new Date()).map((one, at) => [at === 0 ? "" : one, one])} />}
        {report !== "sla" && <Choice name="days" title="Of the last" value={days} options={spans} />}
        <a href={file("csv")} download={`${report}.csv`}>CSV</a>
        <a href={file("html")} target="_blank" rel="noopener">Page to print</a>
        {only === undefined && <a href={linkTo("sla")}>Targets</a>}
      </div>
      <Problem text={problem} />
      {analysis === null && problem === null && <p class="note" role="status">Asking the manager …</p>}
      {analysis && (
        <>
          <Section title={title} note={`${analysis.checks} checks, ${analysis.from.slice(0, 16).replace("T", " ")} to ${analysis.to.slice(0, 16).replace("T", " ")}`}>
            <Rows key={path} name={report} rows={analysis.rows} total={analysis.total} {...creditsOf(analysis)} />
          </Section>
          {analysis.distribution && <Section title="Answered checks by their uptime in percent"><Rows name="distribution" rows={analysis.distribution} /></Section>}
          {analysis.reasons && <Section title="The most frequent reasons"><Rows name="reasons" rows={analysis.reasons} /></Section>}
          {analysis.backtest && <Section title="Such chances of the span, each by what was known before it"><Rows name="backtest" rows={analysis.backtest} /></Section>}
          {analysis.calibration && <Section title="Chances in percent, and what happened"><Rows name="calibration" rows={analysis.calibration} /></Section>}
          {analysis.days && <Section title="USD a day"><Days days={analysis.days} /><Rows name="days" rows={[...analysis.days].reverse()} /></Section>}
        </>
      )}
    </>
  );
}
