//! WeChat's rules for the values of a template message: which values it rejects with 47003, and
//! which it accepts but does not display.
//!
//! None of this keeps a message from being sent: on a test account a key such as `date1` may be any
//! name that its owner chose, and WeChat decides. The checks are pure; findings are data, and their
//! texts are in `messages`.
//!
//! Typed keys: doc/service/guide/product/template_message/Template_Message_Interface. Values that
//! are not displayed: the announcement community/develop/doc/000a2ae286cdc0f41a8face4c51801, in
//! force since 2023-05-04.

mod check;
mod field_types;
mod messages;
mod preview;
#[cfg(test)]
mod tests;

pub use check::{Finding, Level, Rule, check_data, truncate_values};
pub use field_types::TemplateFieldType;
pub use messages::{describe, describe_joined, describe_problem, describe_type};
pub use preview::{DISPLAY_CHARS, displayed, preview};
