// Package plugin is for policies of stipend in Go: a type with the methods of Policy, and one call in an init function.
//
//	func init() {
//		plugin.Export(plugin.Library{ID: "org.example.flat", Name: "Flat", Version: "1.0.0", Revision: 1, MemoryVersion: 1,
//			ConfigSchema: `{"type": "object", "additionalProperties": false}`,
//			New: func(config *plugin.Config, terms plugin.Terms) (plugin.Policy, error) { return flat{}, nil }})
//	}
//
//	func main() {}
//
// It is built with -buildmode=c-shared. A panic is caught at each call of the host and is an error there.
//
// The runtime of Go takes signals of the process, and its threads and address space are never given back when the library is
// closed, so each library says STIPEND_PLUGIN_NEEDS_PROCESS: a host runs it in a process of its own, or not at all.
package plugin

import (
	"errors"
	"fmt"
	"math/bits"
)

// Terms are the pay terms under which an instance runs.
type Terms struct {
	IntervalNs int64 // between the due times of two pay periods
	BaseUsdE8  int64 // pay for one period at multiplier 1, in 1e-8 USD
}

// Job says how the period's job ended.
type Job int

const (
	JobOK      Job = 1
	JobFailed  Job = 2
	JobUnknown Job = 3 // the payer's own failure: neither paid nor punished
)

// Memory is the policy's own, stored by the host for each account; zero at first.
type Memory [128]byte

// Sample is the behaviour of one orchestrator in one pay period.
type Sample struct {
	Job                 Job
	Epoch               uint64 // 1 for the first decision of an account
	EvaluatedAtNs       int64  // UTC, since 1970
	IntervalNs          int64
	Reported            bool   // ReportedPpm is set
	ReportedPpm         uint32 // uptime that the worker reports, in parts per million
	ReportedWindowS     uint32 // 0: unknown
	Observed            bool   // ObservedPpm and CoveragePpm are set
	ObservedPpm         uint32 // undefined if CoveragePpm is 0
	CoveragePpm         uint32 // the share of the period that the host observed
	Suspended           bool   // before this epoch
	ConsecutiveFailures uint32 // before this epoch
	ChecksTotal         uint64
	ChecksOK            uint64
	BaseUsdE8           int64
	LatencyNs           int64
	DemandPpm           uint32 // the payer's demand; 0: the host computes none
}

// Action is what is decided.
type Action int

const (
	Pay  Action = 1
	Skip Action = 2 // a decision that nothing is owed
	Hold Action = 3 // no decision, for lack of data: the epoch stays open
)

// Decision is what a policy answers.
type Decision struct {
	Action              Action
	AmountUsdE8         int64 // owed, in 1e-8 USD, rounded down; above 0 only with Pay
	DelayNs             int64 // the tier's; added to the interval before the next epoch is due
	PenaltyNs           int64 // the punishment's; added as well
	MultiplierPpm       uint32
	UptimePpm           uint32 // the uptime that the decision is based on: at most 1,000,000
	ConsecutiveFailures uint32
	Suspended           bool   // from now on
	Tier                string // at most 31 bytes; the rest is cut off
	Reason              string // at most 127 bytes
	Memory              Memory // what the next sample of this account comes with
}

// Bounds is what the host checks every decision against.
type Bounds struct {
	MaxUsdE8  int64 // the maximum pay of one decision under the terms
	MinNextNs int64 // the minimum time to the next one
}

// Policy decides what is owed. It is pure: no clock, no random number, no order of a map, no floating point, no state but
// memory; the same input gives the same output, byte for byte, on every machine. Its methods are called from any thread,
// concurrently.
type Policy interface {
	Decide(terms Terms, sample *Sample, memory *Memory) (Decision, error)
	Bounds(terms Terms) (Bounds, error)
}

// Library describes the one policy of a library. ID is reverse DNS and never changes.
type Library struct {
	ID, Name, Version, Vendor, License, Description, URL string
	ConfigSchema                                         string // JSON Schema 2020-12 of a closed object; empty: none
	Revision                                             uint32 // increases when the same configuration decides otherwise
	MemoryVersion                                        uint32 // increases when the meaning of the memory changes
	// New reads the configuration. No effects; it is called more often than there are instances.
	New func(config *Config, terms Terms) (Policy, error)
}

var exported Library

// Export makes the library's policy; it is called once, in an init function.
func Export(library Library) {
	if exported.New != nil || library.New == nil {
		panic("plugin.Export: want one call, with New set")
	}
	exported = library
}

// ConfigError is about the value of a key of the configuration.
type ConfigError struct {
	Path    string // a JSON pointer
	Message string
}

func (e *ConfigError) Error() string { return e.Message }

// E8 is 1 USD in units of 1e-8 USD; PpmOne is all of something in parts per million.
const (
	E8     int64  = 100_000_000
	PpmOne uint64 = 1_000_000
)

// ScaleUsd is floor(usd x numerator / denominator), in 1e-8 USD: pay by a share, such as ppm / PpmOne.
func ScaleUsd(usdE8 int64, numerator, denominator uint64) (int64, error) {
	if usdE8 < 0 || denominator == 0 {
		return 0, fmt.Errorf("pay: got %d / %d, want no negative amount and no denominator of 0", usdE8, denominator)
	}
	high, low := bits.Mul64(uint64(usdE8), numerator)
	if high >= denominator {
		return 0, errTooLarge
	}
	value, _ := bits.Div64(high, low, denominator)
	if value > 1<<63-1 {
		return 0, errTooLarge
	}
	return int64(value), nil
}

var errTooLarge = errors.New("pay: the amount is too large")
