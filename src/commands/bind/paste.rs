//! Without a listener: the operator pastes the address that WeChat sent the phone to, or a script gives it on standard
//! input. It holds the code, so no text repeats it.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, after, select};

use super::turns::{Ended, GRACE, Job, Turn};
use super::{code, pasted};
use crate::callback::{Callback, Event, Reason};
use crate::error::{Exit, Failure, Report};
use crate::secret::{ExposeSecret, Secret};
use crate::signals::Watch;
use crate::t;
use crate::ui::{Line, Lines, Ui};

/// What came of a line.
enum Came {
    Ended(Ended),
    /// It will not do; another may.
    Not(Failure),
}

/// Takes lines until one binds the person: at a terminal as many as there are, else one.
pub(super) fn one(ui: &mut Ui, job: &Job, turn: Turn, lines: &mut Lines) -> anyhow::Result<Ended> {
    let Turn { user, url, callback, events } = turn;
    let callback = Arc::new(callback);
    code::show(ui, job, &user.username, &url, None)?;
    let end = Instant::now() + job.timeout();
    let redirect = job.redirect.as_str();
    ui.status(&if ui.in_terminal { t!("bind-paste-how", uri = redirect) } else { t!("bind-paste-awaited") });
    // The beginning of an address whose rest may come in the next line.
    let mut begun: Option<Secret> = None;
    loop {
        if ui.in_terminal {
            ui.question(&t!("bind-paste-prompt"));
        }
        let line = select! {
            recv(lines.arriving()?) -> line => line?.context(t!("ui-stdin"))?,
            recv(job.signals.events) -> signal => {
                new_line(ui);
                return Ok(Ended::Stopped(signal?));
            }
            recv(after(end.saturating_duration_since(Instant::now()))) -> _ => {
                new_line(ui);
                callback.close();
                return Ok(Ended::TimedOut(None));
            }
        };
        let text = match line {
            Line::End => {
                new_line(ui);
                let what = t!("bind-paste-end", user = user.username);
                let error = Failure::usage(what).hint(t!("bind-paste-end-hint")).into();
                return Ok(Ended::Failed { error, alone: false });
            }
            Line::Text(text) if ui.in_terminal && text.expose_secret().trim().is_empty() => continue,
            Line::Text(text) => text,
            Line::Unusable => Secret::from(String::new()),
        };
        let came = match meant(&callback, begun.as_ref(), &text) {
            Some(query) if callback.is_torn(query.expose_secret()) => {
                begun = Some(text);
                Came::Not(torn())
            }
            Some(query) => taken(job, &callback, &events, query, end)?,
            None => Came::Not(no_address(redirect)),
        };
        match came {
            Came::Ended(ended) => return Ok(ended),
            Came::Not(Failure { what, hint, exit }) if ui.in_terminal => ui.error(&Report { exit, what, hint }),
            Came::Not(failure) => return Ok(Ended::Failed { error: failure.into(), alone: true }),
        }
    }
}

/// What a line means: of all ways to read it, the first that has the state of this binding, else the first.
fn meant(callback: &Callback, begun: Option<&Secret>, line: &Secret) -> Option<Secret> {
    let joined = begun.map(|begun| Secret::from(format!("{}{}", begun.expose_secret(), line.expose_secret())));
    let joined = joined.map(|text| pasted::queries(text.expose_secret())).unwrap_or_default();
    let alone = pasted::queries(line.expose_secret());
    let mine = joined.iter().chain(&alone).find(|query| callback.is_mine(query.expose_secret()));
    // Alone, the line is what was meant if it was not the rest of another.
    mine.or(alone.first()).cloned()
}

/// The cursor stands behind a question that nobody answered.
fn new_line(ui: &mut Ui) {
    if ui.in_terminal {
        ui.raw_err("\n");
    }
}

/// Asks WeChat about the code, where the state is right.
fn taken(
    job: &Job,
    callback: &Arc<Callback>,
    events: &Receiver<Event>,
    query: Secret,
    end: Instant,
) -> anyhow::Result<Came> {
    let judge = Arc::clone(callback);
    std::thread::Builder::new().name("paste".into()).spawn(move || judge.take(query.expose_secret()))?;
    let left = end.saturating_duration_since(Instant::now()).max(GRACE);
    let ended = select! {
        recv(events) -> event => return judged(event?, &job.signals),
        recv(job.signals.events) -> signal => Ended::Stopped(signal?),
        recv(after(left)) -> _ => Ended::TimedOut(None),
    };
    callback.close();
    // What was kept before that is kept.
    Ok(Came::Ended(ended.unless(events.try_recv().ok())))
}

fn judged(event: Event, signals: &Watch) -> anyhow::Result<Came> {
    Ok(match event {
        // Neither comes before the outcome of what was pasted.
        Event::Opened | Event::Follow(_) => Came::Not(torn()),
        Event::Bound(bound) => Came::Ended(Ended::Bound(bound, None)),
        Event::Failed(error) => Came::Ended(Ended::broken(error, signals)?),
        Event::TurnedAway(reason) => Came::Not(refusal(reason)),
        Event::Unreachable(error) => {
            let report = crate::error::classify(&error);
            let what = t!("bind-paste-unreachable", cause = report.what);
            Came::Not(Failure { exit: report.exit, what, hint: Some(t!("bind-paste-unreachable-hint")) })
        }
    })
}

fn no_address(redirect: &str) -> Failure {
    Failure::usage(t!("bind-paste-no-address")).hint(t!("bind-paste-address-hint", uri = redirect))
}

fn torn() -> Failure {
    Failure::usage(t!("bind-paste-torn")).hint(t!("bind-paste-torn-hint"))
}

/// Why an address will not do, and what to do then.
fn refusal(reason: Reason) -> Failure {
    let again = || t!("bind-paste-again-hint");
    let (exit, what, hint) = match reason {
        Reason::NoCode => (Exit::Usage, t!("bind-paste-no-code"), t!("bind-paste-no-code-hint")),
        Reason::BadCode | Reason::Repeated => (Exit::Usage, t!("bind-paste-bad-code"), again()),
        Reason::Snapshot => (Exit::Usage, t!("bind-paste-snapshot"), t!("bind-paste-snapshot-hint")),
        Reason::Used => (Exit::Config, t!("bind-paste-used"), again()),
        Reason::Refused(errcode) => (Exit::Config, t!("bind-paste-refused", errcode = errcode.to_string()), again()),
        Reason::State | Reason::Path | Reason::Elsewhere | Reason::Method | Reason::Taken => {
            (Exit::Usage, t!("bind-paste-state"), t!("bind-paste-state-hint"))
        }
    };
    Failure { exit, what, hint: Some(hint) }
}
