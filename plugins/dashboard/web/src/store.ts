// What is known of the manager, fed by answers and events.
import { ask, currentSession, may, messageOf, part, parts } from "./api";
import { observe } from "./clock";
import { Trail } from "./trail";
import type {
  Alert, Counts, Health, Orchestrator, OrchestratorPart, Payment, Payout, Status,
} from "./types";

const kept_followed = 60; // decisions of the orchestrator that is looked at
const kept_payouts = 20_000; // of all
const kept_recent = 200; // decisions of all
const strip_begins_with = 20;
const most_orchestrator_parts = 100; // 20,000
const most_payment_parts = 25;
const most_payout_parts = 50; // 10,000
const most_asked_alone = 12; // beyond, the list is read again
const status_every_ms = 5_000;
const status_after_event_ms = 700;
const status_age_ms = 1_001; // the host gives the same one for a second
const most_stopped = 1_000; // ids in one status
const all_again_after_ms = 15_000;

export type Stream = { state: "live" } | { state: "connecting" } | { state: "lost"; since: number };

export class Store {
  orchestrators = new Map<string, Orchestrator>();
  counts: Counts | null = null;
  trails = new Map<string, Trail>();
  followed: { id: string; payments: Payment[] } | null = null; // what came about the orchestrator that is looked at
  payouts = new Map<string, Map<number, Payout>>();
  payoutsComplete = true;
  recent: Payment[] = []; // the newest first
  status: Status | null = null;
  health: Health | null = null;
  stream: Stream = { state: "connecting" };
  loading = true;
  problem: string | null = null; // why the last request of the store failed
  objectionsChanged = 0; // counts events
  version = 0; // counts changes
  membership = 0; // counts changes of the set of orchestrators

  private payoutCount = 0;
  private readonly own = currentSession()?.orchestrator ?? null;
  private readonly listeners = new Set<() => void>();
  private notice: number | undefined;
  private stopped = false;
  private round = 0; // of loading; an older one gives up
  private readonly stale = new Set<string>();
  private asking = false;
  private timer: number | undefined;
  private pollAt = Infinity; // performance.now() of the next question for the status
  private polling = false;
  private listedAt = -Infinity;

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // Many changes make one call of the listeners.
  changed(): void {
    ++this.version;
    this.notice ??= window.setTimeout(() => {
      this.notice = undefined;
      this.listeners.forEach((one) => one());
    }, this.orchestrators.size > 1000 ? 500 : 100);
  }

  start(): void {
    void this.loadAll();
    void this.pollStatus();
  }

  stop(): void {
    this.stopped = true;
    window.clearTimeout(this.timer);
    window.clearTimeout(this.notice);
  }

  // All of it anew: at the start, and where events are missing.
  async loadAll(): Promise<void> {
    const round = ++this.round;
    const goes_on = () => !this.stopped && round === this.round;
    this.loading = true;
    this.changed();
    try {
      await this.loadOrchestrators(goes_on);
      await this.loadPayments(goes_on);
      await this.loadPayouts(goes_on);
      if (goes_on()) this.problem = null;
    } catch (why) {
      if (goes_on()) this.problem = messageOf(why);
    }
    if (!goes_on()) return;
    this.loading = false;
    this.changed();
  }

  private async loadOrchestrators(goes_on: () => boolean): Promise<void> {
    if (this.own !== null) {
      this.takeOrchestrator(await ask<Orchestrator>(`/livepeer/orchestrators/${part(this.own)}/status`));
      return;
    }
    if (!may("orchestrators:read")) return;
    const listed = new Set<string>();
    const whole = await parts<OrchestratorPart>("/livepeer/orchestrators", most_orchestrator_parts, (one) => {
      this.counts = one;
      for (const orchestrator of one.orchestrators) {
        listed.add(orchestrator.orchestrator_id);
        this.takeOrchestrator(orchestrator);
      }
      this.changed();
      return true;
    }, goes_on);
    this.listedAt = performance.now();
    if (!whole) return;
    for (const id of this.orchestrators.keys()) {
      if (!listed.has(id) && this.orchestrators.delete(id)) ++this.membership;
    }
    for (const id of this.trails.keys()) if (!listed.has(id)) this.trails.delete(id);
  }

  // The newest payments, until each orchestrator has some.
  private async loadPayments(goes_on: () => boolean): Promise<void> {
    if (this.own === null && !may("payments:read")) return;
    const left = new Map<string, number>();
    for (const id of this.orchestrators.keys()) left.set(id, strip_begins_with);
    const path = this.own === null ? "/livepeer/payments" : `/livepeer/payments?orchestrator=${part(this.own)}`;
    await parts<{ payments: Payment[]; next_cursor: string | null }>(path, most_payment_parts, (one) => {
      for (const payment of one.payments) {
        this.takePayment(payment);
        const count = left.get(payment.orchestrator);
        if (count === undefined) continue;
        if (count <= 1) left.delete(payment.orchestrator);
        else left.set(payment.orchestrator, count - 1);
      }
      this.changed();
      return left.size > 0;
    }, goes_on);
  }

  private async loadPayouts(goes_on: () => boolean): Promise<void> {
    if (this.own === null && !may("payments:read")) return;
    const path = this.own === null ? "/livepeer/payouts" : `/livepeer/payouts?orchestrator=${part(this.own)}`;
    const complete = await parts<{ payouts: Payout[]; next_cursor: string | null }>(path, most_payout_parts, (one) => {
      one.payouts.forEach((payout) => this.takePayout(payout));
      this.changed();
      return true;
    }, goes_on);
    this.payoutsComplete = complete && this.payoutCount <= kept_payouts;
  }

  private takeOrchestrator(one: Orchestrator): void {
    if (!this.orchestrators.has(one.orchestrator_id)) ++this.membership;
    this.orchestrators.set(one.orchestrator_id, one);
    this.trailOf(one.orchestrator_id);
  }

  private takePayment(one: Payment): void {
    this.takeRecent(one);
    if (one.epoch === undefined) return; // a manual payment
    this.trailOf(one.orchestrator).take(one);
    if (this.followed?.id !== one.orchestrator) return;
    const payments = this.followed.payments;
    if (payments.some((other) => other.epoch === one.epoch)) return;
    payments.push(one);
    if (payments.length > kept_followed) payments.shift();
  }

  // Made with its orchestrator, so that what the page holds does not grow with the checks.
  private trailOf(id: string): Trail {
    let trail = this.trails.get(id);
    if (!trail) this.trails.set(id, (trail = new Trail()));
    return trail;
  }

  // Keeps the decisions about that orchestrator as they come, until another one is looked at.
  follow(id: string): void {
    if (this.followed?.id !== id) this.followed = { id, payments: [] };
  }

  private takeRecent(one: Payment): void {
    const key = paymentKey(one);
    const when = paymentTime(one);
    let at = 0;
    while (at < this.recent.length) {
      const other = this.recent[at] as Payment;
      if (paymentKey(other) === key) return;
      if (paymentTime(other) < when) break;
      ++at;
    }
    if (at >= kept_recent) return;
    if (this.recent.slice(at).some((other) => paymentKey(other) === key)) return;
    this.recent.splice(at, 0, one);
    if (this.recent.length > kept_recent) this.recent.pop();
  }

  private takePayout(one: Payout): void {
    const payouts = this.payouts.get(one.orchestrator) ?? new Map<number, Payout>();
    const known = payouts.get(one.payout);
    if (known && known.since > one.since) return;
    if (!known) ++this.payoutCount;
    payouts.set(one.payout, one);
    this.payouts.set(one.orchestrator, payouts);
    if (this.payoutCount > kept_payouts) this.dropPayouts();
  }

  // A tenth of them, the oldest ones.
  private dropPayouts(): void {
    this.payoutsComplete = false;
    const all = [...this.payouts.values()].flatMap((payouts) => [...payouts.values()]);
    all.sort((a, b) => (a.since < b.since ? -1 : 1));
    for (const one of all.slice(0, kept_payouts / 10)) this.payouts.get(one.orchestrator)?.delete(one.payout);
    this.payoutCount -= kept_payouts / 10;
  }

  takeEvent(name: string, data: unknown): void {
    const one = data as { orchestrator?: string };
    if (name === "payment") this.takePayment(data as Payment);
    if (name === "payout") this.takePayout(data as Payout);
    if (name === "objection") ++this.objectionsChanged;
    this.soon(status_after_event_ms);
    if (name === "gap") void this.loadAll();
    if (typeof one.orchestrator === "string") this.refresh(one.orchestrator);
    this.changed();
  }

  setStream(stream: Stream): void {
    this.stream = stream;
    this.changed();
  }

  // Asks for the standing of an orchestrator soon; for many of them, for the list.
  refresh(id: string): void {
    this.stale.add(id);
    if (this.asking) return;
    this.asking = true;
    window.setTimeout(() => void this.drain(), 200);
  }

  private async drain(): Promise<void> {
    try {
      while (this.stale.size > 0 && !this.stopped) {
        if (this.stale.size > most_asked_alone && this.own === null) {
          const wait = this.orchestrators.size <= 200 ? 1_000 : all_again_after_ms;
          if (performance.now() - this.listedAt < wait) await new Promise((done) => setTimeout(done, 500));
          else {
            this.stale.clear();
            await this.loadOrchestrators(() => !this.stopped);
          }
        } else {
          await this.askOne();
        }
        this.changed();
      }
    } catch (why) {
      this.problem = messageOf(why);
    } finally {
      this.asking = false;
    }
  }

  private async askOne(): Promise<void> {
    const id = this.stale.values().next().value as string;
    this.stale.delete(id);
    try {
      this.takeOrchestrator(await ask<Orchestrator>(`/livepeer/orchestrators/${part(id)}/status`));
    } catch (why) {
      this.stale.add(id); // the stream's end shows what is wrong; asked again with the next event
      throw why;
    }
    await new Promise((done) => setTimeout(done, 110));
  }

  // Asks for the status in that time, or earlier where that was planned.
  private soon(after_ms: number): void {
    const at = performance.now() + after_ms;
    if (this.stopped || this.polling || at >= this.pollAt) return;
    window.clearTimeout(this.timer);
    this.pollAt = at;
    this.timer = window.setTimeout(() => void this.pollStatus(), after_ms);
  }

  private async pollStatus(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    try {
      if (may("status:read")) {
        const asked = performance.now();
        this.status = await ask<Status>("/status");
        observe(Date.parse(this.status.now), status_age_ms, asked, performance.now());
      }
      this.health = await ask<Health>("/health");
      this.findStale();
      this.problem = null;
    } catch (why) {
      this.problem = messageOf(why);
    }
    this.polling = false;
    this.pollAt = Infinity;
    this.soon(status_every_ms);
    this.changed();
  }

  // A hold and an approval are no events: what shows them is the status, and now and then the list.
  private findStale(): void {
    const stopped = this.status?.orchestrators;
    if (stopped && stopped.held.length < most_stopped && stopped.suspended.length < most_stopped) {
      const held = new Set(stopped.held);
      const suspended = new Set(stopped.suspended);
      for (const [id, known] of this.orchestrators) {
        if (known.held !== held.has(id) || known.suspended !== suspended.has(id)) this.stale.add(id);
      }
      for (const id of this.loading ? [] : held) if (!this.orchestrators.has(id)) this.stale.add(id);
    }
    const age = performance.now() - this.listedAt;
    if (this.own !== null) this.stale.add(this.own);
    else if (!this.loading && !this.asking && age > (this.orchestrators.size > 1000 ? 60_000 : all_again_after_ms)) void this.listAgain();
    const first = this.stale.values().next().value;
    if (first !== undefined) this.refresh(first);
  }

  private async listAgain(): Promise<void> {
    this.listedAt = performance.now();
    try {
      await this.loadOrchestrators(() => !this.stopped);
    } catch (why) {
      this.problem = messageOf(why);
    }
    this.changed();
  }

  get alerts(): Alert[] {
    return this.status?.alerts ?? [];
  }
}

export function paymentKey(one: Payment): string {
  return one.epoch === undefined ? `m:${one.payment_id ?? ""}` : `${one.epoch}:${one.orchestrator}`;
}

export function paymentTime(one: Payment): string {
  return one.decided_at ?? one.at ?? "";
}
