// Orders about one orchestrator. Each shows what it will do before it is sent, and is confirmed.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, may, newKey, part } from "./api";
import { useAttempt } from "./attempt";
import { Problem } from "./parts";
import { none, timeText } from "./text";
import type { Gap, Orchestrator } from "./types";

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const frame = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    frame.current?.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog ref={frame} aria-labelledby="dialog-title" onClose={close} onCancel={close}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

interface Outcome { words: string[] }

// Fields, then the preview, then the confirmation, then what became of it.
interface Steps {
  title: string;
  verb: string;
  fields: ComponentChildren | null;
  preview: (form: FormData) => Promise<string[]>;
  send: (form: FormData, key: string) => Promise<string[]>;
  close: () => void;
  done: () => void;
}

export function Order({ title, verb, fields, preview, send, close, done }: Steps) {
  const [draft, setDraft] = useState<{ form: FormData; words: string[]; key: string } | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const { busy, problem, attempt } = useAttempt();
  const look = (form: FormData) => attempt(async () => setDraft({ form, words: await preview(form), key: newKey() }));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void look(new FormData(event.currentTarget as HTMLFormElement));
  };
  useEffect(() => {
    if (fields === null) void look(new FormData());
  }, []);
  const confirm = () => attempt(async () => {
    if (!draft) return;
    setOutcome({ words: await send(draft.form, draft.key) });
    done();
  });
  return (
    <Dialog title={title} close={close}>
      {fields !== null && <form class={draft ? "hidden" : "order"} onSubmit={submit}>
        {fields}
        <div class="buttons"><button type="submit" class="main" disabled={busy}>Preview</button><button type="button" onClick={close}>Cancel</button></div>
      </form>}
      {draft && !outcome && (
        <div class="order" role="group" aria-label="preview">
          <ul data-figure="preview">{draft.words.map((one) => <li key={one}>{one}</li>)}</ul>
          <div class="buttons">
            <button type="button" class="main" disabled={busy} onClick={() => void confirm()}>{verb}</button>
            {fields !== null && <button type="button" onClick={() => setDraft(null)}>Back</button>}
            <button type="button" onClick={close}>Cancel</button>
          </div>
        </div>
      )}
      {outcome && (
        <div class="order" role="status">
          <ul data-figure="outcome">{outcome.words.map((one) => <li key={one}>{one}</li>)}</ul>
          <div class="buttons"><button type="button" class="main" onClick={close}>Close</button></div>
        </div>
      )}
      <Problem text={problem} />
      {fields === null && !draft && problem !== null && <button type="button" onClick={close}>Close</button>}
    </Dialog>
  );
}

const time_pattern = "\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?Z";

function TimeFields({ gap }: { gap: Gap | undefined }) {
  return (
    <>
      <label class="field">From (UTC)<input name="from" required pattern={time_pattern} placeholder="2026-11-22T06:00:00Z" defaultValue={gap?.from ?? ""} autocomplete="off" /></label>
      <label class="field">To (UTC)<input name="to" required pattern={time_pattern} placeholder="2026-11-22T06:10:00Z" defaultValue={gap?.to ?? ""} autocomplete="off" /></label>
      <label class="field">Reason, which the ledger records<textarea name="reason" required maxLength={1000} rows={2} /></label>
    </>
  );
}

const text = (form: FormData, name: string) => String(form.get(name) ?? "").trim();
const span = (form: FormData) => ({ from: text(form, "from"), to: text(form, "to"), reason: text(form, "reason") });

// Times of the API are of one form, so that their order is that of their values.
const overlaps = (gap: Gap, from: string, to: string) =>
  Date.parse(gap.from) < Date.parse(to) && (gap.to === null || Date.parse(gap.to) > Date.parse(from));

export type OrderName = "adjust" | "pardon" | "pay" | "approve" | "disconnect" | "remove";

interface Props { of: Orchestrator; gaps: Gap[]; name: OrderName; close: () => void; done: () => void }

// What the manager would record, as it works it out itself.
async function worth(body: object): Promise<string[]> {
  const answer = await ask<{ amount_usd: string; amount_wei: string }>("/livepeer/adjustments", { method: "POST", body: { ...body, dry_run: true } });
  return [`would record ${answer.amount_usd} USD, ${answer.amount_wei} of the smallest unit`];
}

function Adjust({ of: one, gaps, close, done }: Props) {
  const bodyOf = (form: FormData) => {
    const amount = text(form, "amount");
    return { orchestrator_id: one.orchestrator_id, ...span(form), ...(amount === "" ? {} : { amount_usd: amount }) };
  };
  return (
    <Order title={`Adjust ${one.orchestrator_id}`} verb="Adjust" close={close} done={done}
      fields={<>
        <TimeFields gap={gaps.find((gap) => gap.to !== null)} />
        <label class="field">Amount in USD (empty: the base of each whole interval that stayed unpaid; 0 excuses)
          <input name="amount" inputMode="decimal" pattern="\d{1,12}(\.\d{1,18})?" autocomplete="off" /></label>
      </>}
      preview={async (form) => {
        const body = bodyOf(form);
        const inside = gaps.filter((gap) => overlaps(gap, body.from, body.to));
        return [
          `${timeText(body.from)} to ${timeText(body.to)} UTC of ${one.orchestrator_id}`,
          body.amount_usd === undefined ? "pays the base of each whole interval that stayed unpaid"
            : /^0+(\.0+)?$/.test(body.amount_usd) ? "excuses this time, and pays nothing" : `pays ${body.amount_usd} USD`,
          ...(await worth(body)),
          inside.length === 0 ? "no unpaid gap is known in this time"
            : `unpaid in it: ${inside.map((gap) => `${timeText(gap.from)} to ${gap.to === null ? "now" : timeText(gap.to)}, ${gap.at_stake_usd ?? none} USD, ${gap.cause}`).join("; ")}`,
          `recorded reason: ${body.reason}`,
          "an entry of the ledger, which is never taken back",
        ];
      }}
      send={async (form, key) => {
        const answer = await ask<{ key: string; amount_usd: string; amount_wei: string }>("/livepeer/adjustments", { method: "POST", body: bodyOf(form), key });
        return [`recorded: ${answer.amount_usd} USD, ${answer.amount_wei} of the smallest unit`, `key ${answer.key}`];
      }} />
  );
}

function Pardon({ of: one, gaps, close, done }: Props) {
  const bodyOf = (form: FormData, dry_run: boolean) => ({ orchestrator_id: one.orchestrator_id, ...span(form), dry_run });
  const words = (answer: { pardoned: unknown[]; refused: unknown[] }, verb: string) => [
    answer.pardoned.length === 0 ? "no check of this time can be pardoned" : `${verb} ${answer.pardoned.length}: ${answer.pardoned.map((each) => JSON.stringify(each)).join("; ")}`,
    ...answer.refused.map((each) => `refused: ${JSON.stringify(each)}`),
  ];
  const call = (form: FormData, dry_run: boolean, key?: string) =>
    ask<{ pardoned: unknown[]; refused: unknown[] }>("/livepeer/pardons", { method: "POST", body: bodyOf(form, dry_run), ...(key === undefined ? {} : { key }) });
  return (
    <Order title={`Pardon ${one.orchestrator_id}`} verb="Pardon" close={close} done={done} fields={<TimeFields gap={gaps.find((gap) => gap.to !== null)} />}
      preview={async (form) => words(await call(form, true), "would pardon")}
      send={async (form, key) => words(await call(form, false, key), "pardoned")} />
  );
}

interface Paid { payment_id: string; amount_usd: string; amount_wei: string; usd_per_eth: string; rate_source: string }

function Pay({ of: one, close, done }: Props) {
  const bodyOf = (form: FormData) => ({
    call_type: text(form, "call_type"), amount: text(form, "amount"), recipient: one.orchestrator_id,
    ...(text(form, "reference") === "" ? {} : { reference: text(form, "reference") }),
  });
  return (
    <Order title={`Pay ${one.orchestrator_id}`} verb="Pay" close={close} done={done}
      fields={<>
        <p class="note">A payment beside the decisions, such as a bonus. It is owed like what decisions pay, and counts in the day's limits.</p>
        <label class="field">Amount in USD<input name="amount" required inputMode="decimal" pattern="\d{1,12}(\.\d{1,18})?" autocomplete="off" /></label>
        <label class="field">What it is for<input name="call_type" required maxLength={100} placeholder="bonus" autocomplete="off" /></label>
        <label class="field">Reference (the same one again pays nothing)<input name="reference" maxLength={200} autocomplete="off" /></label>
      </>}
      preview={(form) => {
        const body = bodyOf(form);
        return Promise.resolve([
          `pays ${body.amount} USD to ${one.orchestrator_id}, at the rate in force when it is confirmed`,
          `goes to ${one.payout_address ?? "no address yet: it stays owed"}${one.payout_address !== null && !one.payout_proven ? ", which its wallet has not proven" : ""}`,
          `for: ${body.call_type}${body.reference === undefined ? "" : `, reference ${body.reference}`}`,
          "an entry of the ledger, which is never taken back",
        ]);
      }}
      send={async (form, key) => {
        const answer = await ask<Paid>("/livepeer/payments/process", { method: "POST", body: bodyOf(form), key });
        return [`recorded: ${answer.amount_usd} USD, ${answer.amount_wei} of the smallest unit, at ${answer.usd_per_eth} USD of ${answer.rate_source}`, `payment ${answer.payment_id}`];
      }} />
  );
}

const what: Record<"approve" | "disconnect" | "remove", string> = {
  approve: "It is checked and paid from now on.",
  disconnect: "It is neither checked nor paid until it is approved again. What it is owed stays.",
  remove: "Its endpoint, address and key are free, and its secret is void, for good. What it is owed stays.",
};

function Change({ of: one, name, close, done }: Props & { name: "approve" | "disconnect" | "remove" }) {
  const path = `/livepeer/orchestrators/${part(one.orchestrator_id)}`;
  const verb = name.charAt(0).toUpperCase() + name.slice(1);
  return (
    <Order title={`${verb} ${one.orchestrator_id}`} verb={verb} close={close} done={done} fields={null}
      preview={async () => {
        const now = await ask<Orchestrator>(`${path}/status`);
        return [
          `endpoint ${now.endpoint}`,
          `pays to ${now.payout_address ?? "no address"}, ${now.payout_proven ? "proven by its wallet" : "not proven"}`,
          `registration: ${now.registration ?? "none, it is of the configuration alone"}`,
          what[name],
        ];
      }}
      send={async () => {
        const answer = await ask<{ state: string }>(name === "remove" ? path : `${path}/${name}`,
          name === "remove" ? { method: "DELETE" } : { method: "POST", body: {} });
        return [`its registration is ${answer.state}`];
      }} />
  );
}

// The orders that this session may give about an orchestrator, and that mean something for it.
export function ordersFor(one: Orchestrator): OrderName[] {
  const out: OrderName[] = [];
  if (may("payments:adjust")) out.push("adjust", "pardon");
  if (may("payments:process")) out.push("pay");
  if (one.registration === null || one.registration === "removed") return out;
  if (may("orchestrators:approve") && one.registration !== "approved") out.push("approve");
  if (may("orchestrators:disconnect") && one.registration === "approved") out.push("disconnect");
  if (may("orchestrators:approve")) out.push("remove");
  return out;
}

export function OrderDialog(props: Props) {
  if (props.name === "adjust") return <Adjust {...props} />;
  if (props.name === "pardon") return <Pardon {...props} />;
  if (props.name === "pay") return <Pay {...props} />;
  return <Change {...props} name={props.name} />;
}
