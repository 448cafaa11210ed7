//! `outbox follow`: prints new messages and changes of messages as they happen.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use super::content_text::KnownTemplates;
use super::message_table::{MessageListItem, MessageTable};
use super::selection::{MessageSelection, check_columns};
use crate::cli::OutboxFollow;
use crate::clock::ClockReading;
use crate::context::AppContext;
use crate::delivery::{OutboxWatcher, WATCH_INTERVAL, file_id};
use crate::exit::ExitStatus;
use crate::signals::Waiter;
use crate::store::{self, Message, MessageFilter, MessageState, MessageVersion, Store};
use crate::t;
use crate::ui::Ui;

/// The number of earlier messages that are printed first, unless an option says otherwise.
const DEFAULT_LINES: u32 = 10;

pub(super) fn follow(ui: &mut Ui, app: &AppContext, args: &OutboxFollow) -> anyhow::Result<ExitStatus> {
    check_columns(ui, &args.filter.columns)?;
    let app_id = app.require_app_id()?;
    let store = app.open_existing_store()?;
    let selection = MessageSelection::resolve(app, &store, &args.filter, None)?;
    let templates = KnownTemplates::read(app, &store, &app_id)?;
    let mut waiter = Waiter::new()?;
    let mut table = MessageTable::for_changes(ui, &args.filter.columns, templates);
    let mut outbox = FollowedOutbox::new(app.config.database.value.clone(), app_id.clone());
    if store.is_file_backed() {
        // Read the versions before the list, so that no change is missed.
        outbox.changed_ids()?;
    } else {
        // All messages of a database that appears from now on are new.
        outbox.remember(&[]);
    }
    let lines = args.lines.or_else(|| args.filter.since.is_none().then_some(DEFAULT_LINES));
    if lines != Some(0) {
        let mut earlier = store.messages(&app_id, &MessageFilter { limit: lines, ..selection.filter() })?;
        earlier.reverse();
        outbox.remember(&earlier);
        print_messages(ui, &mut table, earlier)?;
    }
    drop(store);
    ui.note(&t!("outbox-following"));
    loop {
        let ids = outbox.changed_ids()?;
        if let (Some(store), false) = (outbox.store(), ids.is_empty()) {
            let mut changed = store.messages(&app_id, &MessageFilter { ids: Some(&ids), ..selection.filter() })?;
            changed.sort_by_key(|message| (message.last_change(), message.id));
            outbox.remember(&changed);
            print_messages(ui, &mut table, changed)?;
        }
        if ui.has_lost_reader() {
            return Ok(ExitStatus::Success);
        }
        if let Some(signal) = waiter.wait(Some(Instant::now() + WATCH_INTERVAL))? {
            return Ok(signal.exit_status());
        }
    }
}

/// Prints messages as JSON or as rows of the table.
fn print_messages(ui: &mut Ui, table: &mut MessageTable, messages: Vec<Message>) -> anyhow::Result<()> {
    for message in messages {
        let item = MessageListItem::new(message)?;
        if ui.json() {
            ui.print(&item)?;
        } else {
            table.add(&item);
        }
    }
    table.print(ui)
}

/// The outbox at the last check. Its database may not exist yet, and may be replaced.
struct FollowedOutbox {
    path: PathBuf,
    app_id: String,
    /// The watcher, with the file that it has opened.
    watcher: Option<(OutboxWatcher, (u64, u64))>,
    /// The versions at the last check; `None` before the first one.
    versions: Option<HashMap<i64, MessageVersion>>,
}

impl FollowedOutbox {
    fn new(path: PathBuf, app_id: String) -> Self {
        Self { path, app_id, watcher: None, versions: None }
    }

    fn store(&self) -> Option<&Store> {
        self.watcher.as_ref().map(|(watcher, _)| watcher.store())
    }

    /// Returns the IDs of the messages that are new or have changed since the last call; none at
    /// the first call.
    fn changed_ids(&mut self) -> anyhow::Result<Vec<i64>> {
        let Some(file_id) = file_id(&self.path) else {
            // All messages of a database that appears later are new.
            self.versions.get_or_insert_default();
            return Ok(Vec::new());
        };
        let watcher = match &mut self.watcher {
            Some((watcher, opened_id)) if *opened_id == file_id => watcher,
            _ => {
                // Close the old file before the new one is opened, so that its locks are released.
                self.watcher = None;
                let opened = OutboxWatcher::open(&self.path, &self.app_id)?;
                &mut self.watcher.insert((opened, file_id)).0
            }
        };
        let has_changed = match watcher.poll(Instant::now(), &ClockReading::now()) {
            Ok(result) => result.has_changed,
            // The next check sees the changes of the process that holds the lock.
            Err(store::Error::Busy { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        if !has_changed {
            return Ok(Vec::new());
        }
        let current = watcher.store().message_versions(&self.app_id)?;
        let current: HashMap<i64, MessageVersion> = current.into_iter().map(|version| (version.id, version)).collect();
        let Some(known) = self.versions.replace(current.clone()) else { return Ok(Vec::new()) };
        let changed = current.values().filter(|version| known.get(&version.id) != Some(version));
        // Old messages are compared only while they are queued.
        let left_queue = known.values().filter(|version| version.state == MessageState::Queued);
        let left_queue = left_queue.filter(|version| !current.contains_key(&version.id));
        Ok(changed.chain(left_queue).map(|version| version.id).collect())
    }

    /// Records messages that are about to be printed, so that they are not new.
    fn remember(&mut self, messages: &[Message]) {
        let known = self.versions.get_or_insert_default();
        known.extend(messages.iter().map(|message| (message.id, MessageVersion::of(message))));
    }
}
