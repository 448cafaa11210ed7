//! Counters for monitoring, in Prometheus' text format. No label holds a name, an openid or a text.
//!
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::store::{OutboxCounts, Store};

/// The labels of a counter, with its name.
type CounterKey = (&'static str, Vec<(&'static str, String)>);

/// The counters of this process, since it started.
#[derive(Default)]
pub struct Metrics {
    counters: Mutex<BTreeMap<CounterKey, u64>>,
}

/// The counters that this process has.
const COUNTERS: [&str; 5] = [
    "wxbox_attempts_total",
    "wxbox_receipts_total",
    "wxbox_events_total",
    "wxbox_refused_pushes_total",
    "wxbox_http_requests_total",
];

impl Metrics {
    /// Counts an attempt to send a message.
    pub fn count_attempt(&self, api: &str, outcome: &str) {
        self.count("wxbox_attempts_total", &[("api", api), ("outcome", outcome)]);
    }

    /// Counts a receipt.
    pub fn count_receipt(&self, receipt: &str) {
        self.count("wxbox_receipts_total", &[("receipt", receipt)]);
    }

    /// Counts an event that was recorded.
    pub fn count_event(&self, event: &str) {
        self.count("wxbox_events_total", &[("event", event)]);
    }

    /// Counts a push that was rejected.
    pub fn count_rejected_push(&self, reason: &str) {
        self.count("wxbox_refused_pushes_total", &[("reason", reason)]);
    }

    /// Counts a request. `path` must be one of a few fixed labels.
    pub fn count_request(&self, path: &str, status: u16) {
        self.count("wxbox_http_requests_total", &[("path", path), ("status", &status.to_string())]);
    }

    fn count(&self, name: &'static str, labels: &[(&'static str, &str)]) {
        let labels = labels.iter().map(|(label, value)| (*label, (*value).to_owned())).collect();
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        *counters.entry((name, labels)).or_default() += 1;
    }

    /// Returns the page: the counters, and the number of messages by state.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn render(&self, store: &Store, app_id: &str, now: Timestamp) -> crate::store::Result<String> {
        let OutboxCounts { by_state, oldest_queued } = store.counts(app_id)?;
        let mut page = String::new();
        header(&mut page, "wxbox_messages", "gauge");
        for (state, count) in by_state {
            line(&mut page, "wxbox_messages", &[("state", state.as_str().to_owned())], &count);
        }
        let name = "wxbox_oldest_queued_seconds";
        header(&mut page, name, "gauge");
        line(&mut page, name, &[], &oldest_queued.map_or(0, |at| now.age_since(at)));
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        for name in COUNTERS {
            header(&mut page, name, "counter");
            for ((_, labels), count) in counters.iter().filter(|((counter, _), _)| *counter == name) {
                line(&mut page, name, labels, count);
            }
        }
        Ok(page)
    }
}

fn header(page: &mut String, name: &str, kind: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "# TYPE {name} {kind}");
}

fn line(page: &mut String, name: &str, labels: &[(&'static str, String)], value: &impl std::fmt::Display) {
    let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escape(value))).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(page, "{name}{labels} {value}");
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_has_a_header_for_each_metric_and_escaped_labels() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let metrics = Metrics::default();
        metrics.count_request("/push", 200);
        metrics.count_request("/push", 200);
        metrics.count_event("a\"b\\");
        let page = metrics.render(&store, "wx1", Timestamp(0)).unwrap();
        for expected in [
            "# TYPE wxbox_messages gauge\nwxbox_messages{state=\"queued\"} 0\n",
            "wxbox_oldest_queued_seconds 0\n",
            "wxbox_http_requests_total{path=\"/push\",status=\"200\"} 2\n",
            "wxbox_events_total{event=\"a\\\"b\\\\\"} 1\n",
            "# TYPE wxbox_receipts_total counter\n",
        ] {
            assert!(page.contains(expected), "{expected}\n{page}");
        }
    }
}
