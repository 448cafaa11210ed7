//! `wxbox event` records one event that another server got from WeChat.

use std::io::{self, ErrorKind};
use std::time::Duration;

use anyhow::Context as _;

use crate::cli::{Event as Args, Global};
use crate::clock::Timestamp;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::files;
use crate::serve::{describe_rejection, seal_reply, to_new_event, to_serve_events};
use crate::store::{NewEvent, RejectedPushes};
use crate::t;
use crate::ui::Ui;
use crate::wechat::push::{MAX_PUSH_BYTES, PushError, PushQuery};

/// The minimum time between two rejected events that are counted.
const REJECTION_COUNT_INTERVAL: Duration = Duration::from_secs(5);

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    let app_id = app.require_app_id()?;
    let settings = app.push_settings()?;
    ui.explain_stdin();
    let body = match files::read_limited(io::stdin(), u64::try_from(MAX_PUSH_BYTES).unwrap_or(u64::MAX)) {
        Err(error) if error.kind() == ErrorKind::FileTooLarge => return Err(rejection(PushError::TooLarge).into()),
        read => read.with_context(|| t!("ui-stdin"))?,
    };
    let query = PushQuery::parse(args.query.as_deref().unwrap_or_default().trim_start_matches('?'));
    let opened = match &args.query {
        Some(_) => settings.open(&query, &body, Timestamp::now()),
        None => settings.open_trusted(&body),
    };
    let message = match opened {
        Ok(message) => message,
        Err(error) => {
            if query.is_signed() {
                count_rejection(&app, &app_id, error);
            }
            return Err(rejection(error).into());
        }
    };
    let mut store = app.open_or_create_default_store()?;
    let event = NewEvent { is_from_command: true, ..to_new_event(&message) };
    let results = store.record_events(&app_id, &[event], Timestamp::now())?;
    for result in &results {
        for event in to_serve_events(&message, result) {
            log::info!("{event}");
        }
        ui.note(&if result.is_repeat { t!("event-repeat") } else { t!("event-recorded", name = message.name()) });
        if let Some(reply) = seal_reply(&settings, &message, &query, result, app.config.reply_lang()) {
            ui.write_stdout(&reply)?;
        }
    }
    Ok(ExitStatus::Success)
}

/// Counts a rejected event for `doctor`, because the program that passes events on may not report
/// it. In a flood, it counts one event in each interval, to limit the writes.
fn count_rejection(app: &AppContext, app_id: &str, error: PushError) {
    let count = || -> anyhow::Result<()> {
        if !app.database_exists() {
            return Ok(());
        }
        let (mut store, now) = (app.open_store()?, Timestamp::now());
        let recent = now.minus(REJECTION_COUNT_INTERVAL);
        if store.rejected_pushes(app_id)?.iter().all(|rejected| rejected.last_at < recent) {
            let rejected = RejectedPushes { reason: error.to_string(), count: 1, since: now, last_at: now };
            store.add_rejected_pushes(app_id, &[rejected])?;
        }
        Ok(())
    };
    if let Err(error) = count() {
        log::info!("{error:#}");
    }
}

/// Returns the error for a rejected event.
fn rejection(error: PushError) -> CommandError {
    let message = t!("event-rejected", cause = describe_rejection(error));
    let (exit, hint) = match error {
        PushError::TooLarge | PushError::Malformed => (ExitStatus::Usage, t!("event-malformed-hint")),
        PushError::WrongSignature | PushError::Stale => (ExitStatus::Config, t!("event-signature-hint")),
        PushError::NotEncrypted | PushError::Encrypted | PushError::OtherAccount | PushError::Undecryptable => {
            (ExitStatus::Config, t!("event-form-hint"))
        }
    };
    CommandError { exit, message, hint: Some(hint) }
}
