//! Without a listener: the operator pastes the address that WeChat sent the phone to, or a script gives it on standard
//! input. It holds the code, so no text repeats it.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, after, select};

use super::sequence::{BindAttempt, BindContext, BindOutcome, EXCHANGE_TIMEOUT};
use super::{paste_query, qr};
use crate::callback::{CallbackEvent, PendingBinding, RejectReason};
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::secret::{ExposeSecret, Secret};
use crate::signals::SignalReceiver;
use crate::t;
use crate::ui::{StdinLine, StdinLines, Ui};

/// What came of a line.
enum PasteResult {
    Done(BindOutcome),
    /// It will not do; another may.
    Rejected(CommandError),
}

/// Takes lines until one binds the person: at a terminal as many as there are, else one.
pub(super) fn wait_for(
    ui: &mut Ui,
    job: &BindContext,
    turn: BindAttempt,
    lines: &mut StdinLines,
) -> anyhow::Result<BindOutcome> {
    let BindAttempt { user, url, callback, events } = turn;
    let callback = Arc::new(callback);
    qr::show_authorize_url(ui, job, &user.username, &url, None)?;
    let end = Instant::now() + job.timeout();
    let redirect = job.redirect.as_str();
    ui.status(&if ui.can_prompt { t!("bind-paste-how", uri = redirect) } else { t!("bind-paste-awaited") });
    // The beginning of an address whose rest may come in the next line.
    let mut partial: Option<Secret> = None;
    loop {
        if ui.can_prompt {
            ui.prompt_line(&t!("bind-paste-prompt"));
        }
        let line = select! {
            recv(lines.receiver()?) -> line => line?.context(t!("ui-stdin"))?,
            recv(job.signals.events) -> signal => {
                end_prompt_line(ui);
                return Ok(BindOutcome::Stopped(signal?));
            }
            recv(after(end.saturating_duration_since(Instant::now()))) -> _ => {
                end_prompt_line(ui);
                callback.close();
                return Ok(BindOutcome::TimedOut(None));
            }
        };
        let text = match line {
            StdinLine::Eof => {
                end_prompt_line(ui);
                let what = t!("bind-paste-end", user = user.username);
                let error = CommandError::usage(what).hint(t!("bind-paste-end-hint")).into();
                return Ok(BindOutcome::Failed { error, only_this_user: false });
            }
            StdinLine::Text(text) if ui.can_prompt && text.expose_secret().trim().is_empty() => continue,
            StdinLine::Text(text) => text,
            StdinLine::Invalid => Secret::from(String::new()),
        };
        let result = match select_query(&callback, partial.as_ref(), &text) {
            Some(query) if callback.has_partial_state(query.expose_secret()) => {
                partial = Some(text);
                PasteResult::Rejected(truncated_address())
            }
            Some(query) => submit(job, &callback, &events, query, end)?,
            None => PasteResult::Rejected(not_an_address(redirect)),
        };
        match result {
            PasteResult::Done(ended) => return Ok(ended),
            PasteResult::Rejected(CommandError { message: what, hint, exit }) if ui.can_prompt => {
                ui.error(&ErrorReport { exit, message: what, hint })
            }
            PasteResult::Rejected(failure) => {
                return Ok(BindOutcome::Failed { error: failure.into(), only_this_user: true });
            }
        }
    }
}

/// What a line means: of all ways to read it, the first that has the state of this binding, else the first.
fn select_query(callback: &PendingBinding, partial: Option<&Secret>, line: &Secret) -> Option<Secret> {
    let joined = partial.map(|partial| Secret::from(format!("{}{}", partial.expose_secret(), line.expose_secret())));
    let joined = joined.map(|text| paste_query::candidate_queries(text.expose_secret())).unwrap_or_default();
    let alone = paste_query::candidate_queries(line.expose_secret());
    let mine = joined.iter().chain(&alone).find(|query| callback.has_matching_state(query.expose_secret()));
    // Alone, the line is what was meant if it was not the rest of another.
    mine.or(alone.first()).cloned()
}

/// The cursor stands behind a question that nobody answered.
fn end_prompt_line(ui: &mut Ui) {
    if ui.can_prompt {
        ui.write_stderr("\n");
    }
}

/// Asks WeChat about the code, where the state is right.
fn submit(
    job: &BindContext,
    callback: &Arc<PendingBinding>,
    events: &Receiver<CallbackEvent>,
    query: Secret,
    end: Instant,
) -> anyhow::Result<PasteResult> {
    let judge = Arc::clone(callback);
    std::thread::Builder::new().name("paste".into()).spawn(move || judge.submit_query(query.expose_secret()))?;
    let left = end.saturating_duration_since(Instant::now()).max(EXCHANGE_TIMEOUT);
    let ended = select! {
        recv(events) -> event => return result_from_event(event?, &job.signals),
        recv(job.signals.events) -> signal => BindOutcome::Stopped(signal?),
        recv(after(left)) -> _ => BindOutcome::TimedOut(None),
    };
    callback.close();
    // What was kept before that is kept.
    Ok(PasteResult::Done(ended.or_late_event(events.try_recv().ok())))
}

fn result_from_event(event: CallbackEvent, signals: &SignalReceiver) -> anyhow::Result<PasteResult> {
    Ok(match event {
        // Neither comes before the outcome of what was pasted.
        CallbackEvent::ShortLinkOpened | CallbackEvent::FollowChecked(_) => PasteResult::Rejected(truncated_address()),
        CallbackEvent::Bound(bound) => PasteResult::Done(BindOutcome::Bound(bound, None)),
        CallbackEvent::Failed(error) => PasteResult::Done(BindOutcome::from_error_or_signal(error, signals)?),
        CallbackEvent::Rejected(reason) => PasteResult::Rejected(rejection(reason)),
        CallbackEvent::Unreachable(error) => {
            let report = crate::report::classify(&error);
            let what = t!("bind-paste-unreachable", cause = report.message);
            PasteResult::Rejected(CommandError {
                exit: report.exit,
                message: what,
                hint: Some(t!("bind-paste-unreachable-hint")),
            })
        }
    })
}

fn not_an_address(redirect: &str) -> CommandError {
    CommandError::usage(t!("bind-paste-no-address")).hint(t!("bind-paste-address-hint", uri = redirect))
}

fn truncated_address() -> CommandError {
    CommandError::usage(t!("bind-paste-torn")).hint(t!("bind-paste-torn-hint"))
}

/// Why an address will not do, and what to do then.
fn rejection(reason: RejectReason) -> CommandError {
    let again = || t!("bind-paste-again-hint");
    let (exit, what, hint) = match reason {
        RejectReason::NoCode => (ExitStatus::Usage, t!("bind-paste-no-code"), t!("bind-paste-no-code-hint")),
        RejectReason::MalformedCode | RejectReason::DuplicateParam => {
            (ExitStatus::Usage, t!("bind-paste-bad-code"), again())
        }
        RejectReason::SnapshotUser => (ExitStatus::Usage, t!("bind-paste-snapshot"), t!("bind-paste-snapshot-hint")),
        RejectReason::CodeUsed => (ExitStatus::Config, t!("bind-paste-used"), again()),
        RejectReason::CodeRefused(errcode) => {
            (ExitStatus::Config, t!("bind-paste-refused", errcode = errcode.to_string()), again())
        }
        RejectReason::WrongState
        | RejectReason::WrongPath
        | RejectReason::RewrittenPath
        | RejectReason::WrongMethod
        | RejectReason::AlreadyBound => (ExitStatus::Usage, t!("bind-paste-state"), t!("bind-paste-state-hint")),
    };
    CommandError { exit, message: what, hint: Some(hint) }
}
