//! `wxbox run`: a command runs as it would without us, then its end is reported. Nothing of ours keeps it from
//! running, and nothing of ours changes its exit status.

mod child;
mod placeholders;

use std::time::{Duration, Instant};

use crossbeam_channel::never;
use serde_json::Value;

use crate::cli::{ArgText, Global, ReportOn, Run};
use crate::commands::delivery;
use crate::commands::delivery::DeliverySetup;
use crate::compose::draft::MessageDraft;
use crate::compose::recipients;
use crate::compose::recipients::RecipientSelector;
use crate::compose::warnings::DraftWarnings;
use crate::compose::{ComposeRequest, build_submission, content, single_source};
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::delivery::DeliveryThread;
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::i18n::{closest_match, join_list};
use crate::report::classify;
use crate::signals::{SignalForwarder, Waiter};
use crate::store::{Store, Submission};
use crate::t;
use crate::ui::Ui;
use crate::wechat::message::Content;
use child::ChildExit;
use placeholders::RunFacts;

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Run) -> anyhow::Result<ExitStatus> {
    if args.content.text_option.as_ref().is_some_and(|text| text.text == "-")
        || args.content.data_json.as_deref() == Some("-")
    {
        return Err(CommandError::usage(t!("run-stdin")).hint(t!("run-stdin-hint")).into());
    }
    ui.dedupe_warnings();
    ui.with_results_on_stderr(|ui| {
        // Whatever would keep the report from being sent is best known now.
        let problem = prepare_report(ui, global, args, (&ChildExit::Status(0), Duration::ZERO))
            .err()
            .map(|error| classify(&error));
        if let Some(ErrorReport { exit, message: what, hint }) = &problem {
            let what = t!("run-cannot-report", cause = what);
            ui.error(&ErrorReport { exit: *exit, message: what, hint: hint.clone() });
        }
        let began = Instant::now();
        let mut relay = SignalForwarder::new()?;
        let ended = child::run(&mut relay, &args.command)?;
        let took = began.elapsed();
        let exit = ExitStatus::Child(ended.status());
        if let ChildExit::NotStarted(error) = &ended {
            let program = args.command.first().map(|word| word.to_string_lossy()).unwrap_or_default();
            let what = t!("run-not-started", program = program, cause = *error);
            ui.error(&ErrorReport { exit, message: what, hint: child::start_hint(error) });
        }
        let good = ended.status() == 0;
        if args.on == ReportOn::Always || good == (args.on == ReportOn::Success) {
            // Not a moment without either: a signal to all of us must not keep the end from being reported.
            let bell = Waiter::new()?;
            drop(relay);
            send_report(ui, global, args, (&ended, took), problem.as_ref(), bell);
        }
        Ok(exit)
    })
}

/// How a command ended, and after how long.
type ChildResult<'a> = (&'a ChildExit, Duration);

/// Queues and delivers; what goes wrong is said, and was said already if it went wrong before the command began.
fn send_report(
    ui: &mut Ui,
    global: &Global,
    args: &Run,
    end: ChildResult<'_>,
    earlier_problem: Option<&ErrorReport>,
    bell: Waiter,
) {
    match prepare_report(ui, global, args, end)
        .and_then(|(app, store, parcel)| Ok((open_delivery(&app, store, args)?, single_source(parcel)?)))
    {
        Ok((it, work)) => {
            // What became of the messages has been said.
            if let Err(error) = delivery::run_with(ui, it, work, bell, never(), delivery::show_message) {
                ui.error(&classify(&error));
            }
        }
        Err(error) => {
            let ErrorReport { exit, message: what, hint } = classify(&error);
            if earlier_problem.is_none_or(|earlier_problem| earlier_problem.message != what) {
                ui.error(&ErrorReport { exit, message: t!("run-not-reported", cause = what), hint });
            }
        }
    }
}

fn open_delivery(app: &AppContext, store: Store, args: &Run) -> anyhow::Result<DeliverySetup> {
    let hand = DeliveryThread::start(app.client_settings())?.wait_ready()?;
    let mut setup = DeliverySetup { store, thread: hand, options: delivery::options_from_config(app)? };
    setup.options.deliver = !args.delivery.no_wait;
    Ok(setup)
}

/// Everything up to the message, as `send` has it, with a word about names that stand for nothing.
fn prepare_report(
    ui: &mut Ui,
    global: &Global,
    args: &Run,
    (ended, took): ChildResult<'_>,
) -> anyhow::Result<(AppContext, Store, Submission)> {
    let flags = CliOverrides { expire_after: args.delivery.expire_after, ..CliOverrides::default() };
    let mut app = AppContext::open(ui, global, flags)?;
    // Not before the config has said in which language.
    let facts = &RunFacts::from_result(&args.command, ended, took);
    let default = args.content.text_option.is_none().then(|| ArgText::from(facts.text().as_str()));
    let mut notes = DraftWarnings::new(args.content.strict);
    let mut content = content::from_args(default.as_ref(), &args.content, &app.config, &mut notes)?;
    // What facts.text() says is not looked through once more.
    if default.is_none() || args.content.template.is_some() {
        let mut fill = |text: &mut String| {
            facts.unknown_placeholders(text).iter().for_each(|name| warn_unknown(ui, facts, name));
            *text = facts.substitute(text);
        };
        map_texts(&mut content, &mut fill);
    }
    // A fallback is made of these.
    for (_, value) in app.config.templates.values_mut().flat_map(|template| &mut template.data) {
        value.value.value = facts.substitute(&value.value.value);
    }
    let account = app.account()?;
    let mut store = app.open_existing_store()?;
    let to = recipients::resolve(
        ui,
        &app,
        &store,
        &RecipientSelector { user: &args.user, tag: &args.tag, ..RecipientSelector::default() },
    )?;
    let said = MessageDraft::from(content)
        .with_template_name(args.content.template.as_deref())
        .split_or_check(false, &mut notes);
    // `run` has no --split to hint at.
    let said = said.map_err(|failure| failure.hint(t!("send-text-long-hint")))?;
    let saying = ComposeRequest { draft: said, warnings: notes, delivery: &args.delivery };
    let parcel = build_submission(ui, &app, &mut store, Some(&account), saying, to)?;
    Ok((app, store, parcel))
}

/// A name in braces that is sent as it is, since nothing is known by it.
fn warn_unknown(ui: &mut Ui, facts: &RunFacts, name: &str) {
    let what = match closest_match(&name.to_lowercase(), facts.names().map(str::to_owned)) {
        Some(near) => t!("did-you-mean", name = format!("{{{near}}}")),
        None => t!("run-names", names = join_list(facts.names().map(|name| format!("{{{name}}}")))),
    };
    ui.warn(&t!("ui-clauses", first = t!("run-stranger", name = name), rest = what));
}

/// Each text of a message that facts may stand in.
fn map_texts(content: &mut Content, fill: &mut impl FnMut(&mut String)) {
    match content {
        Content::Text { content, .. } => fill(content),
        Content::Template { data, .. } => {
            for value in data.values_mut().filter_map(|field| field.get_mut("value")) {
                if let Value::String(text) = value {
                    fill(text);
                }
            }
        }
        // `run` sends no other.
        Content::Custom { .. } | Content::Subscribe { .. } | Content::OneTimeSubscription { .. } => {}
    }
}
