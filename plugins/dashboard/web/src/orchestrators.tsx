import { compare, parseDecimal, zero } from "./amount";
import { Grid, type Column } from "./grid";
import { Countdown, Mark, Strip, useStore } from "./parts";
import { linkTo, setQuery, useRoute } from "./route";
import type { Store } from "./store";
import { owedText } from "./sums";
import { none, percentText } from "./text";
import type { Orchestrator } from "./types";

type Row = Orchestrator;

const texts = (of: (row: Row) => string | null) => (a: Row, b: Row) => {
  const [x, y] = [of(a), of(b)];
  if (x === y) return 0;
  if (x === null || y === null) return x === null ? 1 : -1; // those without one are the last
  return x < y ? -1 : 1;
};
const numbers = (of: (row: Row) => number | null) => (a: Row, b: Row) => (of(a) ?? -1) - (of(b) ?? -1);

// Ids are ordered as a reader would: .2 before .10.
const collator = new Intl.Collator("en", { numeric: true });

export function stateOf(row: Row): string {
  return row.suspended ? "suspended" : row.held ? "held" : row.status;
}

function columnsOf(store: Store): Column<Row>[] {
  return [
    { key: "id", title: "Orchestrator", width: "minmax(11rem, 2fr)", sort: (a, b) => collator.compare(a.orchestrator_id, b.orchestrator_id),
      cell: (row) => <a tabIndex={-1} href={linkTo("orchestrators", row.orchestrator_id)}>{row.orchestrator_id}</a> },
    { key: "state", title: "State", width: "7.5rem", sort: texts(stateOf), cell: (row) => <Mark of={stateOf(row)} /> },
    { key: "tier", title: "Tier", width: "6.5rem", sort: texts((row) => row.last_tier), cell: (row) => <Mark of={row.last_tier} /> },
    { key: "uptime", title: "Uptime", width: "6rem", number: true, sort: numbers((row) => row.last_uptime_percent),
      cell: (row) => percentText(row.last_uptime_percent) },
    { key: "strip", title: "Last checks", width: "8.5rem", cell: (row) => <Strip checks={store.checks.get(row.orchestrator_id)} /> },
    { key: "failures", title: "Failures", width: "5.5rem", number: true, sort: numbers((row) => row.consecutive_failures),
      cell: (row) => row.consecutive_failures },
    { key: "due", title: "Next due", width: "8.5rem", number: true, sort: texts((row) => row.next_due), cell: (row) => <Countdown at={row.next_due} /> },
    { key: "owed", title: "Owed", width: "minmax(9rem, 1fr)", number: true,
      sort: (a, b) => compare(parseDecimal(a.owed_wei) ?? zero, parseDecimal(b.owed_wei) ?? zero),
      cell: (row) => owedText(store, row.orchestrator_id) },
    { key: "latency", title: "Latency", width: "5.5rem", number: true, sort: numbers((row) => row.average_latency_ms),
      cell: (row) => (row.average_latency_ms === null ? none : `${row.average_latency_ms} ms`) },
    { key: "checks", title: "Checks", width: "5.5rem", number: true, sort: numbers((row) => row.total_calls_processed),
      cell: (row) => row.total_calls_processed },
    { key: "address", title: "Pays to", width: "minmax(9rem, 1fr)", sort: texts((row) => row.payout_address),
      cell: (row) => <span class="hash" title={row.payout_address ?? ""}>{row.payout_address ?? none}</span> },
  ];
}

const usual = ["id", "state", "tier", "uptime", "strip", "failures", "due", "owed", "latency"];

function passes(row: Row, wanted: string): boolean {
  if (wanted === "") return true;
  return [row.orchestrator_id, row.endpoint, row.status, row.last_tier ?? "", row.payout_address ?? "", stateOf(row)]
    .some((text) => text.toLowerCase().includes(wanted));
}

export function OrchestratorsPage() {
  const store = useStore();
  const { query } = useRoute();
  const columns = columnsOf(store);
  const shownKeys = query.get("columns")?.split(",") ?? usual;
  const shown = columns.filter((one) => one.key === "id" || shownKeys.includes(one.key));
  const filter = query.get("filter") ?? "";
  const state = query.get("state") ?? "";
  const sorted = columns.find((one) => one.key === query.get("sort") && one.sort) ?? columns[0] as Column<Row>;
  const falling = query.get("order") === "falling";

  const wanted = filter.trim().toLowerCase();
  const rows = [...store.orchestrators.values()].filter((row) => passes(row, wanted) && (state === "" || stateOf(row) === state || row.status === state));
  rows.sort((a, b) => (falling ? -1 : 1) * (sorted.sort?.(a, b) ?? 0) || collator.compare(a.orchestrator_id, b.orchestrator_id));

  const by = (key: string) => setQuery(key === sorted.key ? { sort: key, order: falling ? null : "falling" } : { sort: key, order: null });
  const toggle = (key: string) => {
    const next = columns.map((one) => one.key).filter((one) => (one === key) !== shownKeys.includes(one));
    setQuery({ columns: next.join(",") === usual.join(",") ? null : next.join(",") });
  };
  const { counts } = store;
  return (
    <>
      <h1>Orchestrators</h1>
      <div class="tools">
        <label>Filter <input type="search" value={filter} maxLength={128} onInput={(event) => setQuery({ filter: event.currentTarget.value })} /></label>
        <label>State
          <select value={state} onChange={(event) => setQuery({ state: event.currentTarget.value })}>
            <option value="">all</option>
            {["connected", "unhealthy", "suspended", "held", "unapproved", "disconnected"].map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        </label>
        <details class="chooser">
          <summary>Columns</summary>
          <fieldset>
            <legend>Shown columns</legend>
            {columns.slice(1).map((one) => (
              <label key={one.key}><input type="checkbox" checked={shownKeys.includes(one.key)} onChange={() => toggle(one.key)} /> {one.title}</label>
            ))}
          </fieldset>
        </details>
        <span class="note" role="status" data-figure="shown">
          {rows.length} of {counts?.total ?? store.orchestrators.size}
          {counts && `: ${counts.connected} connected, ${counts.unhealthy} unhealthy, ${counts.unapproved} unapproved, ${counts.disconnected} disconnected`}
        </span>
      </div>
      <Grid label="orchestrators" rows={rows} columns={shown} keyOf={(row) => row.orchestrator_id}
        open={(row) => { location.hash = linkTo("orchestrators", row.orchestrator_id); }} sort={{ key: sorted.key, falling, by }} />
    </>
  );
}
