// SPDX-License-Identifier: MIT

//! Pays the base of a period in proportion to its uptime, from a threshold on; below that, nothing.

use stipend_plugin::{
    scale_usd, Bounds, Config, Decision, Job, Memory, Policy, Result, Sample, Terms, PPM_ONE,
};

struct @CLASS@ {
    at_least_ppm: u32, // parts per million: 95 % is 950,000
}

impl Policy for @CLASS@ {
    const REVISION: u32 = 1; // increases when the same configuration decides otherwise
    const MEMORY_VERSION: u32 = 1; // increases when the meaning of `memory` changes

    /// The host has checked the configuration against the schema below.
    fn new(config: &Config, _: &Terms) -> Result<Self> {
        Ok(Self { at_least_ppm: config.percent("at_least")? })
    }

    fn decide(&self, _: &Terms, sample: &Sample, memory: &Memory) -> Result<Decision> {
        let uptime_ppm = match (sample.job, sample.reported_ppm) {
            // The payer's own failure is not the orchestrator's: no decision, the period is tried again.
            (Job::Unknown, _) => return Ok(Decision::hold("the payer could not look")),
            (Job::Ok, Some(reported)) => reported,
            _ => {
                return Ok(Decision {
                    consecutive_failures: sample.consecutive_failures.saturating_add(1),
                    tier: "failed".into(),
                    ..Decision::skip(memory)
                })
            }
        };
        if uptime_ppm < self.at_least_ppm {
            return Ok(Decision { uptime_ppm, tier: "below".into(), ..Decision::skip(memory) });
        }
        let amount = scale_usd(sample.base_usd_e8, uptime_ppm.into(), PPM_ONE)?;
        Ok(Decision {
            uptime_ppm,
            multiplier_ppm: uptime_ppm,
            tier: "reached".into(),
            ..Decision::pay(amount, memory)
        })
    }

    /// The most that one decision pays, and the least time to the next one; the host checks both.
    fn bounds(&self, terms: &Terms) -> Result<Bounds> {
        Ok(Bounds { max_usd_e8: terms.base_usd_e8, min_next_ns: terms.interval_ns })
    }
}

stipend_plugin::export_policy! {
    policy: @CLASS@,
    id: "org.example.@NAME@", // reverse DNS, of yours; it never changes
    name: "@NAME@",
    version: "0.1.0",
    license: "MIT",
    description: "Pays in proportion to uptime, from a threshold on.",
    config_schema: r#"{
        "type": "object", "additionalProperties": false, "required": ["at_least"],
        "properties": {
            "at_least": {"type": "number", "minimum": 0, "maximum": 100,
                         "description": "Uptime in percent from which a period is paid."}
        }}"#,
}

#[cfg(test)]
mod tests {
    use super::*;
    use stipend_plugin::{Action, E8};

    const TERMS: Terms = Terms { interval_ns: 60_000_000_000, base_usd_e8: 10 * E8 };

    fn decided(job: Job, reported_ppm: u32) -> Decision {
        let policy = @CLASS@::new(&Config::parse("{\"at_least\": 95.5}").unwrap(), &TERMS).unwrap();
        let sample = Sample {
            job, epoch: 1, evaluated_at_ns: 0, interval_ns: TERMS.interval_ns, reported_ppm: Some(reported_ppm),
            reported_window_s: 0, observed: None, suspended: false, consecutive_failures: 2, checks_total: 0, checks_ok: 0,
            base_usd_e8: 10 * E8, latency_ns: 0, demand_ppm: 0,
        };
        policy.decide(&TERMS, &sample, &[0; 128]).unwrap()
    }

    #[test]
    fn uptime_from_the_threshold_on_is_paid_in_proportion() {
        let decision = decided(Job::Ok, 955_000);
        assert_eq!((decision.action, decision.amount_usd_e8), (Action::Pay, 955_000_000));
        let decision = decided(Job::Ok, 954_999);
        assert_eq!((decision.action, decision.amount_usd_e8, decision.consecutive_failures), (Action::Skip, 0, 0));
    }

    #[test]
    fn a_failure_counts_and_an_unknown_end_is_held() {
        let decision = decided(Job::Failed, 0);
        assert_eq!((decision.action, decision.consecutive_failures), (Action::Skip, 3));
        assert_eq!(decided(Job::Unknown, 0).action, Action::Hold);
    }

    #[test]
    fn a_percentage_above_100_is_refused_with_its_key() {
        let config = Config::parse("{\"at_least\": 101}").unwrap();
        let error = @CLASS@::new(&config, &TERMS).err().unwrap();
        assert_eq!(error.path, "/at_least");
        assert_eq!(error.message, "got 101, want a number in 0 .. 100 with at most 4 decimals");
    }
}
