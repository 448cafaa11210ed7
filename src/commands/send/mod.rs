//! `wxbox send` validates recipients and content, queues all messages in one transaction, and
//! delivers them.

mod batch;
mod batch_line;
mod dry_run;

use crate::cli::{Global, Send, incomplete_send_error, mistyped_option_error};
use crate::commands::delivery;
use crate::commands::delivery::{DeliverySetup, ReceiptWait};
use crate::compose::recipients;
use crate::compose::recipients::RecipientSelector;
use crate::compose::warnings::DraftWarnings;
use crate::compose::{ComposeRequest, build_submission, message_json, single_source};
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::ui::Ui;

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Send) -> anyhow::Result<ExitStatus> {
    if let Some(option) = args.mistyped_option() {
        return Err(mistyped_option_error(option).into());
    }
    let openids = recipients::parse_openids(&args.openid)?;
    let flags = CliOverrides {
        concurrency: args.concurrency,
        rate: args.rate,
        expire_after: args.delivery.expire_after,
        ..CliOverrides::default()
    };
    let app = AppContext::open(ui, global, flags)?;
    check_complete(args)?;
    let receipt_wait = args.wait_receipt.map(|timeout| ReceiptWait::new(ui, &app, timeout)).transpose()?;
    if let Some(file) = &args.batch {
        return batch::run(ui, app, args, file, receipt_wait);
    }
    let mut warnings = DraftWarnings::new(args.content.strict);
    let draft = message_json::draft_from_args(args, &app.config, &mut warnings)?;
    app.require_app_id()?;
    // A dry run works without the secret. Any other run must fail before it queues a message.
    let account = if args.dry_run { app.account().ok() } else { Some(app.account()?) };
    let selector = RecipientSelector { user: &args.user, tag: &args.tag, all: args.all, openids: &openids };
    // Without a database no person is known by name.
    let mut store = match (selector.selects_users(), args.dry_run) {
        (true, _) => app.open_existing_store()?,
        (false, true) => app.open_store_or_empty()?,
        (false, false) => app.open_or_create_store(ui)?,
    };
    let recipients = recipients::resolve(ui, &app, &store, &selector)?;
    let request = ComposeRequest { draft, warnings, delivery: &args.delivery };
    let submission = build_submission(ui, &app, &mut store, account.as_ref(), request, recipients)?;
    if args.dry_run {
        return dry_run::print_bodies(ui, &app, &store, &submission);
    }
    let mut setup = DeliverySetup::new(&app, store)?;
    setup.options.deliver = !args.delivery.no_wait;
    setup.receipt_wait = receipt_wait;
    delivery::run(ui, setup, single_source(submission)?)
}

/// Checks that there are recipients and a message. This is the only place that decides so.
///
/// # Errors
/// A usage error that names everything that is missing.
fn check_complete(args: &Send) -> anyhow::Result<()> {
    let (lacks_recipient, lacks_content) = (!args.has_recipient(), !args.has_content());
    match lacks_recipient || lacks_content {
        true => Err(incomplete_send_error(lacks_recipient, lacks_content).into()),
        false => Ok(()),
    }
}
