// How likely one orchestrator is up soon, with the range and what it comes from.
import { useEffect, useState } from "preact/hooks";
import { ask, currentSession, may, part } from "./api";
import { Section } from "./parts";

interface Chance {
  known_hours: number;
  now: string;
  hour_percent: number;
  hour_low: number;
  hour_high: number;
  day_percent: number;
  day_low: number;
  day_high: number;
  mean_percent: number;
  by_hour_of_week: number;
  by_what_was_last: number;
}

const least_hours = 24; // known, before a chance says anything

export function Chances({ id }: { id: string }) {
  const [one, setOne] = useState<Chance | null>(null);
  const allowed = may("payments:read") && currentSession()?.orchestrator === null;
  useEffect(() => {
    let current = true;
    if (!allowed) return undefined;
    // Without an answer there is no such line: all else on the page is there without it.
    ask<{ rows: Chance[] }>(`/analytics/prediction?orchestrator=${part(id)}`)
      .then((made) => { if (current) setOne(made.rows[0] ?? null); }, () => undefined);
    return () => { current = false; };
  }, [id, allowed]);
  if (!one) return null;
  return (
    <Section title="Chance to be up" note={`from ${one.known_hours} known hours; no payment depends on it`}>
      {one.known_hours < least_hours
        ? <p data-figure="chances">Too few hours are known to say more than the mean, {one.mean_percent} %.</p>
        : <p data-figure="chances">
            Next hour {one.hour_percent} % ({one.hour_low} to {one.hour_high}), next day {one.day_percent} % ({one.day_low} to {one.day_high}).
            Mean {one.mean_percent} %; at this hour of the week {one.by_hour_of_week} %; after an hour like the last one, which was {one.now}, {one.by_what_was_last} %.
          </p>}
    </Section>
  );
}
