// SPDX-License-Identifier: MIT

// Pays the base of a period in proportion to its uptime, from a threshold on; below that, nothing.
package main

import "stipend/plugin"

type policy struct {
	atLeastPpm uint32 // parts per million: 95 % is 950,000
}

// The host has checked the configuration against the schema below.
func newPolicy(config *plugin.Config, _ plugin.Terms) (plugin.Policy, error) {
	atLeast, err := config.Percent("at_least")
	return policy{atLeast}, err
}

func (p policy) Decide(_ plugin.Terms, sample *plugin.Sample, memory *plugin.Memory) (plugin.Decision, error) {
	// The payer's own failure is not the orchestrator's: no decision, the period is tried again.
	if sample.Job == plugin.JobUnknown {
		return plugin.Decision{Action: plugin.Hold, Reason: "the payer could not look"}, nil
	}
	decision := plugin.Decision{Action: plugin.Skip, Memory: *memory}
	if sample.Job != plugin.JobOK || !sample.Reported {
		decision.ConsecutiveFailures = sample.ConsecutiveFailures + 1
		decision.Tier = "failed"
		return decision, nil
	}
	decision.UptimePpm = sample.ReportedPpm
	if sample.ReportedPpm < p.atLeastPpm {
		decision.Tier = "below"
		return decision, nil
	}
	amount, err := plugin.ScaleUsd(sample.BaseUsdE8, uint64(sample.ReportedPpm), plugin.PpmOne)
	decision.Action = plugin.Pay
	decision.AmountUsdE8 = amount
	decision.MultiplierPpm = sample.ReportedPpm
	decision.Tier = "reached"
	return decision, err
}

// The most that one decision pays, and the least time to the next one; the host checks both.
func (p policy) Bounds(terms plugin.Terms) (plugin.Bounds, error) {
	return plugin.Bounds{MaxUsdE8: terms.BaseUsdE8, MinNextNs: terms.IntervalNs}, nil
}

func init() {
	plugin.Export(plugin.Library{
		ID:          "org.example.@NAME@", // reverse DNS, of yours; it never changes
		Name:        "@NAME@",
		Version:     "0.1.0",
		License:     "MIT",
		Description: "Pays in proportion to uptime, from a threshold on.",
		ConfigSchema: `{
			"type": "object", "additionalProperties": false, "required": ["at_least"],
			"properties": {
				"at_least": {"type": "number", "minimum": 0, "maximum": 100,
				             "description": "Uptime in percent from which a period is paid."}
			}}`,
		Revision:      1, // increases when the same configuration decides otherwise
		MemoryVersion: 1, // increases when the meaning of the memory changes
		New:           newPolicy,
	})
}

func main() {}
