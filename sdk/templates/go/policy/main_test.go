// SPDX-License-Identifier: MIT

package main

import (
	"testing"

	"stipend/plugin"
)

var terms = plugin.Terms{IntervalNs: 60_000_000_000, BaseUsdE8: 10 * plugin.E8}

func decided(t *testing.T, job plugin.Job, reportedPpm uint32) plugin.Decision {
	t.Helper()
	config, err := plugin.ParseConfig(`{"at_least": 95.5}`)
	if err != nil {
		t.Fatal(err)
	}
	made, err := newPolicy(config, terms)
	if err != nil {
		t.Fatal(err)
	}
	sample := plugin.Sample{Job: job, Epoch: 1, Reported: true, ReportedPpm: reportedPpm, ConsecutiveFailures: 2,
		BaseUsdE8: 10 * plugin.E8}
	decision, err := made.Decide(terms, &sample, &plugin.Memory{})
	if err != nil {
		t.Fatal(err)
	}
	return decision
}

func TestUptimeFromTheThresholdOnIsPaidInProportion(t *testing.T) {
	if d := decided(t, plugin.JobOK, 955_000); d.Action != plugin.Pay || d.AmountUsdE8 != 955_000_000 {
		t.Errorf("got %+v, want 9.55 USD", d)
	}
	if d := decided(t, plugin.JobOK, 954_999); d.Action != plugin.Skip || d.AmountUsdE8 != 0 || d.ConsecutiveFailures != 0 {
		t.Errorf("got %+v, want a skip", d)
	}
}

func TestAFailureCountsAndAnUnknownEndIsHeld(t *testing.T) {
	if d := decided(t, plugin.JobFailed, 0); d.Action != plugin.Skip || d.ConsecutiveFailures != 3 {
		t.Errorf("got %+v, want a skip and 3 failures", d)
	}
	if d := decided(t, plugin.JobUnknown, 0); d.Action != plugin.Hold {
		t.Errorf("got %+v, want a hold", d)
	}
}

func TestAPercentageAbove100IsRefusedWithItsKey(t *testing.T) {
	config, err := plugin.ParseConfig(`{"at_least": 101}`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = newPolicy(config, terms)
	want := "got 101, want a number in 0 .. 100 with at most 4 decimals"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
