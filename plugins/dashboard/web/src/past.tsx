// The lanes of the flow as they were at an earlier time, by the ledger.
import { useEffect, useState } from "preact/hooks";
import { inUnits } from "./amount";
import { currentSession, messageOf, part, parts } from "./api";
import { hostNow } from "./clock";
import { Grid, type Column } from "./grid";
import { Mark, Problem } from "./parts";
import { linkTo, setQuery } from "./route";
import { checkText, none, percentText, timeText } from "./text";
import type { PastAmounts, PastStanding } from "./types";

interface Part { row: number; orchestrators: PastStanding[]; next_cursor: string | null }

const most_parts = 100;

function amounts(one: PastStanding, of: (amounts: PastAmounts) => string): string {
  const lines = one.amounts.filter((each) => of(each) !== "0").map((each) => `${inUnits(of(each), each.decimals)} ${each.asset}`);
  return lines.length === 0 ? "0" : lines.join(", ");
}

const columns: Column<PastStanding>[] = [
  { key: "id", title: "Orchestrator", width: "minmax(10rem, 1.4fr)", cell: (one) => <a tabIndex={-1} href={linkTo("orchestrators", one.orchestrator)}>{one.orchestrator}</a> },
  { key: "time", title: "Decided", width: "11rem", cell: (one) => timeText(one.last?.decided_at) },
  { key: "check", title: "Check", width: "11rem", cell: (one) => checkText(one.last ?? undefined) },
  { key: "uptime", title: "Uptime", width: "6rem", number: true, cell: (one) => percentText(one.last?.uptime_percent) },
  { key: "tier", title: "Tier", width: "6.5rem", cell: (one) => <Mark of={one.last?.tier} /> },
  { key: "amount", title: "Amount", width: "7rem", number: true, cell: (one) => (one.last ? `${one.last.amount_usd} USD` : none) },
  { key: "owed", title: "Owed", width: "minmax(8rem, 1fr)", number: true, cell: (one) => amounts(one, (each) => each.owed) },
  { key: "sent", title: "Sent", width: "minmax(6rem, 1fr)", number: true, cell: (one) => amounts(one, (each) => each.under_way) },
  { key: "final", title: "Final", width: "minmax(6rem, 1fr)", number: true, cell: (one) => amounts(one, (each) => each.paid) },
];

// The time of the address as ms since 1970; null: it has none, or no time.
export function pastTime(text: string | null): number | null {
  if (text === null || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isFinite(at) ? at : null;
}

const utcText = (at: number) => new Date(at).toISOString().slice(0, 19) + "Z";

// Chooses the time that is shown; null: now.
export function TimeMachine({ at }: { at: number | null }) {
  const go = (to: number | null) => setQuery({ at: to === null ? null : utcText(to) });
  const step = (seconds: number) => {
    const now = hostNow();
    const from = at ?? now;
    if (from === null) return;
    const to = from + seconds * 1000;
    go(now !== null && to >= now ? null : to);
  };
  return (
    <div class="tools" role="group" aria-label="time">
      <label>As of (UTC)
        <input type="datetime-local" step={1} value={at === null ? "" : utcText(at).slice(0, 19)}
          onChange={(event) => go(event.currentTarget.value === "" ? null : pastTime(event.currentTarget.value.padEnd(19, ":00").slice(0, 19) + "Z"))} />
      </label>
      {([[-86400, "−1 d"], [-3600, "−1 h"], [-60, "−1 min"], [60, "+1 min"], [3600, "+1 h"], [86400, "+1 d"]] as const).map(([seconds, text]) => (
        <button type="button" key={text} disabled={seconds > 0 && at === null} onClick={() => step(seconds)}>{text}</button>
      ))}
      {at !== null && <button type="button" class="main" onClick={() => go(null)}>Now</button>}
    </div>
  );
}

export function PastFlow({ at, filter }: { at: number; filter: string }) {
  const [found, setFound] = useState<{ at: number; row: number; all: PastStanding[]; whole: boolean } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let wanted = true;
    const all: PastStanding[] = [];
    let row = 0;
    const own = currentSession()?.orchestrator;
    const path = `/livepeer/past?at=${part(utcText(at))}${own ? "&orchestrator=" + part(own) : ""}`;
    parts<Part>(path, most_parts, (one) => {
      row = one.row;
      all.push(...one.orchestrators);
      return true;
    }, () => wanted).then((whole) => {
      if (!wanted) return;
      setFound({ at, row, all, whole });
      setProblem(null);
    }, (why) => wanted && setProblem(messageOf(why)));
    return () => { wanted = false; };
  }, [at]);
  const text = filter.trim().toLowerCase();
  const rows = (found?.all ?? []).filter((one) => text === "" || one.orchestrator.toLowerCase().includes(text) || (one.last?.tier ?? "").includes(text));
  return (
    <>
      <p class="note" role="status" data-past={found?.at === at && problem === null ? utcText(at) : undefined}>
        {problem !== null ? "" : found?.at !== at ? "Asking …" : `as the ledger was at ${timeText(utcText(at))} UTC, after its row ${found.row}${found.whole ? "" : "; not all orchestrators"}`}
      </p>
      <Problem text={problem} />
      {problem === null && <Grid label="flow" rows={rows} columns={columns} keyOf={(one) => one.orchestrator}
        open={(one) => { location.hash = linkTo("orchestrators", one.orchestrator); }} />}
    </>
  );
}
