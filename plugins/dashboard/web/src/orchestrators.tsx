import { useMemo } from "preact/hooks";
import { hostNow } from "./clock";
import { Grid, type Column } from "./grid";
import { Invite } from "./invitations";
import { priceOf } from "./offer";
import { ordered, useRanks, type Key } from "./order";
import { Countdown, Mark, Strip, useSeconds, useStore } from "./parts";
import { linkTo, setQuery, useRoute } from "./route";
import type { Store } from "./store";
import { assetOf, owedText } from "./sums";
import { none, percentText, shortHash, timeText } from "./text";
import type { Orchestrator } from "./types";

type Row = Orchestrator;

interface Sortable extends Column<Row> {
  sort?: (row: Row) => Key;
}

const priceText = (row: Row) => priceOf(row.offer?.price_wei_per_second ?? null);

export function stateOf(row: Row): string {
  return row.suspended ? "suspended" : row.held ? "held" : row.status;
}

// What is owed, in the smallest unit of an asset with 18 decimals, so that assets with fewer compare.
function owedKey(store: Store, row: Row): Key {
  if (!/^-?\d{1,120}$/.test(row.owed_wei)) return null;
  const decimals = assetOf(store, row.orchestrator_id)?.decimals ?? 18;
  return BigInt(row.owed_wei) * 10n ** BigInt(Math.max(0, 18 - decimals));
}

// As it was seen; a price that is not named, or was not asked for yet, is none.
function priceKey(row: Row): Key {
  const price = row.offer?.price_wei_per_second ?? null;
  return price !== null && /^\d{1,120}$/.test(price) ? BigInt(price) : null;
}

function Price({ of: row }: { of: Row }) {
  useSeconds();
  const now = hostNow();
  const offer = row.offer;
  if (offer === null) return <>{none}</>;
  const age = now === null ? null : Math.max(0, Math.floor((now - Date.parse(offer.seen_at)) / 60_000));
  return <span title={`seen ${timeText(offer.seen_at)} UTC`}>{priceText(row)}{age !== null && <span class="note"> seen {age} min ago</span>}</span>;
}

function columnsOf(store: Store, ranks: Map<string, number>): Sortable[] {
  return [
    { key: "id", title: "Orchestrator", width: "minmax(11rem, 2fr)", sort: (row) => ranks.get(row.orchestrator_id) ?? null,
      cell: (row) => <a tabIndex={-1} href={linkTo("orchestrators", row.orchestrator_id)}>{row.orchestrator_id}</a> },
    { key: "state", title: "State", width: "7.5rem", sort: stateOf, cell: (row) => <Mark of={stateOf(row)} /> },
    { key: "tier", title: "Tier", width: "6.5rem", sort: (row) => row.last_tier, cell: (row) => <Mark of={row.last_tier} /> },
    { key: "uptime", title: "Uptime", width: "6rem", number: true, sort: (row) => row.last_uptime_percent,
      cell: (row) => percentText(row.last_uptime_percent) },
    { key: "strip", title: "Last checks", width: "8.5rem", cell: (row) => <Strip trail={store.trails.get(row.orchestrator_id)} /> },
    { key: "failures", title: "Failures", width: "5.5rem", number: true, sort: (row) => row.consecutive_failures,
      cell: (row) => row.consecutive_failures },
    { key: "due", title: "Next due", width: "8.5rem", number: true, sort: (row) => row.next_due, cell: (row) => <Countdown at={row.next_due} /> },
    { key: "owed", title: "Owed", width: "minmax(9rem, 1fr)", number: true,
      sort: (row) => owedKey(store, row),
      cell: (row) => owedText(store, row.orchestrator_id) },
    { key: "latency", title: "Latency", width: "5.5rem", number: true, sort: (row) => row.average_latency_ms,
      cell: (row) => (row.average_latency_ms === null ? none : `${row.average_latency_ms} ms`) },
    { key: "checks", title: "Checks", width: "5.5rem", number: true, sort: (row) => row.total_calls_processed,
      cell: (row) => row.total_calls_processed },
    { key: "price", title: "Price offered", width: "13rem", number: true, sort: priceKey, cell: (row) => <Price of={row} /> },
    { key: "capacity", title: "Capacity", width: "6rem", number: true, sort: (row) => row.offer?.capacity ?? null,
      cell: (row) => row.offer?.capacity ?? none },
    { key: "evidence", title: "Evidence signed by", width: "9.5rem", sort: (row) => row.worker_key,
      cell: (row) => (row.worker_key === null ? none : <span class="hash" title={row.worker_key}>{shortHash(row.worker_key)}</span>) },
    { key: "dispatcher", title: "Asked by", width: "7rem", sort: (row) => row.dispatcher, cell: (row) => row.dispatcher ?? none },
    { key: "address", title: "Pays to", width: "minmax(9rem, 1fr)", sort: (row) => row.payout_address,
      cell: (row) => <span class="hash" title={row.payout_address ?? ""}>{row.payout_address ?? none}</span> },
  ];
}

const usual = ["id", "state", "tier", "uptime", "strip", "failures", "due", "owed", "latency"];

function passes(row: Row, wanted: string): boolean {
  if (wanted === "") return true;
  return [row.orchestrator_id, row.endpoint, row.status, row.last_tier ?? "", row.payout_address ?? "", stateOf(row), row.offer === null ? "" : priceText(row)]
    .some((text) => text.toLowerCase().includes(wanted));
}

export function OrchestratorsPage() {
  const store = useStore();
  const { query } = useRoute();
  const ranks = useRanks(store);
  const columns = columnsOf(store, ranks);
  const shownKeys = query.get("columns")?.split(",") ?? usual;
  const shown = columns.filter((one) => one.key === "id" || shownKeys.includes(one.key));
  const filter = query.get("filter") ?? "";
  const state = query.get("state") ?? "";
  const sorted = columns.find((one) => one.key === query.get("sort") && one.sort) ?? columns[0] as Sortable;
  const falling = query.get("order") === "falling";

  const rows = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    const passing = [...store.orchestrators.values()].filter((row) => passes(row, wanted) && (state === "" || stateOf(row) === state || row.status === state));
    return ordered(passing, sorted.sort ?? (() => 0), (row) => ranks.get(row.orchestrator_id) ?? 0, falling);
  }, [store.version, ranks, filter, state, sorted.key, falling]);

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
        <Invite />
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
