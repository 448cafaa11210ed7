//! What comes in while `bind` waits and binds nobody: said as it comes, and counted when the time is up.

use std::collections::HashSet;

use crate::callback::{Callback, Reason};
use crate::http::{Refusals, Refused};
use crate::t;
use crate::ui::Ui;
use crate::words::listed;

/// What has been said so far to whoever looks on.
#[derive(Default)]
pub(super) struct Said(HashSet<String>);

impl Said {
    /// At `-v` each time, else once: a flood must not fill the screen.
    pub(super) fn note(&mut self, ui: &mut Ui, text: &str) {
        if log::log_enabled!(log::Level::Info) {
            log::info!("{text}");
        } else if self.0.insert(text.to_owned()) {
            ui.whisper(text);
        }
    }

    /// A call that was turned away. One that has the right state is nobody's attack: something stands in its way.
    pub(super) fn turned_away(&mut self, ui: &mut Ui, why: Reason) {
        match why {
            Reason::Elsewhere if self.0.insert(why.to_string()) => ui.warn(&t!("bind-elsewhere")),
            _ => self.note(ui, &t!("bind-turned-away", why = why.to_string())),
        }
    }

    /// A request that no handler saw.
    pub(super) fn refused(&mut self, ui: &mut Ui, why: Refused) {
        self.note(ui, &t!("bind-refused", why = said(why)));
    }
}

/// All that was refused, in words; `None` where nothing was.
pub(super) fn summary(callback: &Callback, refusals: &Refusals) -> Option<String> {
    let turned_away = callback.turned_away().into_iter().map(|(why, count)| (why.to_string(), count));
    let refused = refusals.take().into_iter().map(|(why, count)| (said(why), count));
    let mut all: Vec<(String, usize)> = turned_away.chain(refused).collect();
    // The most frequent first; the others stay in their order.
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let count: usize = all.iter().map(|(_, count)| count).sum();
    let each = all.iter().map(|(why, count)| t!("bind-refused-each", count = *count, why = why));
    (count > 0).then(|| t!("bind-refused-all", count = count, reasons = listed(each)))
}

fn said(why: Refused) -> String {
    let what = match why {
        Refused::NotHttp => t!("bind-refused-not-http"),
        Refused::TlsToHttp => t!("bind-refused-tls-to-http"),
        Refused::HttpToTls => t!("bind-refused-http-to-tls"),
        Refused::Host => t!("bind-refused-host"),
        Refused::Framing => t!("bind-refused-framing"),
        Refused::Coding => t!("bind-refused-coding"),
        Refused::Expectation => t!("bind-refused-expectation"),
        Refused::HeadTooLarge => t!("bind-refused-head"),
        Refused::TooManyLines => t!("bind-refused-lines"),
        Refused::BodyTooLarge => t!("bind-refused-body"),
        Refused::Memory | Refused::Busy | Refused::Full => t!("bind-refused-busy"),
        Refused::Slow => t!("bind-refused-slow"),
        Refused::Certificate => t!("bind-refused-certificate"),
        Refused::Tls => t!("bind-refused-tls"),
    };
    match why.status() {
        Some(status) => t!("bind-refused-status", status = status.to_string(), why = what),
        None => what,
    }
}
