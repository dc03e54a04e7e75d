// What pay by demand would have been: payment-dynamic over recorded history, by the recorded factors or by other rules.
import { useState } from "preact/hooks";
import { ask, may } from "./api";
import { useAttempt } from "./attempt";
import "./lab.css";
import { FactorChart, type Point } from "./lab_chart";
import { Figure, Problem, Section, Time } from "./parts";
import { linkTo } from "./route";
import { Differs, rangeText, type Replay } from "./tables_result";
import { timeText } from "./text";

interface DemandReplay extends Replay {
  rules?: Record<string, string>;
  demand?: { cycles: number; by: "recorded" | "configured"; least: string; most: string; last: string; series: Point[] } | null;
}

const path = "/policy/demand/replay";
const day_ms = 86_400_000;
const spans = ["1", "7", "30", "90"];
const rules: [string, string, string][] = [
  ["target", "Target: jobs in a cycle for each that is up, at the factor 1", "as configured"], ["every", "Cycle", "as configured"],
  ["floor", "Floor", "as configured"], ["ceiling", "Ceiling, also of the policy", "as configured"], ["damping", "Damping", "as configured"],
  ["largest_step_per_day", "Largest step a day", "as configured"],
];

function bodyOf(form: FormData): object {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const to = new Date();
  const from = new Date(to.getTime() - Number(text("days")) * day_ms);
  const named = Object.fromEntries(rules.map(([name]) => [name, text(name)]).filter(([, value]) => value !== ""));
  return { from: from.toISOString(), to: to.toISOString(), rules: text("by") === "rules" ? named : null };
}

function Points({ points }: { points: Point[] }) {
  return (
    <details>
      <summary>{points.length === 1 ? "1 point" : `${points.length} points`}</summary>
      <div class="wide" tabIndex={0} role="region" aria-label="points of the factor">
        <table>
          <thead><tr><th scope="col">Until</th><th scope="col" class="number">Factor</th><th scope="col" class="number">Recorded</th><th scope="col" class="number">Up</th>
            <th scope="col" class="number">Jobs</th><th scope="col" class="number">Failed</th></tr></thead>
          <tbody>{[...points].reverse().map((one) => (
            <tr key={one.at} data-point={one.at}>
              <th scope="row">{timeText(one.at)}</th><td class="number">{one.factor}</td><td class="number">{one.recorded}</td><td class="number">{one.up}</td>
              <td class="number">{one.jobs}</td><td class="number">{one.failed}</td>
            </tr>
          ))}</tbody>
        </table>
      </div>
    </details>
  );
}

function Found({ replay }: { replay: DemandReplay }) {
  const { total, orchestrators, demand } = replay;
  if (!replay.valid) return <ul class="findings">{replay.findings.map((one) => <li key={one.message}>{one.path}: {one.message}</li>)}</ul>;
  if (!total || !orchestrators) {
    return (
      <>
        <p class="problem">{replay.not_reproduced} of {replay.decisions} decisions are not what their own policy comes to now, so nothing is compared.</p>
        <ul>{(replay.problems ?? []).slice(0, 5).map((one) => <li key={one}>{one}</li>)}</ul>
      </>
    );
  }
  const used = Object.entries(replay.rules ?? {}).map(([name, value]) => `${name} ${value}`).join(", ");
  return (
    <>
      <p class="note" data-figure="span"><Time at={replay.from} /> to <Time at={replay.to} /></p>
      <dl class="figures">
        <Figure name="Was paid" figure="recorded" value={`${total.recorded_usd} USD`}>{`${total.decisions} decisions, each reproduced first`}</Figure>
        <Figure name="By demand, for the same checks" figure="again" value={`${total.usd_at_these_checks} USD`}>{`${total.other_tier} in another tier`}</Figure>
        <Figure name="By demand, at checks of its own" figure="simulated" value={`${rangeText(total)} USD`}>
          {total.simulated_usd_low === total.simulated_usd_high ? "the history says all" : "a range: some of its checks ask about time that was not observed"}
        </Figure>
        <Figure name="Factor" figure="factor" value={demand ? `${demand.least} to ${demand.most}` : "1"}>
          {demand ? `${demand.last} at the end, over ${demand.cycles} cycles` : "no cycle is recorded in this time"}
        </Figure>
        <Figure name="Would change" figure="changed" value={String(orchestrators.changed)}>orchestrators</Figure>
      </dl>
      {demand && (
        <Section title={demand.by === "configured" ? "The factor by these rules" : "The factor that was recorded"} note={demand.by === "configured" ? used : undefined}>
          <FactorChart points={demand.series} by={demand.by} least={demand.least} most={demand.most} />
          <Points points={demand.series} />
        </Section>
      )}
      {orchestrators.list.length > 0 && <Section title="Those that change most"><Differs {...orchestrators} /></Section>}
    </>
  );
}

export function LabPage() {
  const [by, setBy] = useState("rules");
  const [replay, setReplay] = useState<DemandReplay | null>(null);
  const { busy, problem, attempt } = useAttempt();
  if (!may("policy:write")) return <><h1>Lab</h1><p class="note">Replays are for administrators.</p></>;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const body = bodyOf(new FormData(event.currentTarget as HTMLFormElement));
    void attempt(async () => {
      setReplay(null);
      setReplay(await ask<DemandReplay>(path, { method: "POST", body }));
    });
  };
  return (
    <>
      <h1>Lab</h1>
      <p class="note">
        What <span class="hash">payment-dynamic</span> would have paid over what is recorded, with the <a href={linkTo("tables")}>tables</a> in force. Jobs and the number that
        were up are what they were: that orchestrators had come or gone for another pay is not in it. Nothing is changed.
      </p>
      <form class="lab" onSubmit={submit}>
        <div class="tools">
          <label>Of the last <select name="days" defaultValue="7">{spans.map((one) => <option key={one} value={one} selected={one === "7"}>{one === "1" ? "day" : `${one} days`}</option>)}</select></label>
          <label>Factors <select name="by" value={by} onChange={(event) => setBy(event.currentTarget.value)}>
            <option value="rules">by these rules</option><option value="recorded">as recorded</option></select></label>
          <button type="submit" class="main" name="replay" disabled={busy}>Replay</button>
        </div>
        {by === "rules" && (
          <fieldset>
            <legend class="note">Rules of the factor; what is empty is as configured</legend>
            {rules.map(([name, title, hint]) => (
              <label key={name}>{title}<input name={name} size={12} maxLength={40} inputMode={name === "every" ? "text" : "decimal"} placeholder={hint} autocomplete="off" /></label>
            ))}
          </fieldset>
        )}
      </form>
      {busy && <p class="note" role="status">Deciding it again …</p>}
      <Problem text={problem} />
      {replay && <Found replay={replay} />}
    </>
  );
}
