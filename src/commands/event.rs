//! `wxbox event` takes one event that another server got from WeChat.

use std::io::{self, ErrorKind};

use anyhow::Context as _;

use crate::cli::{Event as Args, Global};
use crate::clock::Timestamp;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::files;
use crate::serve::{describe_rejection, seal_reply, to_new_event, to_serve_events};
use crate::t;
use crate::ui::Ui;
use crate::wechat::push::{MAX_PUSH_BYTES, PushError, PushQuery};

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
    let message = opened.map_err(rejection)?;
    let mut store = app.open_or_create_store(ui)?;
    let results = store.record_events(&app_id, &[to_new_event(&message)], Timestamp::now())?;
    for result in &results {
        for event in to_serve_events(&message, result) {
            log::info!("{event}");
        }
        if let Some(reply) = seal_reply(&settings, &message, &query, result, app.config.reply_lang()) {
            ui.write_stdout(&reply)?;
        }
    }
    Ok(ExitStatus::Success)
}

/// Returns the error for an event that is not taken.
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
