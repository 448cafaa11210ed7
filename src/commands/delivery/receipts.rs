//! The messages of a run whose receipts `--wait-receipt` waits for.

use std::path::PathBuf;
use std::time::Duration;

use super::message_view::MessageView;
use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::serve::PushRejectionReport;
use crate::store::{ServeLock, Store};
use crate::t;
use crate::ui::Ui;

/// How often the database is checked for receipts.
pub(super) const RECEIPT_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A wait for the receipts of the messages of a run.
pub(in crate::commands) struct ReceiptWait {
    /// The length of the wait after the run.
    pub(super) timeout: Duration,
    database: PathBuf,
    app_id: String,
    is_sandbox: bool,
    started_at: Timestamp,
    /// The user was told that no `serve` is running.
    is_warned: bool,
    store: Option<Store>,
    data_version: Option<i64>,
    messages: Vec<AwaitedMessage>,
}

/// A message that WeChat accepted.
pub(super) struct AwaitedMessage {
    pub(super) view: MessageView,
    pub(super) correlation_id: Option<u64>,
}

impl ReceiptWait {
    /// Prepares a wait of this length. Warns if no `serve` is running to receive receipts.
    ///
    /// # Errors
    ///
    /// Events cannot be received, because `[push]` is missing or unusable.
    pub(in crate::commands) fn new(ui: &mut Ui, app: &AppContext, timeout: Duration) -> anyhow::Result<Self> {
        app.push_settings()?;
        let (database, app_id) = (app.config.database.value.clone(), app.app_id().to_owned());
        let has_command = app.database_exists() && app.open_store()?.has_events_from_command(&app_id)?;
        let is_warned = !has_command && !ServeLock::is_held(&database, &app_id);
        if is_warned {
            ui.warn(&t!("serve-not-running"));
        }
        Ok(Self {
            timeout,
            database,
            app_id,
            is_sandbox: app.config.uses_sandbox(),
            started_at: Timestamp::now(),
            is_warned,
            store: None,
            data_version: None,
            messages: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, view: MessageView, correlation_id: Option<u64>) {
        // A change of the database before this message says nothing about it.
        self.data_version = None;
        self.messages.push(AwaitedMessage { view, correlation_id });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Removes and returns the messages that have a receipt now.
    pub(super) fn take_received(&mut self) -> anyhow::Result<Vec<AwaitedMessage>> {
        let store = match &mut self.store {
            Some(store) => store,
            none => none.insert(Store::open(&self.database)?),
        };
        let version = Some(store.data_version()?);
        if version == self.data_version {
            return Ok(Vec::new());
        }
        self.data_version = version;
        let mut received = Vec::new();
        for mut message in std::mem::take(&mut self.messages) {
            match store.receipt(message.view.id)? {
                Some(receipt) => {
                    message.view.receipt = Some(receipt.status);
                    message.view.receipt_at = Some(receipt.at);
                    message.view.receipt_text = receipt.text;
                    received.push(message);
                }
                None => self.messages.push(message),
            }
        }
        Ok(received)
    }

    /// Prints why receipts are missing, as far as that is known: pushes were rejected, or no process
    /// receives them.
    pub(super) fn explain_missing(&self, ui: &mut Ui) -> anyhow::Result<()> {
        let Some(store) = self.store.as_ref().filter(|_| !self.messages.is_empty()) else { return Ok(()) };
        match PushRejectionReport::read(store, &self.app_id)?.filter(|report| report.last_at >= self.started_at) {
            Some(report) => {
                let what = report.describe(Timestamp::now());
                ui.warn(&t!("ui-cause", what = what, cause = report.fix(self.is_sandbox)));
            }
            None if !self.is_warned && !ServeLock::is_held(&self.database, &self.app_id) => {
                ui.warn(&t!("serve-not-running"));
            }
            None => {}
        }
        Ok(())
    }

    /// Removes and returns the messages without a receipt.
    pub(super) fn take_remaining(&mut self) -> Vec<AwaitedMessage> {
        std::mem::take(&mut self.messages)
    }
}
