//! Groups the undelivered messages of a run by their cause, so that each cause is reported once.

use std::collections::{HashMap, HashSet};

use super::message_view::{MessageReport, MessageView};
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_first;
use crate::store::{MessageState, ReceiptStatus};
use crate::t;
use crate::ui::Ui;

/// The undelivered messages of a run, in the order in which their causes first occurred.
#[derive(Default)]
pub(super) struct ProblemGroups {
    groups: Vec<ProblemGroup>,
    /// The indices of the groups by their cause.
    index: HashMap<ProblemCause, usize>,
}

/// Messages that were not delivered for the same reason.
struct ProblemGroup {
    first: Box<MessageView>,
    problem: Problem,
    count: usize,
    /// The recipients, each once, in their order.
    names: Vec<String>,
    known_names: HashSet<String>,
}

/// The problem of a message that is not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Problem {
    /// An earlier message has the same key.
    Duplicate,
    /// WeChat reported that it did not deliver the message.
    Receipt(ReceiptStatus),
    /// No receipt came in time.
    NoReceipt,
    /// The message is in a state other than `sent`.
    State(MessageState),
}

/// Messages with the same cause are reported together.
#[derive(PartialEq, Eq, Hash)]
struct ProblemCause {
    problem: Problem,
    errcode: Option<i64>,
    /// The error, if it has no code. WeChat's text of one code differs between messages.
    error: Option<String>,
}

impl Problem {
    /// Returns the problem of a message; `None` if it is reported as a result.
    fn of(report: &MessageReport, view: &MessageView) -> Option<Self> {
        let is_queued_on_request = report.only_queued && view.state == MessageState::Queued;
        match view.receipt {
            _ if view.duplicate && view.state != MessageState::Sent => {
                (!is_queued_on_request).then_some(Self::Duplicate)
            }
            _ if view.duplicate => None,
            _ if report.receipt_missing => Some(Self::NoReceipt),
            Some(status @ (ReceiptStatus::Blocked | ReceiptStatus::Failed)) => Some(Self::Receipt(status)),
            _ if view.state == MessageState::Sent || is_queued_on_request => None,
            _ => Some(Self::State(view.state)),
        }
    }

    /// Describes the problem of several messages.
    fn describe(self, count: usize, names: &[String]) -> String {
        let names = join_first(names);
        match self {
            Self::Duplicate => t!("send-many-duplicate", count = count, names = names),
            Self::Receipt(ReceiptStatus::Blocked) => t!("send-many-blocked", count = count, names = names),
            Self::Receipt(_) => t!("send-many-not-received", count = count, names = names),
            Self::NoReceipt => t!("send-many-no-receipt", count = count, names = names),
            Self::State(MessageState::Unknown) => t!("send-many-unknown", count = count, names = names),
            Self::State(MessageState::Queued) => t!("send-many-queued", count = count, names = names),
            Self::State(MessageState::Cancelled) => t!("send-many-cancelled", count = count, names = names),
            Self::State(MessageState::Expired) => t!("send-many-expired", count = count, names = names),
            Self::State(MessageState::Failed | MessageState::Sent) => {
                t!("send-many-failed", count = count, names = names)
            }
        }
    }
}

impl ProblemGroups {
    /// Takes a message that was not delivered; returns any other one.
    pub(super) fn take(&mut self, report: MessageReport) -> Option<MessageReport> {
        let problem = report.message.as_ref().ok().and_then(|view| Problem::of(&report, view));
        let Some(problem) = problem.filter(|_| !report.reason_reported) else { return Some(report) };
        let view = match report.message {
            Ok(view) => view,
            Err(_) => return Some(report),
        };
        let error = view.errcode.is_none().then(|| view.error.clone()).flatten();
        let cause = ProblemCause { problem, errcode: view.errcode, error };
        let name = view.recipient().to_owned();
        match self.index.get(&cause).and_then(|place| self.groups.get_mut(*place)) {
            Some(group) => {
                group.count += 1;
                // A person with several messages is named once.
                if group.known_names.insert(name.clone()) {
                    group.names.push(name);
                }
            }
            None => {
                self.index.insert(cause, self.groups.len());
                let known_names = HashSet::from([name.clone()]);
                let (first, names) = (Box::new(view), vec![name]);
                self.groups.push(ProblemGroup { first, problem, count: 1, names, known_names });
            }
        }
        None
    }

    /// Prints all groups.
    pub(super) fn print(self, ui: &mut Ui) {
        self.groups.iter().for_each(|group| ui.error(&group.error()));
    }
}

impl ProblemGroup {
    fn error(&self) -> CommandError {
        let view = &self.first;
        let is_receipt = matches!(self.problem, Problem::NoReceipt | Problem::Receipt(_));
        let exit = if is_receipt { ExitStatus::Undelivered } else { ExitStatus::Unexpected };
        let (message, hint) = match (self.count, is_receipt) {
            (1, true) => (view.receipt_problem(), view.receipt_hint()),
            (1, false) => (view.problem(), view.hint.clone()),
            (count, _) => {
                let what = self.problem.describe(count, &self.names);
                let error = if is_receipt { view.receipt_text.as_deref() } else { view.error.as_deref() };
                let hint = match self.problem {
                    Problem::NoReceipt => Some(t!("send-no-receipt-hint-many")),
                    Problem::Receipt(_) => None,
                    _ => view.group_hint.clone(),
                };
                match error.filter(|error| !error.is_empty() && self.problem != Problem::Duplicate) {
                    Some(error) => (t!("ui-cause", what = what, cause = error), hint),
                    None => (what, hint),
                }
            }
        };
        CommandError { exit, message, hint }
    }
}
