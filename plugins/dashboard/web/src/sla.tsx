// Credits that a report on targets proposes: ordered as adjustments, each once, after a look at what is recorded.
import { useState } from "preact/hooks";
import { ask, may } from "./api";
import { Order } from "./orders";
import { timeText } from "./text";

// One row of the report, of a month that is over.
export interface Proposal { sla: string; orchestrator: string; uptime: string; usd: string; credit_usd: string }

const months_shown = 12;

// The present month of UTC first.
export function monthsUntil(now: Date): string[] {
  return Array.from({ length: months_shown }, (_, back) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7));
}

export const isProposed = (credit: string) => /^\d+(\.\d+)?$/.test(credit) && /[1-9]/.test(credit);

// An adjustment settles the unpaid time of its stretch, so that the last millisecond of the month stands for it.
function bodyOf(one: Proposal, to: string, reason: string): object {
  const from = new Date(Date.parse(to) - 1).toISOString();
  return { orchestrator_id: one.orchestrator, from, to, amount_usd: `-${one.credit_usd}`, reason };
}

interface Recorded { key: string; amount_usd: string; amount_wei: string }

interface Props { of: Proposal; month: string; to: string; close: () => void; done: () => void }

function CreditDialog({ of: one, month, to, close, done }: Props) {
  const reasonOf = (form: FormData) => String(form.get("reason") ?? "").trim();
  const send = (form: FormData, more: object, key?: string) =>
    ask<Recorded>("/livepeer/adjustments", { method: "POST", body: { ...bodyOf(one, to, reasonOf(form)), ...more }, ...(key === undefined ? {} : { key }) });
  return (
    <Order title={`Credit of ${one.sla} by ${one.orchestrator}`} verb="Order the credit" close={close} done={done}
      fields={<>
        <p class="note">{one.credit_usd} USD are taken off what it is owed: the share of its {one.usd} USD of {month} that the target {one.sla} names.</p>
        <label class="field">Reason, which the ledger records
          <textarea name="reason" required maxLength={1000} rows={2} defaultValue={`${one.sla} missed in ${month}: ${one.uptime} %`} /></label>
      </>}
      preview={async (form) => {
        const answer = await send(form, { dry_run: true });
        return [
          `would record ${answer.amount_usd} USD for ${one.orchestrator}, ${answer.amount_wei} of the smallest unit`,
          `in the last millisecond of ${month}, until ${timeText(to)} UTC: one adjustment for this time at most`,
          `recorded reason: ${reasonOf(form)}`,
          "an entry of the ledger, which is never taken back",
        ];
      }}
      send={async (form, key) => {
        const answer = await send(form, {}, key);
        return [`recorded: ${answer.amount_usd} USD, ${answer.amount_wei} of the smallest unit`, `key ${answer.key}`];
      }} />
  );
}

// The button of a row; nothing where no credit is proposed, or this account may not order it.
export function Credit({ of: one, month, to }: { of: Proposal; month: string; to: string }) {
  const [open, setOpen] = useState(false);
  const [ordered, setOrdered] = useState(false);
  if (!may("payments:adjust") || !isProposed(one.credit_usd)) return null;
  return (
    <>
      {ordered ? <span data-credit={one.orchestrator}>ordered</span>
        : <button type="button" data-credit={one.orchestrator} aria-label={`credit of ${one.sla} by ${one.orchestrator}`} onClick={() => setOpen(true)}>Credit …</button>}
      {open && <CreditDialog of={one} month={month} to={to} close={() => setOpen(false)} done={() => setOrdered(true)} />}
    </>
  );
}
