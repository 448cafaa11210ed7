//! `wxbox run` runs a command unchanged and then reports its result. No error of wxbox prevents the
//! command from running or changes its exit status.

mod child;
mod placeholders;

use std::time::{Duration, Instant};

use crossbeam_channel::never;

use crate::cli::{ArgText, Global, ReportOn, Run, missing_report_recipient_error};
use crate::commands::delivery;
use crate::commands::delivery::{DeliverySetup, SignalPolicy};
use crate::compose::draft::MessageDraft;
use crate::compose::recipients;
use crate::compose::recipients::RecipientSelector;
use crate::compose::template_data::template_values;
use crate::compose::warnings::DraftWarnings;
use crate::compose::{ComposeRequest, build_submission, content, single_source};
use crate::config::{self, CliOverrides, Config, Environment};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{closest_match, join_list};
use crate::report::classify;
use crate::signals::{self, Signal, SignalForwarder, Waiter};
use crate::store::{Store, Submission};
use crate::t;
use crate::ui::Ui;
use crate::wechat::message::Content;
use child::ChildExit;
use placeholders::RunFacts;

/// The timeout of each request for a template list after a signal.
const STOPPED_REQUEST_TIMEOUT: Duration = Duration::from_millis(500);

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Run) -> anyhow::Result<ExitStatus> {
    if args.content.text_option.as_ref().is_some_and(|text| text.text == "-")
        || args.content.data_json.as_deref() == Some("-")
    {
        return Err(CommandError::usage(t!("run-stdin")).hint(t!("run-stdin-hint")).into());
    }
    ui.dedupe_warnings();
    // A config that cannot be read may have default recipients.
    if !args.has_recipient() && read_config(global).is_ok_and(|app| app.config.send.to.is_none()) {
        return Err(missing_report_recipient_error().into());
    }
    ui.with_results_on_stderr(|ui| {
        // Check before the command runs that its report can be sent. The values are not the real
        // ones, so their warnings are not printed.
        let trial = DraftWarnings::for_trial(args.content.strict);
        let result = ChildResult { exit: &ChildExit::Status(0), elapsed: Duration::ZERO, stopped: None };
        let problem = prepare_report(ui, global, args, trial, &result).err().map(|error| classify(&error));
        if let Some(error) = problem.clone() {
            let message = t!("run-cannot-report", cause = error.message, program = program_name(args));
            ui.error_as_warning(&CommandError { message, ..error });
        }
        let started_at = Instant::now();
        let mut forwarder = SignalForwarder::new()?;
        let child_exit = child::run(&mut forwarder, &args.command)?;
        let ended_at = Instant::now();
        let exit = ExitStatus::Child(child_exit.status());
        if let ChildExit::NotStarted(error) = &child_exit {
            let message = t!("run-not-started", program = program_name(args), cause = *error);
            ui.error(&CommandError { exit, message, hint: child::start_hint(error) });
        }
        let is_success = child_exit.status() == 0;
        if args.on == ReportOn::Always || is_success == (args.on == ReportOn::Success) {
            // The waiter must exist before the forwarder is dropped: a signal in between would end
            // wxbox before the report.
            let stopped = signals::received_signal().map(|signal| (signal, ended_at));
            let waiter = Waiter::new()?;
            drop(forwarder);
            let result = ChildResult { exit: &child_exit, elapsed: ended_at - started_at, stopped };
            send_report(ui, global, args, &result, problem.as_ref(), waiter);
        }
        Ok(exit)
    })
}

/// Returns the program of the command as it was typed.
fn program_name(args: &Run) -> String {
    args.command.first().map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Reads the config without printing its warnings.
fn read_config(global: &Global) -> Result<AppContext, config::Error> {
    let flags =
        CliOverrides { config: global.config.clone(), database: global.database.clone(), ..CliOverrides::default() };
    Config::load(&flags, &Environment::from_process()).map(AppContext::from_config)
}

/// The end of the command.
struct ChildResult<'a> {
    exit: &'a ChildExit,
    /// How long it ran.
    elapsed: Duration,
    /// The signal that stopped wxbox while the command ran, and when the command ended. The report
    /// must then not take long.
    stopped: Option<(Signal, Instant)>,
}

/// Queues and delivers the report. An error is printed unless it was printed before the command
/// started.
fn send_report(
    ui: &mut Ui,
    global: &Global,
    args: &Run,
    result: &ChildResult<'_>,
    earlier_problem: Option<&CommandError>,
    waiter: Waiter,
) {
    match prepare_report(ui, global, args, DraftWarnings::new(args.content.strict), result).and_then(
        |(app, store, submission)| Ok((open_delivery(&app, store, args, result)?, single_source(submission)?)),
    ) {
        Ok((setup, source)) => {
            // The results of the messages are printed already.
            if let Err(error) = delivery::run_with(ui, setup, source, waiter, never(), delivery::show_message) {
                ui.error(&classify(&error));
            }
        }
        Err(error) => {
            let CommandError { exit, message, hint } = classify(&error);
            if earlier_problem.is_none_or(|earlier_problem| earlier_problem.message != message) {
                ui.error(&CommandError { exit, message: t!("run-not-reported", cause = message), hint });
            }
        }
    }
}

fn open_delivery(
    app: &AppContext,
    store: Store,
    args: &Run,
    result: &ChildResult<'_>,
) -> anyhow::Result<DeliverySetup> {
    let mut setup = DeliverySetup::new(app, store)?;
    setup.options.deliver = !args.delivery.no_wait;
    setup.signal_policy = SignalPolicy::QueueFirst { earlier: result.stopped };
    Ok(setup)
}

/// Composes the report as `send` composes a message, and warns about unknown placeholders.
fn prepare_report(
    ui: &mut Ui,
    global: &Global,
    args: &Run,
    mut warnings: DraftWarnings,
    result: &ChildResult<'_>,
) -> anyhow::Result<(AppContext, Store, Submission)> {
    let flags = CliOverrides { expire_after: args.delivery.expire_after, ..CliOverrides::default() };
    let app = AppContext::open(ui, global, flags)?;
    // The text needs the language of the configuration.
    let facts = &RunFacts::from_result(&args.command, result.exit, result.elapsed);
    let default = args.content.text_option.is_none().then(|| ArgText::from(facts.text().as_str()));
    if default.is_some() {
        warnings.set_generated_text();
    }
    let mut content = content::from_args(default.as_ref(), &args.content, &app.config, &mut warnings)?;
    // The default text holds no placeholders.
    if default.is_none() || args.content.template.is_some() {
        let mut fill = |text: &mut String| {
            facts.placeholders.unknown_in(text).iter().for_each(|name| warn_unknown(ui, facts, name));
            *text = facts.placeholders.substitute(text);
        };
        map_texts(&mut content, &mut fill);
    }
    let account = app.account()?;
    let mut store = app.open_existing_store()?;
    let named = RecipientSelector::from_args(&args.user, &args.tag, false, &[])?;
    let selector = if args.has_recipient() { Some(named) } else { RecipientSelector::from_config(&app.config)? };
    let selector = selector.ok_or_else(missing_report_recipient_error)?;
    let recipients = recipients::resolve(ui, &app, &store, &selector)?;
    let draft = MessageDraft::from(content)
        .with_template_name(args.content.template.as_deref())
        .split_or_check(false, &mut warnings);
    // `run` has no --split, so the hint must not suggest it.
    let draft = draft.map_err(|failure| failure.hint(t!("send-text-long-hint")))?;
    let request = ComposeRequest { draft, warnings, delivery: &args.delivery, placeholders: Some(&facts.placeholders) };
    let mut config = app.config.clone();
    if result.stopped.is_some() {
        config.network.timeout.value = config.network.timeout.value.min(STOPPED_REQUEST_TIMEOUT);
    }
    let submission = build_submission(ui, &AppContext { config }, &mut store, Some(&account), request, recipients)?;
    Ok((app, store, submission))
}

/// Warns about a placeholder that is unknown and therefore sent literally.
fn warn_unknown(ui: &mut Ui, facts: &RunFacts, name: &str) {
    let hint = match closest_match(&name.to_lowercase(), facts.placeholders.names().map(str::to_owned)) {
        Some(suggestion) => t!("did-you-mean", name = format!("{{{suggestion}}}")),
        None => t!("run-names", names = join_list(facts.placeholders.names().map(|name| format!("{{{name}}}")))),
    };
    ui.warn(&t!("ui-clauses", first = t!("run-unknown-placeholder", name = name), rest = hint));
}

/// Calls `fill` on each text of a message that may hold placeholders.
fn map_texts(content: &mut Content, fill: &mut impl FnMut(&mut String)) {
    match content {
        Content::Text { content, .. } => fill(content),
        Content::Template { data, .. } => template_values(data).for_each(fill),
        // `run` sends no other content.
        Content::Custom { .. } | Content::Subscribe { .. } | Content::OneTimeSubscription { .. } => {}
    }
}
