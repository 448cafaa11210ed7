//! What comes in while `bind` waits and binds nobody: said as it comes, and counted when the time is up.

use std::collections::HashSet;

use crate::callback::{PendingBinding, RejectReason};
use crate::http_server::{RefusalReason, Refusals};
use crate::i18n::join_list;
use crate::t;
use crate::ui::Ui;

/// What has been said so far to whoever looks on.
#[derive(Default)]
pub(super) struct NoticeLog(HashSet<String>);

impl NoticeLog {
    /// At `-v` each time, else once: a flood must not fill the screen.
    pub(super) fn notify_once(&mut self, ui: &mut Ui, text: &str) {
        if log::log_enabled!(log::Level::Info) {
            log::info!("{text}");
        } else if self.0.insert(text.to_owned()) {
            ui.note(text);
        }
    }

    /// A call that was turned away. One that has the right state is nobody's attack: something stands in its way.
    pub(super) fn report_rejected(&mut self, ui: &mut Ui, why: RejectReason) {
        match why {
            RejectReason::RewrittenPath if self.0.insert(why.to_string()) => ui.warn(&t!("bind-elsewhere")),
            _ => self.notify_once(ui, &t!("bind-turned-away", why = why.to_string())),
        }
    }

    /// A request that no handler saw.
    pub(super) fn report_refused(&mut self, ui: &mut Ui, why: RefusalReason) {
        self.notify_once(ui, &t!("bind-refused", why = refusal_text(why)));
    }
}

/// All that was refused, in words; `None` where nothing was.
pub(super) fn summarize_refusals(callback: &PendingBinding, refusals: &Refusals) -> Option<String> {
    let turned_away = callback.rejected_counts().into_iter().map(|(why, count)| (why.to_string(), count));
    let refused = refusals.take_counts().into_iter().map(|(why, count)| (refusal_text(why), count));
    let mut all: Vec<(String, usize)> = turned_away.chain(refused).collect();
    // The most frequent first; the others stay in their order.
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let count: usize = all.iter().map(|(_, count)| count).sum();
    let each = all.iter().map(|(why, count)| t!("bind-refused-each", count = *count, why = why));
    (count > 0).then(|| t!("bind-refused-all", count = count, reasons = join_list(each)))
}

fn refusal_text(why: RefusalReason) -> String {
    let what = match why {
        RefusalReason::NotHttp => t!("bind-refused-not-http"),
        RefusalReason::TlsToHttp => t!("bind-refused-tls-to-http"),
        RefusalReason::HttpToTls => t!("bind-refused-http-to-tls"),
        RefusalReason::BadHost => t!("bind-refused-host"),
        RefusalReason::BadFraming => t!("bind-refused-framing"),
        RefusalReason::UnsupportedCoding => t!("bind-refused-coding"),
        RefusalReason::UnsupportedExpectation => t!("bind-refused-expectation"),
        RefusalReason::HeadTooLarge => t!("bind-refused-head"),
        RefusalReason::TooManyHeaders => t!("bind-refused-lines"),
        RefusalReason::BodyTooLarge => t!("bind-refused-body"),
        RefusalReason::BodyBudgetExhausted | RefusalReason::Busy | RefusalReason::AtCapacity => t!("bind-refused-busy"),
        RefusalReason::Timeout => t!("bind-refused-slow"),
        RefusalReason::UntrustedCertificate => t!("bind-refused-certificate"),
        RefusalReason::TlsFailure => t!("bind-refused-tls"),
    };
    match why.status() {
        Some(status) => t!("bind-refused-status", status = status.to_string(), why = what),
        None => what,
    }
}
