// What the API answers, as far as this page reads it: host/api/openapi.json.

export interface Session {
  principal: string;
  role: string;
  permissions: string[];
  orchestrator: string | null;
  csrf_token: string;
  expires_in: number;
}

export interface PendingChange {
  effective_at?: string;
  payout_address?: string | null;
  worker_key?: string | null;
}

export interface Orchestrator {
  orchestrator_id: string;
  endpoint: string;
  status: string;
  registration: string | null;
  last_heartbeat: string | null;
  last_proof: string | null;
  endpoint_problem: string | null;
  pending_change: PendingChange | null;
  offer: { reachable: boolean; price_wei_per_second: string | null; capacity: number | null; seen_at: string } | null;
  connection_started: string;
  total_calls_processed: number;
  average_latency_ms: number | null;
  capabilities: string[];
  dispatcher: string | null;
  owed_wei: string;
  asset: string | null;
  decimals: number;
  checks_ok: number;
  consecutive_failures: number;
  suspended: boolean;
  held: boolean;
  epoch: number;
  next_due: string | null;
  last_tier: string | null;
  last_uptime_percent: number | null;
  payout_address: string | null;
  payout_proven: boolean;
  worker_key: string | null;
}

export interface Counts {
  total: number;
  connected: number;
  disconnected: number;
  unhealthy: number;
  unapproved: number;
}

export interface OrchestratorPart extends Counts {
  orchestrators: Orchestrator[];
  next_cursor: string | null;
}

export interface Payment {
  orchestrator: string;
  amount_usd: string;
  amount_wei: string;
  epoch?: number;
  decided_at?: string;
  job?: string;
  action?: string;
  tier?: string;
  multiplier?: string;
  uptime_percent?: number | null;
  coverage_percent?: number | null;
  delay_seconds?: number;
  penalty_seconds?: number;
  next_at?: string | null;
  consecutive_failures?: number;
  reason?: string;
  generation?: number;
  evidence?: { http_status?: number; served_by?: string; latency_ms?: number; window_seconds?: number };
  kind?: string; // "manual"
  payment_id?: string;
  at?: string;
  call_type?: string;
  reference?: string | null;
  by?: string;
}

// A row of the ledger about an orchestrator, beside its decisions.
export interface Change {
  row: number;
  kind: string;
  at: string | null; // null: it has no time
  not_before: string | null;
  details: Record<string, unknown>;
}

export interface PastAmounts {
  chain_id: number;
  token: string | null;
  asset: string;
  decimals: number;
  owed: string;
  under_way: string;
  paid: string;
}

// How an orchestrator stood at an earlier time.
export interface PastStanding {
  orchestrator: string;
  last: Payment | null;
  amounts: PastAmounts[];
}

export interface Payout {
  payout: number;
  orchestrator: string;
  to: string;
  amount_wei: string;
  asset: string;
  token: string | null;
  decimals: number;
  chain_id: number;
  state: string;
  reserved_at: string;
  since: string;
  reason: string | null;
  by: string | null;
}

export interface PayoutHistory extends Payout {
  transaction: string | null;
  steps: { at: string; state: string; block: number | null; reason: string | null; by: string | null }[];
  nonce: Record<string, unknown> | null;
}

export interface Objection {
  orchestrator: string;
  epoch: number;
  state: string;
  objected_at: string;
  text: string;
  by: string;
  answered_at: string | null;
  answer: string | null;
  answered_by: string | null;
  adjustment: string | null;
  amount_usd: string | null;
  amount_wei: string | null;
}

export interface Alert {
  id: string;
  severity: string;
  text: string;
  since: string;
}

export interface Gap {
  orchestrator: string;
  from: string;
  to: string | null;
  cause: string;
  at_stake_usd: string | null;
}

export interface NetworkTotals {
  chain_id: number;
  token: string | null;
  asset: string;
  decimals: number;
  owed: string;
  under_way: string;
  paid: string;
}

export interface PluginInForce {
  for: string;
  id: string;
  version: string;
  sha256: string;
  file: string;
  generation: number;
  since: string;
  put_aside: boolean;
}

export interface Status {
  settlement: string;
  paid: string;
  now: string;
  generation: number;
  usd_per_eth: string | null;
  largest_spend: string;
  fees: { day: string; used_wei: string; limit_wei: string; orchestrator_limit_wei: string };
  decisions: number;
  held: number;
  jobs: number;
  jobs_in_flight: number;
  plugins_unwell: string[];
  alerts: Alert[];
  orchestrators: { held: string[]; suspended: string[] }; // not all where they are many
  spend: { day: string; accrued_usd: string; limit_usd: string; orchestrator_limit_usd: string };
  networks: NetworkTotals[];
  plugins: { plugins: PluginInForce[] };
  unpaid: Gap[];
  rates?: { network: string | null; chain_id: number; asset: string; usd: string | null }[];
}

export interface Component {
  state: string;
  reason: string | null;
  age_seconds: number | null;
}

export interface Health {
  status: string;
  reason: string | null;
  components: Record<string, Component>;
}

export interface Explanation {
  decision: number;
  orchestrator: string;
  epoch: number;
  period: { from: string; to: string; seconds: string; due_at: string };
  observed: { target: string; observations: number; up_seconds: string; down_seconds: string; unknown_seconds: string }[];
  services: { service: string; uptime_ppm: number; not_up_seconds: string | null }[];
  services_left_out: number;
  job: string;
  evidence: { http_status?: number; served_by?: string; latency_seconds?: string; window_seconds?: number; body_keccak256?: string };
  uptime_ppm: number | null;
  coverage_ppm: number;
  generation: {
    generation: number; since: string; policy: string; version: string; revision: number; so_sha256: string;
    config_keccak256: string; base_usd: string; interval_seconds: string; terms_from: string;
  };
  tier: { tier: string; from_ppm: number | null; to_ppm: number | null; multiplier: string | null; delay_seconds: string };
  penalty: { failures_before: number; failures: number; seconds: string; intervals: string; suspended: boolean };
  demand: { factor: string; wanted: string; before: string; at: string; jobs_asked: number; jobs_failed: number; jobs_waiting: number; supply: number; target: string } | null;
  action: string;
  multiplier: string;
  amount_usd: string;
  usd_per_minute: string;
  seconds_until_next: string;
  next_at: string;
  rate: { usd_per_unit: string; source: string; at: string; age_seconds: string } | null;
  conversion: { asset: string; chain: number; token: string | null; decimals: number; amount_wei: string; amount: string | null; cut_off: string | null };
  reason: string;
  corrections: Record<string, unknown>[];
  payout: { payout: number; state: string; to: string; since: string; transaction: string | null } | null;
  recomputed: {
    same: boolean | null; row_is_of_the_chain: boolean; by_sha256: string | null; state_before: string;
    differences: { field: string; recorded: string; recomputed: string }[]; error: string | null;
  };
}
