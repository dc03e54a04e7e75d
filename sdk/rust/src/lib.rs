//! Plugins of stipend in Rust. A policy is a type with the trait [`Policy`], and one macro:
//!
//! ```
//! use stipend_plugin::{Bounds, Config, Decision, Memory, Policy, Result, Sample, Terms};
//!
//! struct Flat { pay_usd_e8: i64 }
//!
//! impl Policy for Flat {
//!     const REVISION: u32 = 1;
//!     const MEMORY_VERSION: u32 = 1;
//!     fn new(config: &Config, _: &Terms) -> Result<Self> {
//!         Ok(Flat { pay_usd_e8: config.scaled("pay_usd", 8, 0, 1_000 * stipend_plugin::E8)? })
//!     }
//!     fn decide(&self, _: &Terms, _: &Sample, memory: &Memory) -> Result<Decision> {
//!         Ok(Decision::pay(self.pay_usd_e8, memory))
//!     }
//!     fn bounds(&self, terms: &Terms) -> Result<Bounds> {
//!         Ok(Bounds { max_usd_e8: self.pay_usd_e8, min_next_ns: terms.interval_ns })
//!     }
//! }
//!
//! stipend_plugin::export_policy! {
//!     policy: Flat,
//!     id: "org.example.flat",
//!     name: "Flat",
//!     version: "1.0.0",
//!     license: "MIT",
//!     description: "Pays a fixed amount for each period.",
//!     config_schema: r#"{"type": "object", "additionalProperties": false, "required": ["pay_usd"],
//!         "properties": {"pay_usd": {"type": "number", "minimum": 0, "maximum": 1000}}}"#,
//! }
//! # fn main() {}
//! ```
//!
//! The crate is of type `cdylib` and exports one symbol. A panic is caught at each call and is an error there; it needs
//! `panic = "unwind"`, which is the default. No function here starts a thread or changes the process.

pub mod abi;
mod config;
mod error;
mod json;
mod policy;

pub use config::{decimal, scaled_text, Config};
pub use error::{Error, Result};
pub use json::Json;
pub use policy::{scale_usd, Action, Bounds, Decision, Job, Memory, Observed, Policy, Sample, Terms};

#[doc(hidden)]
pub use policy::{entry, Glue};

/// 1 USD in units of 1e-8 USD.
pub const E8: i64 = 100_000_000;
/// All of something, in parts per million.
pub const PPM_ONE: u64 = 1_000_000;

/// Exports a library with one policy. The texts are literals; `id` is reverse DNS and never changes.
#[macro_export]
macro_rules! export_policy {
    (
        policy: $policy:ty,
        id: $id:literal,
        name: $name:literal,
        version: $version:literal,
        license: $license:literal,
        description: $description:literal,
        config_schema: $schema:literal $(,)?
    ) => {
        const _: () = {
            use $crate::abi;
            use std::os::raw::c_char;

            static KINDS: abi::Static<[*const c_char; 2]> =
                abi::Static([b"stipend.policy/1\0".as_ptr() as *const c_char, std::ptr::null()]);
            static DESCRIPTOR: abi::Static<abi::Descriptor> = abi::Static(abi::Descriptor {
                size: std::mem::size_of::<abi::Descriptor>() as u32,
                flags: 0,
                id: concat!($id, "\0").as_ptr() as *const c_char,
                name: concat!($name, "\0").as_ptr() as *const c_char,
                version: concat!($version, "\0").as_ptr() as *const c_char,
                vendor: "\0".as_ptr() as *const c_char,
                license: concat!($license, "\0").as_ptr() as *const c_char,
                description: concat!($description, "\0").as_ptr() as *const c_char,
                url: "\0".as_ptr() as *const c_char,
                config_schema_json: concat!($schema, "\0").as_ptr() as *const c_char,
                kinds: unsafe { std::ptr::addr_of!(KINDS) } as *const *const c_char,
            });
            static LIFECYCLE: abi::Static<abi::Lifecycle> = abi::Static($crate::Glue::<$policy>::LIFECYCLE);

            unsafe extern "C" fn describe(index: u32) -> *const abi::Descriptor {
                if index == 0 { &DESCRIPTOR.0 } else { std::ptr::null() }
            }

            #[no_mangle]
            #[allow(non_upper_case_globals)]
            pub static stipend_entry_v1: abi::Static<abi::Entry> = abi::Static(abi::Entry {
                magic: abi::MAGIC,
                size: std::mem::size_of::<abi::Entry>() as u32,
                abi_major: abi::ABI_MAJOR,
                abi_minor: abi::ABI_MINOR,
                sdk: concat!("stipend-plugin ", "0.1.0", ", Rust\0").as_ptr() as *const c_char,
                build: "rustc\0".as_ptr() as *const c_char,
                init: $crate::entry::init,
                deinit: $crate::entry::deinit,
                count: $crate::entry::count,
                describe,
                lifecycle: unsafe { std::ptr::addr_of!(LIFECYCLE) } as *const abi::Lifecycle,
                check_target: None,
            });
        };
    };
}
