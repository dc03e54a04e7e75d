// The payouts of one orchestrator, down to the transaction.
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { inUnits } from "./amount";
import { ask, messageOf, part } from "./api";
import { download } from "./download";
import { Mark, Problem, Time } from "./parts";
import { fileName, none, shortHash } from "./text";
import type { Payout, PayoutHistory } from "./types";

function History({ of: one }: { of: PayoutHistory }) {
  return (
    <dl class="rows">
      <dt>Transaction</dt><dd class="hash" data-figure="transaction">{one.transaction ?? none}</dd>
      <dt>Chain</dt><dd>{one.chain_id}{one.token && <>, token <span class="hash">{one.token}</span></>}</dd>
      <dt>Nonce</dt><dd class="hash">{one.nonce === null ? none : JSON.stringify(one.nonce)}</dd>
      <dt>Steps</dt>
      <dd>
        <ol class="steps">
          {one.steps.map((step) => (
            <li key={step.at + step.state}>
              <Time at={step.at} /> <Mark of={step.state} />{step.block !== null && ` block ${step.block}`}
              {step.reason !== null && `: ${step.reason}`}{step.by !== null && ` (${step.by})`}
            </li>
          ))}
        </ol>
      </dd>
    </dl>
  );
}

// A month of its account, as the manager signs it.
export function Statement({ id, now }: { id: string; now: number }) {
  const [problem, setProblem] = useState<string | null>(null);
  const month = new Date(now * 1000).toISOString().slice(0, 7);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const wanted = String(form.get("month"));
    const format = String(form.get("format"));
    setProblem(null);
    void download(`/livepeer/orchestrators/${part(id)}/statements/${part(wanted)}?format=${format}`, `statement-${fileName(id)}-${wanted}.${format}`)
      .catch((why) => setProblem(messageOf(why)));
  };
  return (
    <form class="tools" onSubmit={submit} aria-label="statement">
      <label>Statement of <input name="month" required pattern="\d{4}-(0[1-9]|1[0-2])" defaultValue={month} maxLength={7} size={8} autocomplete="off" /></label>
      <label>as <select name="format"><option>html</option><option>csv</option><option>json</option></select></label>
      <button type="submit">Download it</button>
      <Problem text={problem} />
    </form>
  );
}

export function Payouts({ id, payouts }: { id: string; payouts: Payout[] }) {
  const [shown, setShown] = useState<PayoutHistory | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  if (payouts.length === 0) return <p class="note">None yet.</p>;
  const path = (number: number) => `/livepeer/orchestrators/${part(id)}/payouts/${number}`;
  const open = (number: number) => {
    if (shown?.payout === number) return setShown(null);
    setProblem(null);
    ask<PayoutHistory>(path(number)).then(setShown, (why) => setProblem(messageOf(why)));
  };
  const receipt = (number: number) =>
    void download(`${path(number)}/receipt`, `receipt-${fileName(id)}-${number}.json`).catch((why) => setProblem(messageOf(why)));
  return (
    <div class="wide" tabIndex={0} role="region" aria-label="list of payouts">
      <Problem text={problem} />
      <table>
        <thead><tr><th scope="col">Payout</th><th scope="col">State</th><th scope="col" class="number">Amount</th><th scope="col">To</th><th scope="col">Reserved</th><th scope="col">Since</th><th scope="col">Why</th><th scope="col">Receipt</th></tr></thead>
        <tbody>
          {payouts.map((one) => (
            <Fragment key={one.payout}>
              <tr data-payout={one.payout}>
                <th scope="row"><button type="button" aria-expanded={shown?.payout === one.payout} onClick={() => open(one.payout)}>{one.payout}</button></th>
                <td><Mark of={one.state} /></td>
                <td class="number">{inUnits(one.amount_wei, one.decimals)} {one.asset}</td>
                <td class="hash" title={one.to}>{shortHash(one.to)}</td>
                <td><Time at={one.reserved_at} /></td><td><Time at={one.since} /></td>
                <td>{one.reason ?? ""}{one.by !== null && ` (${one.by})`}</td>
                <td>{one.state === "paid" ? <button type="button" onClick={() => receipt(one.payout)}>Download</button> : none}</td>
              </tr>
              {shown?.payout === one.payout && <tr><td colSpan={8}><History of={shown} /></td></tr>}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
