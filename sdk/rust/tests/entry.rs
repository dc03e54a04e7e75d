//! A policy behind its exported entry, called as a host calls it; panics included.

use std::ffi::CStr;
use std::os::raw::c_void;
use stipend_plugin::{abi, Bounds, Config, Decision, Job, Memory, Policy, Result, Sample, Terms};

struct Odd {
    divisor: i64,
}

impl Policy for Odd {
    const REVISION: u32 = 3;
    const MEMORY_VERSION: u32 = 4;
    fn new(config: &Config, _: &Terms) -> Result<Self> {
        let divisor = config.integer("divisor", 0, 9)?;
        assert_ne!(divisor, 9, "nine");
        Ok(Odd { divisor })
    }
    fn decide(&self, terms: &Terms, sample: &Sample, memory: &Memory) -> Result<Decision> {
        if sample.job != Job::Ok {
            return Ok(Decision::hold("not ok"));
        }
        let mut next = *memory;
        next[0] += 1;
        Ok(Decision { tier: "t".repeat(40), ..Decision::pay(terms.base_usd_e8 / self.divisor, &next) })
    }
    fn bounds(&self, terms: &Terms) -> Result<Bounds> {
        Ok(Bounds { max_usd_e8: terms.base_usd_e8, min_next_ns: terms.interval_ns })
    }
}

impl Drop for Odd {
    fn drop(&mut self) {
        assert_ne!(self.divisor, 8, "eight");
    }
}

stipend_plugin::export_policy! {
    policy: Odd,
    id: "org.example.odd",
    name: "Odd",
    version: "1.0.0",
    license: "MIT",
    description: "",
    config_schema: "{}",
}

extern "C" {
    #[link_name = "stipend_entry_v1"]
    static ENTRY: abi::Entry;
}

const TERMS: abi::Terms = abi::Terms { size: 24, reserved0: 0, interval_ns: 60, base_usd_e8: 100 };

fn text(from: &str) -> abi::Str {
    abi::Str { ptr: from.as_ptr().cast(), len: from.len() as u64 }
}

fn no_error() -> abi::ErrorRecord {
    abi::ErrorRecord { size: std::mem::size_of::<abi::ErrorRecord>() as u32, flags: 0, path: [0; 128], message: [0; 368] }
}

fn message(error: &abi::ErrorRecord) -> &str {
    CStr::from_bytes_with_nul(&error.message[..=error.message.iter().position(|&b| b == 0).unwrap()]).unwrap().to_str().unwrap()
}

fn life() -> &'static abi::Lifecycle {
    unsafe { &*ENTRY.lifecycle }
}

fn create(json: &str, error: &mut abi::ErrorRecord) -> (abi::Status, *mut c_void) {
    let mut out = std::ptr::null_mut();
    let status = unsafe {
        (life().create)(std::ptr::null(), text("org.example.odd"), text("t"), text(json), &TERMS, &mut out, error)
    };
    (status, out)
}

fn sample(job: i32) -> abi::Sample {
    // SAFETY: a record of numbers.
    let mut out: abi::Sample = unsafe { std::mem::zeroed() };
    out.size = std::mem::size_of::<abi::Sample>() as u32;
    out.job = job;
    out.memory.bytes[0] = 6;
    out
}

fn decide(instance: *mut c_void, samples: &[abi::Sample], error: &mut abi::ErrorRecord) -> (abi::Status, Vec<abi::Decision>) {
    // SAFETY: a record of numbers.
    let mut empty: abi::Decision = unsafe { std::mem::zeroed() };
    empty.size = std::mem::size_of::<abi::Decision>() as u32;
    let mut out = vec![empty; samples.len()];
    let status = unsafe {
        let table = (life().get_interface)(instance, b"stipend.policy/1\0".as_ptr().cast()).cast::<abi::PolicyTable>();
        assert_eq!(((*table).revision, (*table).memory_version), (3, 4));
        ((*table).decide)(instance, samples.as_ptr(), samples[0].size.into(), out.as_mut_ptr(), empty.size.into(),
                          samples.len() as u64, error)
    };
    (status, out)
}

#[test]
fn samples_are_decided_and_records_filled() {
    let mut error = no_error();
    let (status, instance) = create("{\"divisor\": 3}", &mut error);
    assert_eq!(status, abi::OK);
    let (status, decisions) = decide(instance, &[sample(abi::JOB_OK), sample(abi::JOB_FAILED)], &mut error);
    assert_eq!(status, abi::OK);
    assert_eq!((decisions[0].action, decisions[0].amount_usd_e8, decisions[0].memory.bytes[0]), (abi::PAY, 33, 7));
    assert_eq!(&decisions[0].tier[..], &[&[b't'; 31][..], &[0]].concat()[..]);
    assert_eq!((decisions[1].action, decisions[1].amount_usd_e8), (abi::HOLD, 0));
    assert_eq!(&decisions[1].reason[..7], b"not ok\0");
    unsafe {
        assert!((life().get_interface)(instance, b"stipend.price/1\0".as_ptr().cast()).is_null());
        (life().destroy)(instance);
    }
}

#[test]
fn a_panic_is_an_error_at_each_call() {
    let mut error = no_error();
    assert_eq!(create("{\"divisor\": 9}", &mut error).0, abi::EXCEPTION);
    assert!(message(&error).contains("the plugin panicked: ") && message(&error).contains("nine"), "{}", message(&error));
    let (_, instance) = create("{\"divisor\": 0}", &mut error);
    assert_eq!(decide(instance, &[sample(abi::JOB_OK)], &mut error).0, abi::EXCEPTION);
    assert!(message(&error).contains("divide by zero"), "{}", message(&error));
    unsafe { (life().destroy)(instance) };
    let (_, instance) = create("{\"divisor\": 8}", &mut error);
    unsafe { (life().destroy)(instance) };
}

#[test]
fn a_configuration_that_is_refused_makes_no_instance() {
    let mut error = no_error();
    let (status, instance) = create("{\"divisor\": 10}", &mut error);
    assert_eq!(status, abi::CONFIG);
    assert!(instance.is_null());
    assert_eq!(message(&error), "got 10, want a whole number in 0 .. 9");
    assert_eq!((error.flags, &error.path[..9]), (abi::ERROR_PERMANENT, &b"/divisor\0"[..]));
    let broken = abi::Str { ptr: b"\xff".as_ptr().cast(), len: 1 };
    let status = unsafe { (life().check_config)(text(""), broken, &TERMS, std::ptr::null_mut()) };
    assert_eq!(status, abi::INVALID);
}
