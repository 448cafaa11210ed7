//! `wxbox send` validates recipients and content, queues the messages and delivers them. The messages
//! of one command are queued in one transaction, those of a batch in steps.

mod batch;
mod batch_line;
mod dry_run;
mod questions;

use crate::cli::{ArgText, Global, Send, incomplete_send_error, mistyped_option_error};
use crate::commands::delivery;
use crate::commands::delivery::{DeliverySetup, ReceiptWait, confirm};
use crate::compose::recipients;
use crate::compose::recipients::{RecipientSelector, default_recipients_text};
use crate::compose::warnings::DraftWarnings;
use crate::compose::{ComposeRequest, build_submission, message_json, single_source};
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::store::Store;
use crate::t;
use crate::ui::Ui;

pub(super) fn run(ui: &mut Ui, global: &Global, mut args: Send) -> anyhow::Result<ExitStatus> {
    if let Some(option) = args.mistyped_option() {
        return Err(mistyped_option_error(option).into());
    }
    let named = RecipientSelector::from_args(&args.user, &args.tag, args.all, &args.openid)?;
    let flags = CliOverrides {
        concurrency: args.concurrency,
        rate: args.rate,
        expire_after: args.delivery.expire_after,
        ..CliOverrides::default()
    };
    let app = AppContext::open(ui, global, flags)?;
    let (selector, answers) = complete(ui, &app, &mut args, named)?;
    if args.reads_stdin() {
        ui.explain_stdin();
    }
    let receipt_wait = args.wait_receipt.map(|timeout| ReceiptWait::new(ui, &app, timeout)).transpose()?;
    if let Some(file) = &args.batch {
        return batch::run(ui, app, &args, file, receipt_wait);
    }
    let mut warnings = DraftWarnings::new(args.content.strict);
    let draft = message_json::draft_from_args(&args, &app.config, &mut warnings)?;
    app.require_app_id()?;
    // A dry run works without the secret. Any other run must fail before it queues a message.
    let account = if args.dry_run { app.account().ok() } else { Some(app.account()?) };
    let mut store = open_store(&app, &selector, args.dry_run)?;
    let recipients = recipients::resolve(ui, &app, &store, &selector)?;
    let is_many = confirm::is_many(selector.all, &recipients);
    let request = ComposeRequest { draft, warnings, delivery: &args.delivery, placeholders: None };
    let submission = build_submission(ui, &app, &mut store, account.as_ref(), request, recipients)?;
    if args.dry_run {
        if let Some(to) = app.config.send.to.as_ref().filter(|_| selector.is_default()) {
            ui.status(&default_recipients_text(&to.value, &to.origin));
        }
        return dry_run::print_bodies(ui, &app, &store, &submission);
    }
    if !answers.is_empty() {
        let mut options = if selector.is_default() { selector.to_options() } else { Vec::new() };
        options.extend_from_slice(&answers);
        options.extend((is_many && !args.yes).then(|| "--yes".to_owned()));
        questions::show_message(ui, &app, &store, &submission, &args.command_line_with(&options))?;
    }
    let is_confirmed = if is_many {
        confirm::confirm_send(ui, &app, &submission, args.yes)?
    } else {
        // The user may have left the editor by mistake, so an edited text is confirmed as well.
        (answers.is_empty() && !args.edit) || args.yes || questions::confirm(ui, &submission)?
    };
    if !is_confirmed {
        return Ok(ExitStatus::Success);
    }
    let mut setup = DeliverySetup::new(&app, store)?;
    setup.options.deliver = !args.delivery.no_wait;
    setup.receipt_wait = receipt_wait;
    delivery::run(ui, setup, single_source(submission)?)
}

/// Opens the database. If the default database does not exist, no user is known by name, and only a
/// message to an openid creates it.
fn open_store(app: &AppContext, selector: &RecipientSelector, is_dry_run: bool) -> anyhow::Result<Store> {
    match selector.selects_users() || is_dry_run {
        true => app.open_existing_store(),
        false => app.open_or_create_default_store(),
    }
}

/// Makes sure that there are recipients and a message. This function alone decides what the command
/// line lacks. At a terminal, it asks for that and adds it to `args`. Returns the recipients, and
/// the options that the answers stand for.
///
/// # Errors
/// In a script: a usage error that names everything that is missing. A prompt is interrupted.
fn complete(
    ui: &mut Ui,
    app: &AppContext,
    args: &mut Send,
    named: RecipientSelector,
) -> anyhow::Result<(RecipientSelector, Vec<String>)> {
    let selector = if args.has_recipient() { Some(named) } else { RecipientSelector::from_config(&app.config)? };
    let mut answers = Vec::new();
    let selector = match selector {
        selector if ui.can_ask() => {
            if let Some(to) = app.config.send.to.as_ref().filter(|_| !args.has_recipient() && !args.has_content()) {
                ui.note(&default_recipients_text(&to.value, &to.origin));
            }
            answers = questions::ask_missing(ui, app, args, selector.is_none())?;
            match selector {
                Some(selector) => selector,
                None => RecipientSelector::from_args(&args.user, &args.tag, args.all, &args.openid)?,
            }
        }
        Some(selector) if args.has_content() => selector,
        selector => return Err(incomplete_send_error(selector.is_none(), !args.has_content()).into()),
    };
    if args.edit {
        let initial_text = args.text.take().or(args.content.text_option.take()).unwrap_or_default();
        let text = questions::edit_text(ui, &initial_text.text)?;
        if text.trim().is_empty() {
            return Err(CommandError::usage(t!("send-edit-empty")).into());
        }
        args.text = Some(ArgText::from(text.as_str()));
    }
    Ok((selector, answers))
}
