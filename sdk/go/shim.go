package plugin

/*
#cgo CFLAGS: -I${SRCDIR}/../include -I${SRCDIR}/../../../include
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// setText fills a field of fixed length: cut before a character that does not fit, ended at a NUL, the rest zero.
func setText(field []C.char, text string) {
	text, _, _ = strings.Cut(text, "\x00")
	if len(text) > len(field)-1 {
		end := len(field) - 1
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	for at := range field {
		field[at] = 0
		if at < len(text) {
			field[at] = C.char(text[at])
		}
	}
}

// answered runs body; an error and a panic become a status and the caller's record.
func answered(out *C.stipend_error, body func() error) (status C.stipend_status) {
	report := func(status C.stipend_status, path, message string) C.stipend_status {
		if out != nil && uintptr(out.size) >= unsafe.Sizeof(*out) {
			out.flags = 0
			if status == C.STIPEND_E_CONFIG {
				out.flags = C.STIPEND_ERROR_PERMANENT
			}
			setText(out.path[:], path)
			setText(out.message[:], message)
		}
		return status
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			status = report(C.STIPEND_E_EXCEPTION, "", fmt.Sprint("the plugin panicked: ", panicked))
		}
	}()
	err := body()
	var wrong *ConfigError
	switch {
	case err == nil:
		return C.STIPEND_OK
	case errors.As(err, &wrong):
		return report(C.STIPEND_E_CONFIG, wrong.Path, wrong.Message)
	default:
		return report(C.STIPEND_E_INTERNAL, "", err.Error())
	}
}

func termsOf(t *C.stipend_terms) Terms {
	return Terms{IntervalNs: int64(t.interval_ns), BaseUsdE8: int64(t.base_usd_e8)}
}

// What a policy is behind its handle.
type instance struct {
	policy Policy
	terms  Terms
}

//export stipendGoDescribe
func stipendGoDescribe(out *C.stipend_go_library) {
	out.descriptor.id = C.CString(exported.ID)
	out.descriptor.name = C.CString(exported.Name)
	out.descriptor.version = C.CString(exported.Version)
	out.descriptor.vendor = C.CString(exported.Vendor)
	out.descriptor.license = C.CString(exported.License)
	out.descriptor.description = C.CString(exported.Description)
	out.descriptor.url = C.CString(exported.URL)
	if exported.ConfigSchema != "" {
		out.descriptor.config_schema_json = C.CString(exported.ConfigSchema)
	}
	out.revision = C.uint32_t(exported.Revision)
	out.memory_version = C.uint32_t(exported.MemoryVersion)
}

//export stipendGoCreate
func stipendGoCreate(json C.stipend_str, t *C.stipend_terms, out *C.uintptr_t, e *C.stipend_error) C.stipend_status {
	return answered(e, func() error {
		text := ""
		if json.len > 0 {
			text = string(unsafe.Slice((*byte)(unsafe.Pointer(json.ptr)), int(json.len)))
		}
		config, err := ParseConfig(text)
		if err != nil {
			return err
		}
		if exported.New == nil {
			return errors.New("the library calls no plugin.Export")
		}
		policy, err := exported.New(config, termsOf(t))
		if err != nil {
			return err
		}
		*out = C.uintptr_t(cgo.NewHandle(&instance{policy, termsOf(t)}))
		return nil
	})
}

//export stipendGoDestroy
func stipendGoDestroy(handle C.uintptr_t) { cgo.Handle(handle).Delete() }

//export stipendGoDecide
func stipendGoDecide(handle C.uintptr_t, s *C.stipend_sample, d *C.stipend_decision, e *C.stipend_error) C.stipend_status {
	return answered(e, func() error {
		own := cgo.Handle(handle).Value().(*instance)
		sample, memory := sampleOf(s)
		decision, err := own.policy.Decide(own.terms, &sample, &memory)
		if err != nil {
			return err
		}
		fillDecision(d, &decision)
		return nil
	})
}

//export stipendGoBounds
func stipendGoBounds(handle C.uintptr_t, t *C.stipend_terms, maxUsdE8, minNextNs *C.int64_t, e *C.stipend_error) C.stipend_status {
	return answered(e, func() error {
		bounds, err := cgo.Handle(handle).Value().(*instance).policy.Bounds(termsOf(t))
		if err != nil {
			return err
		}
		*maxUsdE8, *minNextNs = C.int64_t(bounds.MaxUsdE8), C.int64_t(bounds.MinNextNs)
		return nil
	})
}

func sampleOf(s *C.stipend_sample) (Sample, Memory) {
	has := func(flag C.uint32_t) bool { return s.flags&flag != 0 }
	job := Job(s.job)
	if job != JobOK && job != JobFailed {
		job = JobUnknown
	}
	var memory Memory
	for at := range memory {
		memory[at] = byte(s.memory.bytes[at])
	}
	return Sample{
		Job:                 job,
		Epoch:               uint64(s.epoch),
		EvaluatedAtNs:       int64(s.evaluated_at),
		IntervalNs:          int64(s.interval_ns),
		Reported:            has(C.STIPEND_SAMPLE_REPORTED),
		ReportedPpm:         uint32(s.reported_ppm),
		ReportedWindowS:     uint32(s.reported_window_s),
		Observed:            has(C.STIPEND_SAMPLE_OBSERVED),
		ObservedPpm:         uint32(s.observed_ppm),
		CoveragePpm:         uint32(s.coverage_ppm),
		Suspended:           has(C.STIPEND_SAMPLE_SUSPENDED),
		ConsecutiveFailures: uint32(s.consecutive_failures),
		ChecksTotal:         uint64(s.checks_total),
		ChecksOK:            uint64(s.checks_ok),
		BaseUsdE8:           int64(s.base_usd_e8),
		LatencyNs:           int64(s.latency_ns),
		DemandPpm:           uint32(s.demand_ppm),
	}, memory
}

func fillDecision(d *C.stipend_decision, decision *Decision) {
	d.action = C.int32_t(decision.Action)
	d.amount_usd_e8 = C.int64_t(decision.AmountUsdE8)
	d.delay_ns = C.int64_t(decision.DelayNs)
	d.penalty_ns = C.int64_t(decision.PenaltyNs)
	d.multiplier_ppm = C.uint32_t(decision.MultiplierPpm)
	d.uptime_ppm = C.uint32_t(decision.UptimePpm)
	d.consecutive_failures = C.uint32_t(decision.ConsecutiveFailures)
	if decision.Suspended {
		d.flags = C.STIPEND_DECISION_SUSPENDED
	}
	setText(d.tier[:], decision.Tier)
	setText(d.reason[:], decision.Reason)
	for at, value := range decision.Memory {
		d.memory.bytes[at] = C.uint8_t(value)
	}
}
