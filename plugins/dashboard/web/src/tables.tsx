// The policy's tables: shown as a picture, edited, tried, replayed over what was recorded, taken, and taken back.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, may, messageOf } from "./api";
import { useAttempt } from "./attempt";
import { Problem, Section } from "./parts";
import { linkTo } from "./route";
import "./tables.css";
import { Picture } from "./tables_picture";
import { problemOf, rangeOf, split, tableOf, withTier, written, type Table, type Tier, type Written } from "./tables_model";
import { Checked, Replayed, type Check, type Finding, type Replay } from "./tables_result";

interface Policy {
  path: string;
  base_usd: string;
  config: Record<string, unknown>;
  orchestrators: number;
  ids: string[];
}

interface Tables {
  file: string;
  version: string;
  version_in_force: string;
  waits: boolean;
  tables: { name: string; origin: "file" | "configuration" | "plugin"; rows: unknown }[];
  policies: Policy[];
  findings: Finding[];
  former: { version: string; text: string } | null;
}

const path = "/policy/tables";
const quiet_ms = 500; // after a change, until the draft is tried
const day_ms = 86_400_000;
const origins = { file: "from the file", configuration: "from the configuration", plugin: "as the plugin ships it" };

const tableNameOf = (policy: Policy | undefined) => (typeof policy?.config.table === "string" ? policy.config.table : "default");

// What is edited: the tables that the file is to hold.
type Draft = Map<string, Tier[]>;

function draftOf(now: Tables): Draft {
  const out: Draft = new Map();
  for (const { name, origin, rows } of now.tables) {
    const table = origin === "file" ? tableOf(name, rows) : null;
    if (table) out.set(name, table.tiers);
  }
  return out;
}

const asTables = (draft: Draft): Table[] => [...draft].map(([name, tiers]) => ({ name, tiers }));

interface RowProps {
  tiers: Tier[];
  at: number;
  change: ((tiers: Tier[]) => void) | null;
  wrong: string[];
}

function Row({ tiers, at, change, wrong }: RowProps) {
  const tier = tiers[at] as Tier;
  const last = rangeOf(tiers, at) === null && at === tiers.length - 1;
  const set = (changes: Partial<Tier>) => change?.(withTier(tiers, at, changes));
  const valueOf = (event: Event) => (event.currentTarget as HTMLInputElement).value;
  const fixed = change === null;
  const name = tier.name || `tier ${at + 1}`;
  return (
    <>
      <tr data-tier={tier.name} class={wrong.length > 0 ? "wrong" : undefined}>
        <th scope="row">{fixed ? tier.name : <input aria-label={`name of tier ${at + 1}`} name="tier" size={12} maxLength={31} value={tier.name} onInput={(event) => set({ name: valueOf(event) })} />}</th>
        <td class="pair">
          {fixed || last ? (tier.above ? "above" : "at least")
            : <select aria-label={`kind of edge of ${name}`} name="kind" value={tier.above ? "above" : "at_least"} onChange={(event) => set({ above: (event.currentTarget as HTMLSelectElement).value === "above" })}><option value="above">above</option><option value="at_least">at least</option></select>}{" "}
          {fixed || last ? tier.edge
            : <input aria-label={`edge of ${name} in percent`} name="edge" size={8} inputMode="decimal" value={tier.edge} onInput={(event) => set({ edge: valueOf(event) })} />} %
        </td>
        <td>{fixed ? `× ${tier.multiplier}` : <>× <input aria-label={`multiplier of ${name}`} name="multiplier" size={8} inputMode="decimal" value={tier.multiplier} onInput={(event) => set({ multiplier: valueOf(event) })} /></>}</td>
        <td>{fixed ? tier.delay || "0s" : <input aria-label={`delay of ${name}`} name="delay" size={7} placeholder="0s" value={tier.delay} onInput={(event) => set({ delay: valueOf(event) })} />}</td>
        <td>{fixed ? (tier.failure ? "yes" : "no") : <input type="checkbox" aria-label={`${name} counts as a failure`} name="failure" checked={tier.failure} onChange={(event) => set({ failure: (event.currentTarget as HTMLInputElement).checked })} />}</td>
        {!fixed && (
          <td><div class="buttons">
            <button type="button" aria-label={`split ${name}`} onClick={() => change(split(tiers, at))}>Split</button>
            {!last && <button type="button" aria-label={`remove ${name}`} onClick={() => change(tiers.filter((_, place) => place !== at))}>Remove</button>}
          </div></td>
        )}
      </tr>
      {wrong.map((text) => <tr key={text} class="finding"><td colSpan={fixed ? 5 : 6}>{text}</td></tr>)}
    </>
  );
}

interface EditorProps {
  table: Table;
  change: ((tiers: Tier[]) => void) | null;
  findings: Map<number, string[]>; // by the place of the tier
}

function Editor({ table, change, findings }: EditorProps) {
  return (
    <>
      <Picture tiers={table.tiers} change={change} label={`table ${table.name}`} />
      <div class="wide" tabIndex={0} role="region" aria-label="tiers">
        <table class="tiers">
          <thead><tr><th scope="col">Tier</th><th scope="col">Uptime</th><th scope="col">Multiplier</th><th scope="col">Delay</th><th scope="col">Failure</th>{change && <th scope="col">Change</th>}</tr></thead>
          <tbody>{table.tiers.map((_, at) => <Row key={at} tiers={table.tiers} at={at} change={change} wrong={findings.get(at) ?? []} />)}</tbody>
        </table>
      </div>
    </>
  );
}

// What the draft has wrong: of the tiers of one table, and the rest.
function sortFindings(file: string, name: string, tiers: Tier[], text: Written, findings: Finding[]): { own: Map<number, string[]>; rest: string[] } {
  const own = new Map<number, string[]>();
  const add = (at: number, words: string) => own.set(at, [...(own.get(at) ?? []), words]);
  tiers.forEach((tier, at) => {
    const words = problemOf(tier);
    if (words !== null) add(at, words);
  });
  const rest: string[] = [];
  for (const one of findings) {
    const place = one.line === null ? undefined : text.lines.get(one.line);
    if (place && place.table === name && one.file.endsWith(`/${file}`)) add(place.tier, one.message);
    else rest.push(`${one.path}: ${one.message}`);
  }
  return { own, rest };
}

interface SaveProps {
  text: string;
  version: string;
  check: Check | null;
  replayed: boolean; // or the manager said why it cannot be
  done: (words: string[]) => void;
}

function Save({ text, version, check, replayed, done }: SaveProps) {
  const [reason, setReason] = useState("");
  const [accept, setAccept] = useState(false);
  const { busy, problem, attempt } = useAttempt();
  const save = (event: Event) => {
    event.preventDefault();
    void attempt(async () => {
      const answer = await ask<{ text: string[] }>(path, { method: "PUT", match: version, body: { text, reason, accept_spend: accept } });
      done(answer.text);
    });
  };
  const spend = check !== null && !check.valid && check.text.some((line) => line.includes("more than doubles"));
  const ready = check !== null && (check.valid || (spend && accept)) && replayed;
  return (
    <form class="order" onSubmit={save}>
      <label class="field">Reason, which the ledger records<input name="reason" required maxLength={300} value={reason} onInput={(event) => setReason((event.currentTarget as HTMLInputElement).value)} autocomplete="off" /></label>
      {spend && <label class="accept"><input type="checkbox" name="accept" checked={accept} onChange={(event) => setAccept((event.currentTarget as HTMLInputElement).checked)} /> The largest possible spend may more than double</label>}
      <div class="buttons"><button type="submit" class="main" name="take" disabled={busy || !ready}>Take these tables</button></div>
      {!ready && <p class="note">{check === null ? "The draft is being tried." : !replayed ? "Replay the draft first." : "The draft is refused as it is."}</p>}
      <Problem text={problem} />
    </form>
  );
}

// Tries a draft once it has not changed for a while. null: it is not tried yet.
function useCheck(text: string | null): { check: Check | null; problem: string | null } {
  const [answer, setAnswer] = useState<{ text: string; check: Check | null; problem: string | null } | null>(null);
  useEffect(() => {
    if (text === null) return;
    let wanted = true;
    const timer = window.setTimeout(() => {
      ask<Check>(`${path}/check`, { method: "POST", body: { text } }).then(
        (check) => wanted && setAnswer({ text, check, problem: null }),
        (why) => wanted && setAnswer({ text, check: null, problem: messageOf(why) }));
    }, quiet_ms);
    return () => {
      wanted = false;
      window.clearTimeout(timer);
    };
  }, [text]);
  return answer !== null && answer.text === text ? answer : { check: null, problem: null };
}

function useReplay(text: string) {
  const [answer, setAnswer] = useState<{ text: string; days: number; replay: Replay | null }>({ text: "", days: 0, replay: null });
  const { busy, problem, attempt } = useAttempt();
  const run = (days: number) => void attempt(async () => {
    const to = new Date();
    const from = new Date(to.getTime() - days * day_ms);
    setAnswer({ text, days, replay: null });
    setAnswer({ text, days, replay: await ask<Replay>(`${path}/replay`, { method: "POST", body: { text, from: from.toISOString(), to: to.toISOString() } }) });
  });
  const fresh = answer.text === text;
  return { run, busy, problem: fresh ? problem : null, days: answer.days, replay: fresh ? answer.replay : null };
}

interface WorkProps {
  now: Tables;
  draft: Draft;
  changed: boolean;
  name: string;
  names: string[]; // of all tables
  setName: (name: string) => void;
  setDraft: (draft: Draft) => void;
  done: (words: string[]) => void;
}

// Makes a table of another name from the one that is shown; it is in the draft alone until that is taken.
function Copy({ taken, copy }: { taken: string[]; copy: (name: string) => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get("copy") ?? "").trim();
    if (taken.includes(name)) return setProblem(`there is a table ${name} already`);
    setProblem(null);
    form.reset();
    copy(name);
  };
  return (
    <form class="buttons" onSubmit={submit} aria-label="copy">
      <input name="copy" aria-label="name of the copy" placeholder="its name" required size={12} maxLength={31} pattern="[a-z0-9_\-]{1,31}" autocomplete="off" />
      <button type="submit" name="copy_table">Copy as new table</button>
      <Problem text={problem} />
    </form>
  );
}

// The draft's own part of the page, for those that may change it.
function Workbench({ now, draft, changed, name, names, setName, setDraft, done }: WorkProps) {
  const text = useMemo(() => written(asTables(draft)), [draft]);
  const good = [...draft.values()].every((tiers) => tiers.every((tier) => problemOf(tier) === null));
  const { check, problem } = useCheck(changed && good ? text.text : null);
  const replay = useReplay(text.text);
  const shown = useShown(now, draft, name);
  const sorted = sortFindings(now.file, name, shown?.tiers ?? [], text, check?.findings ?? []);
  const change = (tiers: Tier[]) => setDraft(new Map(draft).set(name, tiers));
  const drop = () => {
    const next = new Map(draft);
    next.delete(name);
    setDraft(next);
  };
  return (
    <>
      {shown && <Editor table={shown} change={change} findings={sorted.own} />}
      <div class="tools">
        {draft.has(name) && now.tables.some((one) => one.name === name && one.origin === "file") && <button type="button" name="drop" onClick={drop}>Remove {name} from the file</button>}
        {changed && <button type="button" name="discard" onClick={() => setDraft(draftOf(now))}>Discard the draft</button>}
        {shown && <Copy taken={names} copy={(to) => { setDraft(new Map(draft).set(to, shown.tiers)); setName(to); }} />}
      </div>
      <Problem text={problem} />
      {sorted.rest.length > 0 && <ul class="findings" data-figure="findings">{sorted.rest.map((one) => <li key={one}>{one}</li>)}</ul>}
      {changed && check && <Section title="What the draft pays"><Checked check={check} /></Section>}
      {changed && (
        <Section title="Over what was recorded">
          <div class="buttons">
            {[1, 7, 30].map((days) => <button key={days} type="button" disabled={replay.busy || !good} onClick={() => replay.run(days)}>{`Replay the last ${days === 1 ? "day" : `${days} days`}`}</button>)}
          </div>
          {replay.busy && <p class="note" role="status">Deciding it again …</p>}
          <Problem text={replay.problem} />
          {replay.replay && <Replayed replay={replay.replay} days={replay.days} />}
        </Section>
      )}
      {changed && <Section title="Take it"><Save text={text.text} version={now.version} check={check} replayed={replay.replay !== null || replay.problem !== null} done={done} /></Section>}
    </>
  );
}

function useShown(now: Tables, draft: Draft, name: string): Table | null {
  const tiers = draft.get(name);
  if (tiers) return { name, tiers };
  // One that is only in the file is gone with it.
  const other = now.tables.find((one) => one.name === name && one.origin !== "file");
  return other ? tableOf(name, other.rows) : null;
}

function Users({ policies, name }: { policies: Policy[]; name: string }) {
  const users = policies.filter((one) => tableNameOf(one) === name);
  const count = users.reduce((sum, one) => sum + one.orchestrators, 0);
  const ids = users.flatMap((one) => one.ids).slice(0, 12);
  const common = tableNameOf(policies[0]) === name;
  return (
    <p class="note" data-figure="users">
      {common ? "In force for all that have no other. " : ""}
      {count === 0 ? "No orchestrator of the configuration is paid by it." : `${count} ${count === 1 ? "orchestrator" : "orchestrators"} of the configuration: ${ids.join(", ")}${count > ids.length ? " and others" : ""}.`}
    </p>
  );
}

function Undo({ now, done }: { now: Tables; done: (words: string[]) => void }) {
  const { busy, problem, attempt } = useAttempt();
  const undo = (accept: boolean) => attempt(async () => {
    const answer = await ask<{ text: string[] }>(`${path}/undo`, { method: "POST", match: now.version, body: { reason: "taken back on the web page", accept_spend: accept } });
    done(answer.text);
  });
  return (
    <>
      <div class="tools">
        <button type="button" name="undo" disabled={busy} onClick={() => void undo(false)}>Take the last change back</button>
        {problem !== null && <button type="button" disabled={busy} onClick={() => void undo(true)}>Take it back, and accept what it may spend</button>}
      </div>
      <Problem text={problem} />
    </>
  );
}

function Loaded({ now, reload }: { now: Tables; reload: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(now));
  const [name, setName] = useState(() => tableNameOf(now.policies[0]));
  const [outcome, setOutcome] = useState<string[] | null>(null);
  const first = useRef(now.version);
  useEffect(() => {
    if (first.current === now.version) return;
    first.current = now.version;
    setDraft(draftOf(now));
  }, [now]);
  const changed = written(asTables(draft)).text !== written(asTables(draftOf(now))).text;
  const done = (words: string[]) => {
    setOutcome(words);
    reload();
  };
  const allowed = may("policy:write");
  const names = [...new Set([...now.tables.map((one) => one.name), ...draft.keys()])];
  const origin = now.tables.find((one) => one.name === name)?.origin;
  const shown = useShown(now, draft, name);
  return (
    <>
      <div class="tools">
        <label>Table <select name="table" value={name} onChange={(event) => setName((event.currentTarget as HTMLSelectElement).value)}>
          {names.map((one) => <option key={one} value={one}>{one}</option>)}</select></label>
        <span class="note" data-figure="origin">{origin ? origins[origin] : "new"}; file {now.file}, version <span class="hash" data-figure="version">{now.version.slice(0, 12)}</span></span>
        {may("policy:write") && <a href={linkTo("lab")}>Lab: pay by demand</a>}
      </div>
      <Users policies={now.policies} name={name} />
      {now.version !== now.version_in_force && <p class="banner" role="status">The file is not what is in force: it was changed by hand, and not reloaded.</p>}
      {now.waits && <p class="banner" role="status">A configuration waits to be put in force.</p>}
      {outcome && <ul class="order" role="status" data-figure="outcome">{outcome.map((one) => <li key={one}>{one}</li>)}</ul>}
      {allowed ? <Workbench now={now} draft={draft} changed={changed} name={name} names={names} setName={setName} setDraft={setDraft} done={done} />
        : shown && <Editor table={shown} change={null} findings={new Map()} />}
      {allowed && now.former && !changed && <Undo key={now.version} now={now} done={done} />}
    </>
  );
}

export function TablesPage() {
  const [now, setNow] = useState<Tables | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let wanted = true;
    ask<Tables>(path).then((answer) => wanted && (setNow(answer), setProblem(null)), (why) => wanted && setProblem(messageOf(why)));
    return () => { wanted = false; };
  }, [round]);
  return (
    <>
      <h1>Tables</h1>
      <Problem text={problem} />
      {now ? <Loaded now={now} reload={() => setRound(round + 1)} /> : problem === null && <p class="note" role="status">Asking …</p>}
    </>
  );
}
