//! The push settings of the account, and the pushes that the server of the sandbox has yet to send.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::sandbox::push::line::PushLine;
use crate::sandbox::push::queued::QueuedPush;
use crate::sandbox::push::settings::PushSettings;
use crate::sandbox::scenario::Scenario;
use crate::sandbox::scenario::push_setup::PushTiming;

/// The number of attempts that are kept.
const MAX_LINES: usize = 1_000;

/// The push settings, the pushes of the current request, and the last attempts.
#[derive(Debug)]
pub(in crate::sandbox) struct Pushes {
    settings: Option<Arc<PushSettings>>,
    timing: PushTiming,
    queued: Vec<QueuedPush>,
    lines: VecDeque<PushLine>,
}

impl Pushes {
    /// Returns the settings of a scenario, without a check of the URL.
    pub(in crate::sandbox) fn new(scenario: &Scenario) -> Self {
        let settings = scenario.push.settings().ok().flatten().map(Arc::new);
        let timing = scenario.push.timing().unwrap_or_default();
        Self { settings, timing, queued: Vec::new(), lines: VecDeque::new() }
    }

    /// Returns the settings, if the account has any.
    pub(in crate::sandbox) fn settings(&self) -> Option<&PushSettings> {
        self.settings.as_deref()
    }

    /// Replaces the settings. Pushes of earlier events still use the previous ones.
    pub(in crate::sandbox) fn set_settings(&mut self, settings: Option<PushSettings>) {
        self.settings = settings.map(Arc::new);
    }

    /// Returns the settings for the next push, and the times of the account.
    pub(in crate::sandbox) fn settings_and_timing(&self) -> Option<(Arc<PushSettings>, PushTiming)> {
        self.settings.clone().map(|settings| (settings, self.timing))
    }

    /// Queues a push.
    pub(in crate::sandbox) fn enqueue(&mut self, push: QueuedPush) {
        self.queued.push(push);
    }

    /// Records an attempt.
    pub(in crate::sandbox) fn record(&mut self, line: PushLine) {
        if self.lines.len() >= MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Returns the last attempts, oldest first.
    pub(in crate::sandbox) fn lines(&self) -> &VecDeque<PushLine> {
        &self.lines
    }

    /// Returns the pushes that were not taken yet.
    pub(in crate::sandbox) fn take_queued(&mut self) -> Vec<QueuedPush> {
        std::mem::take(&mut self.queued)
    }
}
