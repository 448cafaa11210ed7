//! Faults: API calls and pushes that the sandbox makes fail, as the scenario or an admin form asks
//! for.

mod config;
mod fault;
mod plan;

pub(super) use config::parse_faults;
pub use fault::Fault;
pub(super) use fault::{Effect, PushFault};
pub(super) use plan::{FaultPlan, describe_effects};
