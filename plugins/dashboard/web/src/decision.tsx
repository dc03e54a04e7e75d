// The worked sum behind one decision: from what was observed to the smallest unit that is owed.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, currentSession, messageOf, part } from "./api";
import { download } from "./download";
import { explain } from "./explain";
import { Mark, Problem, Time } from "./parts";
import { fileName, none, ppmText, shortHash, timeText } from "./text";
import type { Explanation } from "./types";

function Line({ name, children }: { name: string; children: ComponentChildren }) {
  return <><dt>{name}</dt><dd>{children}</dd></>;
}

function Recomputed({ of: one }: { of: Explanation["recomputed"] }) {
  if (one.error !== null) return <>not computed again: {one.error}</>;
  if (one.same === null) return <>not computed again: the code that decided is not in force any more</>;
  if (one.same) return <>the same as recorded; state before: {one.state_before}{one.row_is_of_the_chain ? "" : "; but its row is not of the chain"}</>;
  return (
    <>
      <strong>not what is recorded</strong>
      <ul>{one.differences.map((each) => <li key={each.field}>{each.field}: recorded {each.recorded}, computed again {each.recomputed}</li>)}</ul>
    </>
  );
}

function owedLine(of: Explanation): string {
  const { conversion } = of;
  return conversion.amount ?? `${conversion.amount_wei} of the smallest unit`;
}

function Sum({ of: one }: { of: Explanation }) {
  const { evidence, tier, penalty, generation, rate, conversion } = one;
  return (
    <dl class="rows sum">
      <Line name="Period"><Time at={one.period.from} /> to <Time at={one.period.to} />, {one.period.seconds} s; due at <Time at={one.period.due_at} /></Line>
      <Line name="Observed">
        {one.observed.length === 0 ? "nothing by this host itself"
          : one.observed.map((each) => <div key={each.target}>{each.target}: up {each.up_seconds} s, down {each.down_seconds} s, unknown {each.unknown_seconds} s</div>)}
      </Line>
      <Line name="Check">
        {one.job === "ok" ? `answered by ${evidence.served_by ?? none} in ${evidence.latency_seconds ?? none} s, about the last ${evidence.window_seconds ?? none} s` : one.reason}
        {evidence.body_keccak256 !== undefined && <> · keccak256 <span class="hash" title={evidence.body_keccak256}>{shortHash(evidence.body_keccak256)}</span></>}
      </Line>
      {one.services.length + one.services_left_out > 0 && (
        <Line name="Services">
          {one.services.map((each, at) => <div key={at} data-service={each.service}>
            {each.service} {ppmText(each.uptime_ppm)}{each.not_up_seconds !== null && `, not up for ${each.not_up_seconds} s of the last ${evidence.window_seconds} s`}
          </div>)}
          {one.services_left_out > 0 && <div>{one.services_left_out} more below 100 %</div>}
        </Line>
      )}
      <Line name="Uptime">{ppmText(one.uptime_ppm)}; watched by this host: {ppmText(one.coverage_ppm)}</Line>
      <Line name="Tier">
        <Mark of={tier.tier} /> from {ppmText(tier.from_ppm)} to {ppmText(tier.to_ppm)}, × {tier.multiplier ?? none}, delay {tier.delay_seconds} s
      </Line>
      <Line name="Penalty">{penalty.seconds} s: {penalty.failures} failed in a row ({penalty.failures_before} before), {penalty.intervals} × the interval{penalty.suspended ? "; suspended" : ""}</Line>
      {one.demand && (
        <Line name="Demand">
          × {one.demand.factor} was handed to the policy, by the cycle until <Time at={one.demand.at} />: {one.demand.jobs_asked} jobs asked for,{" "}
          {one.demand.jobs_failed} failed, {one.demand.jobs_waiting} waiting, over {one.demand.supply} orchestrators × {one.demand.target}
        </Line>
      )}
      <Line name="Pay">
        {one.action === "pay" ? <span data-figure="sum">{generation.base_usd} USD × {one.multiplier} = {one.amount_usd} USD</span> : "nothing"}
      </Line>
      <Line name="A minute">{one.usd_per_minute} USD, over the {one.seconds_until_next} s until the next check at <Time at={one.next_at} /></Line>
      <Line name="Rate">{rate ? `${rate.usd_per_unit} USD for one ${conversion.asset}, by ${rate.source}, ${rate.age_seconds} s old` : "none was needed"}</Line>
      <Line name="Amount">
        {rate ? `${one.amount_usd} × 10^${conversion.decimals} / ${rate.usd_per_unit} = ` : ""}{conversion.amount_wei}
        {conversion.cut_off !== null && `, rounded down by ${conversion.cut_off}`}
      </Line>
      <Line name="Owed"><strong data-figure="owed-by-decision">{owedLine(one)}</strong></Line>
      <Line name="Code">
        {generation.policy} {generation.version}, generation {generation.generation} since <Time at={generation.since} />; SHA-256{" "}
        <span class="hash" title={generation.so_sha256}>{shortHash(generation.so_sha256)}</span>
      </Line>
      {one.corrections.length > 0 && <Line name="Corrected">{one.corrections.map((each, at) => <div key={at}>{JSON.stringify(each)}</div>)}</Line>}
      {one.payout && <Line name="Payout">{one.payout.payout}, <Mark of={one.payout.state} /> to <span class="hash">{one.payout.to}</span> {one.payout.transaction && <>by <span class="hash">{one.payout.transaction}</span></>}</Line>}
      <Line name="Recomputed"><Recomputed of={one.recomputed} /></Line>
    </dl>
  );
}

function Object({ path, changed }: { path: string; changed: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get("text") ?? "");
    try {
      await ask(`${path}/objection`, { method: "POST", body: { text } });
      changed();
    } catch (why) {
      setProblem(messageOf(why));
    }
  };
  return (
    <details>
      <summary>Object to this decision</summary>
      <form class="order" onSubmit={(event) => void submit(event)}>
        <label class="field">Why it is wrong<textarea name="text" required maxLength={2000} rows={3} /></label>
        <p class="note">A decision has one objection; it is recorded in the ledger, and the payer answers it.</p>
        <button type="submit">Object</button>
        <Problem text={problem} />
      </form>
    </details>
  );
}

export function Decision({ id, epoch, close, changed }: { id: string; epoch: number; close: () => void; changed: () => void }) {
  const [one, setOne] = useState<Explanation | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const path = `/livepeer/orchestrators/${part(id)}/payments/${epoch}`;
  useEffect(() => {
    let wanted = true;
    setOne(null);
    setProblem(null);
    explain(id, epoch).then((answer) => wanted && setOne(answer), (why) => wanted && setProblem(messageOf(why)));
    return () => { wanted = false; };
  }, [path]);
  const proof = () => void download(`${path}/proof`, `proof-${fileName(id)}-${epoch}.json`).catch((why) => setProblem(messageOf(why)));
  return (
    <section class="panel" aria-labelledby="decision-title" data-epoch={epoch}>
      <div class="head">
        <h3 id="decision-title" tabIndex={-1}>Decision of epoch {epoch}{one && <span class="note"> row {one.decision}, {timeText(one.period.to)}</span>}</h3>
        <button type="button" onClick={proof}>Download its proof</button>
        <button type="button" onClick={close}>Close</button>
      </div>
      <Problem text={problem} />
      {one ? <Sum of={one} /> : problem === null && <p class="note" role="status">Computing it again …</p>}
      {one && currentSession()?.orchestrator !== null && <Object path={path} changed={changed} />}
    </section>
  );
}
