//! The records and tables of the C headers (`stipend/abi/*.h`), field by field. `tests/layout.rs` holds each to the layout
//! that the C compilers give it. An author needs none of this.

use std::os::raw::{c_char, c_void};

pub type Status = i32;
pub const OK: Status = 0;
pub const INVALID: Status = -1;
pub const CONFIG: Status = -2;
pub const UNSUPPORTED: Status = -3;
pub const BUSY: Status = -4;
pub const TIMEOUT: Status = -5;
pub const CANCELLED: Status = -6;
pub const UNAVAILABLE: Status = -7;
pub const STATE: Status = -8;
pub const EXCEPTION: Status = -9;
pub const LIMIT: Status = -10;
pub const CONFLICT: Status = -11;
pub const INTERNAL: Status = -12;
pub const ERROR_PERMANENT: u32 = 1;

pub const MAGIC: u32 = 0x3150_5453;
pub const ABI_MAJOR: u32 = 1;
pub const ABI_MINOR: u32 = 0;
pub const POLICY: &str = "stipend.policy/1";

pub const JOB_OK: i32 = 1;
pub const JOB_FAILED: i32 = 2;
pub const JOB_UNKNOWN: i32 = 3;
pub const PAY: i32 = 1;
pub const SKIP: i32 = 2;
pub const HOLD: i32 = 3;
pub const SAMPLE_REPORTED: u32 = 1;
pub const SAMPLE_OBSERVED: u32 = 2;
pub const SAMPLE_SUSPENDED: u32 = 4;
pub const DECISION_SUSPENDED: u32 = 1;

/// What a record looks like in memory: its name in C, size, alignment, and (name, offset, size) of each field.
pub struct Layout {
    pub name: &'static str,
    pub size: usize,
    pub align: usize,
    pub fields: Vec<(&'static str, usize, usize)>,
}

fn size_behind<T>(_: *const T) -> usize {
    std::mem::size_of::<T>()
}

macro_rules! records {
    ($($c_name:literal $name:ident { $($field:ident: $type:ty,)* })*) => {
        $(
            #[repr(C)]
            #[derive(Clone, Copy)]
            pub struct $name { $(pub $field: $type,)* }
        )*

        /// Of every record above.
        pub fn layouts() -> Vec<Layout> {
            vec![$({
                let record = std::mem::MaybeUninit::<$name>::uninit();
                let base = record.as_ptr();
                Layout {
                    name: $c_name,
                    size: std::mem::size_of::<$name>(),
                    align: std::mem::align_of::<$name>(),
                    fields: vec![$({
                        // SAFETY: the address of a field is taken; nothing is read.
                        let field = unsafe { std::ptr::addr_of!((*base).$field) };
                        (stringify!($field), field as usize - base as usize, size_behind(field))
                    }),*],
                }
            }),*]
        }
    };
}

records! {
    "stipend_str" Str { ptr: *const c_char, len: u64, }
    "stipend_error" ErrorRecord { size: u32, flags: u32, path: [u8; 128], message: [u8; 368], }
    "stipend_host" Host {
        size: u32,
        abi_minor: u32,
        host_data: *mut c_void,
        name: *const c_char,
        version: *const c_char,
        get_interface: Option<unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void>,
    }
    "stipend_terms" Terms { size: u32, reserved0: u32, interval_ns: i64, base_usd_e8: i64, }
    "stipend_lifecycle_v1" Lifecycle {
        check_config: unsafe extern "C" fn(Str, Str, *const Terms, *mut ErrorRecord) -> Status,
        create: unsafe extern "C" fn(
            *const Host, Str, Str, Str, *const Terms, *mut *mut c_void, *mut ErrorRecord) -> Status,
        start: unsafe extern "C" fn(*mut c_void, *mut ErrorRecord) -> Status,
        quiesce: unsafe extern "C" fn(*mut c_void),
        health: unsafe extern "C" fn(*mut c_void, *mut ErrorRecord) -> Status,
        get_interface: unsafe extern "C" fn(*mut c_void, *const c_char) -> *const c_void,
        destroy: unsafe extern "C" fn(*mut c_void),
    }
    "stipend_descriptor" Descriptor {
        size: u32,
        flags: u32,
        id: *const c_char,
        name: *const c_char,
        version: *const c_char,
        vendor: *const c_char,
        license: *const c_char,
        description: *const c_char,
        url: *const c_char,
        config_schema_json: *const c_char,
        kinds: *const *const c_char,
    }
    "stipend_entry" Entry {
        magic: u32,
        size: u32,
        abi_major: u32,
        abi_minor: u32,
        sdk: *const c_char,
        build: *const c_char,
        init: unsafe extern "C" fn(*const c_char, *mut ErrorRecord) -> Status,
        deinit: unsafe extern "C" fn(),
        count: unsafe extern "C" fn() -> u32,
        describe: unsafe extern "C" fn(u32) -> *const Descriptor,
        lifecycle: *const Lifecycle,
        check_target: Option<
            unsafe extern "C" fn(Str, Str, *const Terms, *const c_void, *mut ErrorRecord) -> Status>,
    }
    "stipend_memory" Memory { bytes: [u8; 128], }
    "stipend_sample" Sample {
        size: u32,
        job: i32,
        epoch: u64,
        evaluated_at: i64,
        interval_ns: i64,
        reported_ppm: u32,
        observed_ppm: u32,
        coverage_ppm: u32,
        consecutive_failures: u32,
        flags: u32,
        reported_window_s: u32,
        checks_total: u64,
        checks_ok: u64,
        base_usd_e8: i64,
        latency_ns: i64,
        memory: Memory,
        demand_ppm: u32,
        reserved: u32,
    }
    "stipend_decision" Decision {
        size: u32,
        action: i32,
        amount_usd_e8: i64,
        delay_ns: i64,
        penalty_ns: i64,
        multiplier_ppm: u32,
        uptime_ppm: u32,
        consecutive_failures: u32,
        flags: u32,
        tier: [u8; 32],
        reason: [u8; 128],
        memory: Memory,
    }
    "stipend_policy_v1" PolicyTable {
        revision: u32,
        memory_version: u32,
        decide: unsafe extern "C" fn(
            *const c_void, *const Sample, u64, *mut Decision, u64, u64, *mut ErrorRecord) -> Status,
        bounds: unsafe extern "C" fn(*const c_void, *const Terms, *mut i64, *mut i64, *mut ErrorRecord) -> Status,
    }
}

/// A record whose pointers lead to constants, so that it may be a static.
#[repr(transparent)]
pub struct Static<T>(pub T);
// SAFETY: nothing behind these pointers is ever written.
unsafe impl<T> Sync for Static<T> {}
