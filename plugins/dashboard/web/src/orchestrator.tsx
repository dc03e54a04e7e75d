import { useEffect, useState } from "preact/hooks";
import { ask, messageOf, part } from "./api";
import { Chances } from "./chances";
import { UptimeChart } from "./chart";
import { Changes } from "./changes";
import { hostNow } from "./clock";
import { Decision } from "./decision";
import { Grid, type Column } from "./grid";
import { Objections } from "./objections";
import { OrderDialog, ordersFor, type OrderName } from "./orders";
import { stateOf } from "./orchestrators";
import { Countdown, Figure, Mark, Problem, Section, Time, useStore } from "./parts";
import { OfferFigure } from "./offer";
import { AlertTarget, isOwn, OwnSecret } from "./own";
import { Payouts, Statement } from "./payouts";
import { setQuery, useRoute } from "./route";
import { Services } from "./services";
import { paymentKey, paymentTime, type Store } from "./store";
import { owedText, payoutTotal } from "./sums";
import { none, percentText, timeText } from "./text";
import type { Orchestrator, Payment } from "./types";

const part_size = 200;

// Its payments, the newest first: those that were read, and those that came since.
function usePayments(id: string, store: Store): { all: Payment[]; more: (() => void) | null; problem: string | null } {
  const [read, setRead] = useState<Payment[]>([]);
  const [cursor, setCursor] = useState<string | null | undefined>(undefined);
  const [problem, setProblem] = useState<string | null>(null);
  const load = (from: string | null | undefined) => {
    const path = `/livepeer/payments?orchestrator=${part(id)}&limit=${part_size}${from ? "&cursor=" + part(from) : ""}`;
    ask<{ payments: Payment[]; next_cursor: string | null }>(path).then((answer) => {
      setRead((old) => (from ? [...old, ...answer.payments] : answer.payments));
      setCursor(answer.next_cursor);
      setProblem(null);
    }, (why) => setProblem(messageOf(why)));
  };
  useEffect(() => { store.follow(id); load(undefined); }, [id]);
  const live = store.followed?.id === id ? store.followed.payments : [];
  const known = new Map<string, Payment>();
  for (const one of [...read, ...live]) known.set(paymentKey(one), one);
  const all = [...known.values()].sort((a, b) => (paymentTime(a) < paymentTime(b) ? 1 : paymentTime(a) > paymentTime(b) ? -1 : 0));
  return { all, more: cursor ? () => load(cursor) : null, problem };
}

const columns: Column<Payment>[] = [
  { key: "time", title: "Time", width: "11rem", cell: (one) => <Time at={paymentTime(one)} /> },
  { key: "epoch", title: "Epoch", width: "5rem", number: true, cell: (one) => one.epoch ?? "manual" },
  { key: "uptime", title: "Uptime", width: "6.5rem", number: true, cell: (one) => percentText(one.uptime_percent) },
  { key: "tier", title: "Tier", width: "6.5rem", cell: (one) => <Mark of={one.tier} /> },
  { key: "multiplier", title: "×", width: "4rem", number: true, cell: (one) => one.multiplier ?? none },
  { key: "amount", title: "Amount", width: "7.5rem", number: true, cell: (one) => `${one.amount_usd} USD` },
  { key: "wei", title: "Smallest unit", width: "12rem", number: true, cell: (one) => one.amount_wei },
  { key: "reason", title: "Reason", width: "minmax(16rem, 1fr)", cell: (one) => <span title={one.reason ?? ""}>{one.reason ?? one.reference ?? one.call_type ?? ""}</span> },
];

// What keeps it from being paid, as far as that is its own to change.
function lacks(one: Orchestrator): string[] {
  const out: string[] = [];
  if (one.registration === "unapproved") out.push("an approval by an administrator");
  if (one.registration === "disconnected") out.push("to be approved again: it was disconnected");
  if (one.payout_address === null) out.push("a payout address");
  else if (!one.payout_proven && one.registration !== null) out.push("a signature by the wallet that it is paid to, where its payer wants one");
  if (one.endpoint_problem !== null) out.push("an endpoint that answers this manager");
  if (one.suspended) out.push("a check that succeeds: it is suspended");
  else if (one.consecutive_failures > 0) out.push("a check that succeeds");
  return out;
}

function Facts({ one }: { one: Orchestrator }) {
  return (
    <dl class="rows">
      <dt>Lacks to be paid</dt><dd data-figure="lacks">{lacks(one).join("; ") || "nothing"}</dd>
      <dt>Endpoint</dt><dd>{one.endpoint}</dd>
      {one.endpoint_problem !== null && <><dt>Not reached</dt><dd>{one.endpoint_problem}</dd></>}
      <dt>Pays to</dt><dd><span class="hash">{one.payout_address ?? none}</span>{one.payout_address !== null && (one.payout_proven ? ", proven" : ", not proven")}</dd>
      <dt>Worker's key</dt><dd class="hash">{one.worker_key ?? none}</dd>
      <dt>Registration</dt><dd>{one.registration === null ? "of the configuration" : <Mark of={one.registration} />}</dd>
      {one.pending_change !== null && <><dt>Waits to change</dt><dd>{JSON.stringify(one.pending_change)}</dd></>}
      <dt>Capabilities</dt><dd>{one.capabilities.length > 0 ? one.capabilities.join(", ") : none}</dd>
      {one.dispatcher !== null && <><dt>Checked by</dt><dd data-figure="dispatcher">{one.dispatcher}</dd></>}
      <dt>Since</dt><dd><Time at={one.connection_started} /></dd>
      <dt>Last check</dt><dd><Time at={one.last_heartbeat} /></dd>
      <dt>Last proof</dt><dd><Time at={one.last_proof} /></dd>
    </dl>
  );
}

export function OrchestratorPage({ id }: { id: string }) {
  const store = useStore();
  const { query } = useRoute();
  const [order, setOrder] = useState<OrderName | null>(null);
  const [changes, setChanges] = useState(0);
  const one = store.orchestrators.get(id);
  const { all, more, problem } = usePayments(id, store);
  const epochText = query.get("decision");
  const epoch = epochText !== null && /^\d{1,15}$/.test(epochText) ? Number(epochText) : null;
  const show = (next: number | null) => setQuery({ decision: next === null ? null : String(next) });
  useEffect(() => {
    if (epoch !== null) document.getElementById("decision-title")?.focus();
  }, [epoch]);

  if (!one) return <><h1>{id}</h1><p class="note" role="status">{store.loading ? "Asking …" : "The manager knows no orchestrator of this id."}</p></>;
  const payouts = [...(store.payouts.get(id)?.values() ?? [])].sort((a, b) => b.payout - a.payout);
  const gaps = (store.status?.unpaid ?? []).filter((gap) => gap.orchestrator === id);
  const decisions = all.filter((each) => each.epoch !== undefined).reverse();
  const now = (hostNow() ?? Date.parse(paymentTime(decisions.at(-1) ?? all[0] ?? { orchestrator: id, amount_usd: "0", amount_wei: "0" }))) / 1000;
  return (
    <>
      <div class="head">
        <h1>{id}</h1><Mark of={stateOf(one)} />
        <div class="buttons">
          {ordersFor(one).map((name) => <button type="button" key={name} onClick={() => setOrder(name)}>{name}</button>)}
        </div>
      </div>
      <dl class="figures">
        <Figure name="Owed" figure="owed" value={owedText(store, id)} />
        <Figure name="Sent" figure="sent" value={payoutTotal(payouts, false)} />
        <Figure name="Final" figure="final" value={payoutTotal(payouts, true)} />
        <Figure name="Uptime" figure="uptime" value={percentText(one.last_uptime_percent)}>tier <Mark of={one.last_tier} /></Figure>
        <Figure name="Failures in a row" figure="failures" value={String(one.consecutive_failures)}>{one.checks_ok} of {one.total_calls_processed} checks succeeded</Figure>
        <div class="figure"><dt>Next due</dt><dd data-figure="due"><Countdown at={one.next_due} /></dd><dd class="note">{timeText(one.next_due)}</dd></div>
        <Figure name="Latency" figure="latency" value={one.average_latency_ms === null ? none : `${one.average_latency_ms} ms`}>mean of the last ten answers</Figure>
        <OfferFigure id={id} />
      </dl>
      <Section title="Uptime over time"><UptimeChart decisions={decisions} gaps={gaps} now={now} /></Section>
      <Chances id={id} />
      <Section title="Services"><Services id={id} news={Math.floor(decisions.length / 5)} /></Section>
      <Section title="Decisions" note={`${all.length} read; Enter or a click opens the sum behind one`}>
        <Problem text={problem} />
        {epoch !== null && <Decision id={id} epoch={epoch} close={() => show(null)} changed={() => setChanges(changes + 1)} />}
        <Grid label="decisions" rows={all} columns={columns} keyOf={paymentKey} rowHeight={32} open={(each) => { if (each.epoch !== undefined) show(each.epoch); }} />
        {more && <button type="button" onClick={more}>Read older ones</button>}
      </Section>
      <Section title="Payouts"><Payouts id={id} payouts={payouts} /><Statement id={id} now={now} /></Section>
      <div class="columns">
        <Section title="Objections"><Objections id={id} news={store.objectionsChanged + changes} /></Section>
        <Section title="Registration"><Facts one={one} /></Section>
        <Section title="History"><Changes id={id} news={store.objectionsChanged + changes} /></Section>
        {isOwn(id) && <Section title="Alerts"><AlertTarget id={id} /></Section>}
        {isOwn(id) && <Section title="Secret"><OwnSecret id={id} /></Section>}
      </div>
      {order !== null && <OrderDialog of={one} gaps={gaps} name={order} close={() => setOrder(null)} done={() => { store.refresh(id); setChanges(changes + 1); }} />}
    </>
  );
}
