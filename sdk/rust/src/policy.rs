//! What a policy is in Rust, and the C functions that call it.

use crate::error::{report, set_text};
use crate::{abi, Config, Error, Result};
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// The pay terms under which an instance runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Between the due times of two pay periods.
    pub interval_ns: i64,
    /// Pay for one period at multiplier 1, in 1e-8 USD.
    pub base_usd_e8: i64,
}

/// How the period's job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Ok,
    Failed,
    /// The payer's own failure: neither paid nor punished. Also what a host of another version may know besides.
    Unknown,
}

/// The time-weighted uptime that the host measured, in parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Undefined if `coverage_ppm` is 0.
    pub uptime_ppm: u32,
    /// The share of the period that the host observed.
    pub coverage_ppm: u32,
}

/// 128 bytes that are the policy's own, stored by the host for each account; zero at first.
pub type Memory = [u8; 128];

/// The behaviour of one orchestrator in one pay period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub job: Job,
    /// 1 for the first decision of an account.
    pub epoch: u64,
    /// UTC, nanoseconds since 1970.
    pub evaluated_at_ns: i64,
    pub interval_ns: i64,
    /// The uptime that the worker reports, in parts per million.
    pub reported_ppm: Option<u32>,
    /// The window of `reported_ppm` in seconds; 0: unknown.
    pub reported_window_s: u32,
    pub observed: Option<Observed>,
    /// Suspended before this epoch.
    pub suspended: bool,
    /// Before this epoch.
    pub consecutive_failures: u32,
    pub checks_total: u64,
    pub checks_ok: u64,
    pub base_usd_e8: i64,
    pub latency_ns: i64,
    /// The payer's demand in parts per million; 0: the host computes none.
    pub demand_ppm: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Pay,
    /// A decision that nothing is owed.
    Skip,
    /// No decision, for lack of data: the epoch stays open. Memory and failures are discarded.
    Hold,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub action: Action,
    /// Owed, in 1e-8 USD, rounded down; above 0 only with PAY.
    pub amount_usd_e8: i64,
    /// The tier's; added to the interval before the next epoch is due.
    pub delay_ns: i64,
    /// The punishment's; added as well.
    pub penalty_ns: i64,
    /// For the reader: the host does not multiply.
    pub multiplier_ppm: u32,
    /// The uptime that the decision is based on: at most 1,000,000.
    pub uptime_ppm: u32,
    pub consecutive_failures: u32,
    /// Suspended from now on.
    pub suspended: bool,
    /// At most 31 bytes; the rest is cut off.
    pub tier: String,
    /// At most 127 bytes.
    pub reason: String,
    /// What the next sample of this account comes with.
    pub memory: Memory,
}

impl Decision {
    fn of(action: Action, memory: &Memory) -> Self {
        Self {
            action, amount_usd_e8: 0, delay_ns: 0, penalty_ns: 0, multiplier_ppm: 0, uptime_ppm: 0, consecutive_failures: 0,
            suspended: false, tier: String::new(), reason: String::new(), memory: *memory,
        }
    }
    /// Nothing is decided; the memory stays as it is.
    pub fn hold(reason: &str) -> Self {
        Self { reason: reason.into(), ..Self::of(Action::Hold, &[0; 128]) }
    }
    pub fn skip(memory: &Memory) -> Self {
        Self::of(Action::Skip, memory)
    }
    pub fn pay(amount_usd_e8: i64, memory: &Memory) -> Self {
        Self { amount_usd_e8, ..Self::of(Action::Pay, memory) }
    }
}

/// What the host checks every decision against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The maximum pay of one decision under the terms.
    pub max_usd_e8: i64,
    /// The minimum time to the next one.
    pub min_next_ns: i64,
}

/// A policy decides what is owed. It is pure: no clock, no random number, no floating point, no state but `memory`; the same
/// input gives the same output, byte for byte, on every machine. All functions may be called from any thread.
pub trait Policy: Send + Sync + Sized + 'static {
    /// Increases when the same configuration may decide otherwise.
    const REVISION: u32;
    /// Increases when the meaning of the memory changes; the host zeroes it then.
    const MEMORY_VERSION: u32;

    /// Reads the configuration. No effects; it is called more often than there are instances.
    fn new(config: &Config, terms: &Terms) -> Result<Self>;
    fn decide(&self, terms: &Terms, sample: &Sample, memory: &Memory) -> Result<Decision>;
    fn bounds(&self, terms: &Terms) -> Result<Bounds>;
}

/// floor(usd x numerator / denominator), in 1e-8 USD: pay by a share, such as ppm / 1,000,000.
pub fn scale_usd(usd_e8: i64, numerator: u64, denominator: u64) -> Result<i64> {
    let usd = u128::try_from(usd_e8).map_err(|_| Error::new(abi::INVALID, "pay: got a negative amount, want 0 or more"))?;
    if denominator == 0 {
        return Err(Error::new(abi::INVALID, "pay: got the denominator 0, want 1 or more"));
    }
    // Below 2^63 x 2^64, so it fits.
    let value = usd * u128::from(numerator) / u128::from(denominator);
    i64::try_from(value).map_err(|_| Error::new(abi::LIMIT, "pay: the amount is too large"))
}

struct Instance<P> {
    terms: Terms,
    policy: P,
}

/// Runs `body`; a panic is an error, and so is the panic of what it left behind.
fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    let panicked = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(done) => return done,
        Err(panicked) => panicked,
    };
    let text = panicked.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| panicked.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no text".into());
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panicked))) {
        std::mem::forget(again);
    }
    Err(Error::new(abi::EXCEPTION, format!("the plugin panicked: {text}")))
}

unsafe fn answered(out: *mut abi::ErrorRecord, body: impl FnOnce() -> Result<()>) -> abi::Status {
    match caught(body) {
        Ok(()) => abi::OK,
        Err(error) => report(out, &error),
    }
}

unsafe fn text_of<'a>(text: abi::Str) -> Result<&'a str> {
    if text.len == 0 {
        return Ok("");
    }
    let bytes = std::slice::from_raw_parts(text.ptr.cast::<u8>(), text.len as usize);
    std::str::from_utf8(bytes).map_err(|_| Error::new(abi::INVALID, "configuration: not UTF-8"))
}

/// Copies as much of a record as its sender has; the rest is zero.
unsafe fn whole<T>(from: *const T) -> T {
    let mut out = std::mem::MaybeUninit::<T>::zeroed();
    let size = (from.cast::<u32>().read_unaligned() as usize).min(std::mem::size_of::<T>());
    std::ptr::copy_nonoverlapping(from.cast::<u8>(), out.as_mut_ptr().cast::<u8>(), size);
    out.assume_init()
}

unsafe fn terms_of(terms: *const abi::Terms) -> Result<Terms> {
    if terms.is_null() {
        return Err(Error::new(abi::INVALID, "no terms were given"));
    }
    let terms = whole(terms);
    Ok(Terms { interval_ns: terms.interval_ns, base_usd_e8: terms.base_usd_e8 })
}

fn sample_of(s: &abi::Sample) -> Sample {
    let has = |flag| s.flags & flag != 0;
    Sample {
        job: match s.job {
            abi::JOB_OK => Job::Ok,
            abi::JOB_FAILED => Job::Failed,
            _ => Job::Unknown,
        },
        epoch: s.epoch,
        evaluated_at_ns: s.evaluated_at,
        interval_ns: s.interval_ns,
        reported_ppm: has(abi::SAMPLE_REPORTED).then(|| s.reported_ppm),
        reported_window_s: s.reported_window_s,
        observed: has(abi::SAMPLE_OBSERVED)
            .then(|| Observed { uptime_ppm: s.observed_ppm, coverage_ppm: s.coverage_ppm }),
        suspended: has(abi::SAMPLE_SUSPENDED),
        consecutive_failures: s.consecutive_failures,
        checks_total: s.checks_total,
        checks_ok: s.checks_ok,
        base_usd_e8: s.base_usd_e8,
        latency_ns: s.latency_ns,
        demand_ppm: s.demand_ppm,
    }
}

fn record_of(d: &Decision, size: u32) -> abi::Decision {
    let mut out = abi::Decision {
        size,
        action: match d.action {
            Action::Pay => abi::PAY,
            Action::Skip => abi::SKIP,
            Action::Hold => abi::HOLD,
        },
        amount_usd_e8: d.amount_usd_e8,
        delay_ns: d.delay_ns,
        penalty_ns: d.penalty_ns,
        multiplier_ppm: d.multiplier_ppm,
        uptime_ppm: d.uptime_ppm,
        consecutive_failures: d.consecutive_failures,
        flags: if d.suspended { abi::DECISION_SUSPENDED } else { 0 },
        tier: [0; 32],
        reason: [0; 128],
        memory: abi::Memory { bytes: d.memory },
    };
    set_text(&mut out.tier, &d.tier);
    set_text(&mut out.reason, &d.reason);
    out
}

/// The C functions of one policy; `export_policy!` makes the entry of a library with them.
#[doc(hidden)]
pub struct Glue<P>(std::marker::PhantomData<P>);

impl<P: Policy> Glue<P> {
    const TABLE: abi::PolicyTable = abi::PolicyTable {
        revision: P::REVISION,
        memory_version: P::MEMORY_VERSION,
        decide: Self::decide,
        bounds: Self::bounds,
    };
    pub const LIFECYCLE: abi::Lifecycle = abi::Lifecycle {
        check_config: Self::check_config,
        create: Self::create,
        start: Self::start,
        quiesce: Self::quiesce,
        health: Self::health,
        get_interface: Self::get_interface,
        destroy: Self::destroy,
    };

    unsafe fn made(json: abi::Str, terms: *const abi::Terms) -> Result<Instance<P>> {
        let terms = terms_of(terms)?;
        let policy = P::new(&Config::parse(text_of(json)?)?, &terms)?;
        Ok(Instance { terms, policy })
    }

    unsafe extern "C" fn check_config(
        _: abi::Str, json: abi::Str, terms: *const abi::Terms, e: *mut abi::ErrorRecord,
    ) -> abi::Status {
        answered(e, || Self::made(json, terms).map(drop))
    }
    unsafe extern "C" fn create(
        _: *const abi::Host, _: abi::Str, _: abi::Str, json: abi::Str, terms: *const abi::Terms, out: *mut *mut c_void,
        e: *mut abi::ErrorRecord,
    ) -> abi::Status {
        answered(e, || {
            *out = Box::into_raw(Box::new(Self::made(json, terms)?)).cast();
            Ok(())
        })
    }
    unsafe extern "C" fn start(_: *mut c_void, _: *mut abi::ErrorRecord) -> abi::Status {
        abi::OK
    }
    unsafe extern "C" fn quiesce(_: *mut c_void) {}
    unsafe extern "C" fn health(_: *mut c_void, _: *mut abi::ErrorRecord) -> abi::Status {
        abi::OK
    }
    unsafe extern "C" fn get_interface(_: *mut c_void, id: *const c_char) -> *const c_void {
        let is_policy = std::ffi::CStr::from_ptr(id).to_bytes() == abi::POLICY.as_bytes();
        if is_policy { (&Self::TABLE as *const abi::PolicyTable).cast() } else { std::ptr::null() }
    }
    unsafe extern "C" fn destroy(i: *mut c_void) {
        let _ = caught(|| {
            drop(Box::from_raw(i.cast::<Instance<P>>()));
            Ok(())
        });
    }

    unsafe extern "C" fn decide(
        i: *const c_void, samples: *const abi::Sample, in_stride: u64, out: *mut abi::Decision, out_stride: u64,
        count: u64, e: *mut abi::ErrorRecord,
    ) -> abi::Status {
        answered(e, || {
            let instance = &*i.cast::<Instance<P>>();
            for k in 0..count {
                let sample: abi::Sample = whole(samples.cast::<u8>().add((k * in_stride) as usize).cast());
                let memory = sample.memory.bytes;
                let decision = instance.policy.decide(&instance.terms, &sample_of(&sample), &memory)?;
                // Records of another version may be shorter, and lie where theirs would.
                let to = out.cast::<u8>().add((k * out_stride) as usize);
                let size = to.cast::<u32>().read_unaligned();
                let record = record_of(&decision, size);
                let bytes = (size as usize).min(std::mem::size_of::<abi::Decision>());
                std::ptr::copy_nonoverlapping((&record as *const abi::Decision).cast::<u8>(), to, bytes);
            }
            Ok(())
        })
    }
    unsafe extern "C" fn bounds(
        i: *const c_void, terms: *const abi::Terms, max_usd_e8: *mut i64, min_next_ns: *mut i64, e: *mut abi::ErrorRecord,
    ) -> abi::Status {
        answered(e, || {
            let bounds = (*i.cast::<Instance<P>>()).policy.bounds(&terms_of(terms)?)?;
            *max_usd_e8 = bounds.max_usd_e8;
            *min_next_ns = bounds.min_next_ns;
            Ok(())
        })
    }
}

/// What a library with nothing to prepare has in its entry.
#[doc(hidden)]
pub mod entry {
    use super::abi;
    use std::os::raw::c_char;

    /// # Safety
    /// None of the arguments is read.
    pub unsafe extern "C" fn init(_: *const c_char, _: *mut abi::ErrorRecord) -> abi::Status {
        abi::OK
    }
    /// # Safety
    /// Nothing is read or written.
    pub unsafe extern "C" fn deinit() {}
    /// # Safety
    /// Nothing is read or written.
    pub unsafe extern "C" fn count() -> u32 {
        1
    }
}
