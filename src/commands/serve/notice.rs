//! What the threads of the service tell the command, which prints it.

use crate::serve::ServeEvent;

/// Something to print.
pub(super) enum Notice {
    /// An event of the account.
    Event(ServeEvent),
    /// A problem.
    Warning(String),
    /// The problem of the delivery is over.
    Recovered,
}
