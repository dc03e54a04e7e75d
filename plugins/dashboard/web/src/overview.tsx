import { decimalText, inUnits, share, sumOf } from "./amount";
import { Figure, Mark, Problem, Section, Time, useStore } from "./parts";
import { linkTo } from "./route";
import { paymentKey, paymentTime, type Store } from "./store";
import { owedTotal, payoutsOfAll } from "./sums";
import { hourText, none, percentText, shortHash, spanText } from "./text";
import type { Payment } from "./types";

const recent_shown = 20;

function Money({ store }: { store: Store }) {
  const { status } = store;
  const held = [...store.orchestrators.values()].filter((one) => one.held).length;
  const unpaid = status?.unpaid ?? [];
  const stake = sumOf(unpaid.flatMap((gap) => (gap.at_stake_usd === null ? [] : [gap.at_stake_usd])));
  const unpriced = unpaid.filter((gap) => gap.at_stake_usd === null).length;
  return (
    <dl class="figures">
      <Figure name="Paid" figure="paid" value={payoutsOfAll(store, true)}>
        final on the chain{store.status || store.payoutsComplete ? "" : ", of the newest payouts that were read"}
      </Figure>
      <Figure name="On the way" figure="sent" value={payoutsOfAll(store, false)}>reserved, sent or mined</Figure>
      <Figure name="Owed" figure="owed" value={owedTotal(store)}>to {store.orchestrators.size} orchestrators</Figure>
      <Figure name="Held" figure="held" value={String(held)}>orchestrators whose period cannot be decided</Figure>
      <Figure name="Unpaid by our own fault" figure="unpaid" value={`${decimalText(stake)} USD`}>
        {unpaid.length} {unpaid.length === 1 ? "gap" : "gaps"}{unpriced > 0 ? `, ${unpriced} of them without an amount yet` : ""}
      </Figure>
    </dl>
  );
}

function Limits({ store }: { store: Store }) {
  const { status } = store;
  if (!status) return <p class="note">Not known yet.</p>;
  const { used_wei, limit_wei, day, orchestrator_limit_wei } = status.fees;
  const { accrued_usd, limit_usd, orchestrator_limit_usd } = status.spend;
  return (
    <dl class="rows">
      <dt>Owed for {status.spend.day}</dt>
      <dd>
        <span data-figure="accrued">{accrued_usd} of {limit_usd} USD</span>
        <meter min={0} max={1000} value={share(accrued_usd, limit_usd)} aria-label="what is owed for today as a share of the limit" />
      </dd>
      <dt>For one orchestrator</dt><dd>{orchestrator_limit_usd} USD a day at most</dd>
      <dt>Fees of jobs on {day}</dt>
      <dd>
        <span data-figure="fees">{inUnits(used_wei, 18)} of {inUnits(limit_wei, 18)} ETH</span>
        <meter min={0} max={1000} value={share(used_wei, limit_wei)} aria-label="fees of today as a share of the limit" />
      </dd>
      <dt>For one orchestrator</dt><dd>{inUnits(orchestrator_limit_wei, 18)} ETH a day at most</dd>
      <dt>Largest possible spend</dt><dd data-figure="largest">{status.largest_spend}</dd>
    </dl>
  );
}

function Parts({ store }: { store: Store }) {
  const parts = Object.entries(store.health?.components ?? {}).filter(([, one]) => one.state !== "not_applicable");
  return (
    <table>
      <thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col" class="number">For</th><th scope="col">Why</th></tr></thead>
      <tbody>
        {parts.map(([name, one]) => (
          <tr key={name} data-component={name}>
            <th scope="row">{name}</th><td><Mark of={one.state} /></td>
            <td class="number">{one.age_seconds === null ? none : spanText(one.age_seconds)}</td><td>{one.reason ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Facts({ store }: { store: Store }) {
  const { status } = store;
  const policy = status?.plugins.plugins.find((one) => one.for === "policy");
  return (
    <dl class="rows">
      <dt>Settlement</dt><dd data-figure="settlement">{status?.settlement ?? none}</dd>
      <dt>Paid</dt><dd>{status?.paid ?? none}</dd>
      {status?.rates && status.rates.length > 1
        ? status.rates.map((rate) => <><dt>{rate.network ?? rate.chain_id}</dt><dd>{rate.usd ?? none} USD per {rate.asset}</dd></>)
        : <><dt>Price</dt><dd data-figure="price">{status?.usd_per_eth ? `${status.usd_per_eth} USD per ETH` : none}</dd></>}
      <dt>Generation</dt><dd data-figure="generation">{status?.generation ?? none}</dd>
      <dt>Policy</dt><dd data-figure="policy">{policy ? `${policy.id} ${policy.version}` : none}</dd>
      <dt>Plugins unwell</dt><dd>{status?.plugins_unwell.length ? status.plugins_unwell.join("; ") : "none"}</dd>
      <dt>Decisions since the start</dt><dd>{status?.decisions ?? none}</dd>
      <dt>Jobs, in flight</dt><dd>{status ? `${status.jobs}, ${status.jobs_in_flight}` : none}</dd>
    </dl>
  );
}

function Plugins({ store }: { store: Store }) {
  const plugins = store.status?.plugins.plugins ?? [];
  if (plugins.length === 0) return null;
  return (
    <Section title="Plugins">
      <div class="wide" tabIndex={0} role="region" aria-label="plugins in force">
        <table>
          <thead><tr><th scope="col">For</th><th scope="col">Plugin</th><th scope="col">Version</th><th scope="col" class="number">Generation</th><th scope="col">Since</th><th scope="col">SHA-256</th><th scope="col">File</th></tr></thead>
          <tbody>
            {plugins.map((one) => (
              <tr key={one.for} data-plugin={one.for}>
                <th scope="row">{one.for}</th><td>{one.id}{one.put_aside ? ", put aside" : ""}</td><td>{one.version}</td>
                <td class="number">{one.generation}</td><td><Time at={one.since} /></td>
                <td class="hash" title={one.sha256}>{shortHash(one.sha256)}</td><td class="hash">{one.file}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Alerts({ store }: { store: Store }) {
  if (store.alerts.length === 0) return <p class="note">None is raised.</p>;
  return (
    <ul class="alerts">
      {store.alerts.map((alert) => (
        <li key={alert.id} class={alert.severity}>
          <Mark of={alert.severity} /> <strong>{alert.id}</strong> <span class="note">since <Time at={alert.since} /></span>
          <p>{alert.text}</p>
        </li>
      ))}
    </ul>
  );
}

function Unpaid({ store }: { store: Store }) {
  const gaps = store.status?.unpaid ?? [];
  if (gaps.length === 0) return null;
  return (
    <Section title="Unpaid through our own fault">
      <div class="wide" tabIndex={0} role="region" aria-label="gaps">
        <table>
          <thead><tr><th scope="col">Orchestrator</th><th scope="col">From</th><th scope="col">To</th><th scope="col" class="number">At stake</th><th scope="col">Cause</th></tr></thead>
          <tbody>
            {gaps.map((gap) => (
              <tr key={gap.orchestrator + gap.from}>
                <th scope="row"><a href={linkTo("orchestrators", gap.orchestrator)}>{gap.orchestrator}</a></th>
                <td><Time at={gap.from} /></td><td>{gap.to === null ? "goes on" : <Time at={gap.to} />}</td>
                <td class="number">{gap.at_stake_usd === null ? none : `${gap.at_stake_usd} USD`}</td><td>{gap.cause}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Decision({ one }: { one: Payment }) {
  return (
    <tr data-payment={paymentKey(one)}>
      <td><time dateTime={paymentTime(one)}>{hourText(paymentTime(one))}</time></td>
      <th scope="row"><a href={linkTo("orchestrators", one.orchestrator)}>{one.orchestrator}</a></th>
      <td class="number">{percentText(one.uptime_percent)}</td>
      <td>{one.epoch === undefined ? "manual" : <Mark of={one.tier} />}</td>
      <td class="number">{one.amount_usd} USD</td>
      <td class="reason">{one.reason ?? one.call_type ?? ""}</td>
    </tr>
  );
}

export function Overview() {
  const store = useStore();
  return (
    <>
      <h1>Overview</h1>
      <Problem text={store.loading && store.recent.length === 0 ? null : store.health?.reason ?? null} />
      <Money store={store} />
      <div class="columns">
        <Section title="Parts"><Parts store={store} /></Section>
        <Section title="In force"><Facts store={store} /></Section>
        <Section title="Today, against limits"><Limits store={store} /></Section>
        <Section title="Alerts"><Alerts store={store} /></Section>
      </div>
      <Unpaid store={store} />
      <Plugins store={store} />
      <Section title="Last decisions">
        <div class="wide" tabIndex={0} role="region" aria-label="rows of decisions">
          <table class="decisions">
            <thead><tr><th scope="col">Time</th><th scope="col">Orchestrator</th><th scope="col" class="number">Uptime</th><th scope="col">Tier</th><th scope="col" class="number">Amount</th><th scope="col">Reason</th></tr></thead>
            <tbody>{store.recent.slice(0, recent_shown).map((one) => <Decision key={paymentKey(one)} one={one} />)}</tbody>
          </table>
        </div>
      </Section>
    </>
  );
}
