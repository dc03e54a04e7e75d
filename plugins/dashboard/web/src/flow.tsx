// The lanes of the flow: check, uptime, tier, amount, owed, sent, final.
import { useMemo, useRef } from "preact/hooks";
import { Grid, type Column } from "./grid";
import { useRanks } from "./order";
import { Countdown, Mark, Strip, useStore } from "./parts";
import { PastFlow, pastTime, TimeMachine } from "./past";
import { linkTo, setQuery, useRoute } from "./route";
import type { Store } from "./store";
import { owedText, payoutTotal } from "./sums";
import { none, percentText, trailText } from "./text";
import type { Trail } from "./trail";
import type { Orchestrator } from "./types";

interface Lane {
  id: string;
  standing: Orchestrator;
  last: Trail | undefined; // none: no check yet
}

// What came since it was drawn first is a new element, which the style sheet lets light up once.
function Fresh({ of: epoch, children }: { of: number | undefined; children: string }) {
  const first = useRef(epoch);
  return <span class={epoch === first.current ? "" : "fresh"} key={epoch}>{children}</span>;
}

function columnsOf(store: Store): Column<Lane>[] {
  const payouts = (lane: Lane, final: boolean) => {
    const all = store.payouts.get(lane.id);
    return all ? payoutTotal(all.values(), final).join(", ") : "0";
  };
  const fresh = (lane: Lane, text: string) => <Fresh of={lane.last?.epoch}>{text}</Fresh>;
  return [
    { key: "id", title: "Orchestrator", width: "minmax(10rem, 1.4fr)", cell: (lane) => <a tabIndex={-1} href={linkTo("orchestrators", lane.id)}>{lane.id}</a> },
    { key: "check", title: "Check", width: "11rem", cell: (lane) => fresh(lane, trailText(lane.last)) },
    { key: "strip", title: "Last checks", width: "8.5rem", cell: (lane) => <Strip trail={lane.last} /> },
    { key: "uptime", title: "Uptime", width: "6rem", number: true, cell: (lane) => fresh(lane, percentText(lane.last?.uptime)) },
    { key: "tier", title: "Tier", width: "6.5rem", cell: (lane) => <Mark of={lane.last?.tier} /> },
    { key: "amount", title: "Amount", width: "7rem", number: true, cell: (lane) => (lane.last ? fresh(lane, `${lane.last.amount} USD`) : none) },
    { key: "owed", title: "Owed", width: "minmax(8rem, 1fr)", number: true, cell: (lane) => owedText(store, lane.id) },
    { key: "sent", title: "Sent", width: "minmax(6rem, 1fr)", number: true, cell: (lane) => payouts(lane, false) },
    { key: "final", title: "Final", width: "minmax(6rem, 1fr)", number: true, cell: (lane) => payouts(lane, true) },
    { key: "due", title: "Next", width: "8rem", number: true, cell: (lane) => <Countdown at={lane.standing.next_due} /> },
  ];
}

export function FlowPage() {
  const store = useStore();
  const { query } = useRoute();
  const filter = query.get("filter") ?? "";
  const at = pastTime(query.get("at"));
  const ranks = useRanks(store);
  const lanes = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    const out: Lane[] = [];
    for (const id of ranks.keys()) {
      const standing = store.orchestrators.get(id);
      const trail = store.trails.get(id);
      const last = trail && trail.epoch >= 0 ? trail : undefined;
      if (!standing) continue;
      if (wanted === "" || [id, standing.status, last?.tier ?? ""].some((text) => text.toLowerCase().includes(wanted))) out.push({ id, standing, last });
    }
    return out;
  }, [store.version, ranks, filter]);
  return (
    <>
      <h1>Flow</h1>
      <div class="tools">
        <label>Filter <input type="search" value={filter} maxLength={128} onInput={(event) => setQuery({ filter: event.currentTarget.value })} /></label>
        <span class="note">from the check to what is final on the chain{store.payoutsComplete ? "" : "; older payouts are left out"}</span>
      </div>
      <TimeMachine at={at} />
      {at !== null ? <PastFlow at={at} filter={filter} /> : (
        <Grid label="flow" rows={lanes} columns={columnsOf(store)} keyOf={(lane) => lane.id}
          open={(lane) => { location.hash = linkTo("orchestrators", lane.id); }} />
      )}
    </>
  );
}
