//! Lets a person at a terminal pick arguments that the command line lacks: users, recipients,
//! messages. In a script the missing argument stays a usage error; see `cli/missing.rs`.

mod messages;
mod recipients;
mod users;

pub(crate) use messages::pick_messages;
pub(crate) use recipients::pick_recipients;
pub(crate) use users::{pick_bound_user, pick_user, pick_users_to_bind};
