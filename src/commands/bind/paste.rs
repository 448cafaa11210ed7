//! Without a listener: the operator pastes the address that WeChat sent the phone to, or a script gives it on standard
//! input. It holds the code, so no text repeats it.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, after, select};

use super::code;
use super::turns::{Ended, GRACE, Job, Turn};
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
                return Ok(Ended::TimedOut);
            }
        };
        let came = match line {
            Line::End => {
                new_line(ui);
                let what = t!("bind-paste-end", user = user.username);
                let error = Failure::usage(what).hint(t!("bind-paste-end-hint")).into();
                return Ok(Ended::Failed { error, alone: false });
            }
            Line::Text(text) if ui.in_terminal && text.expose_secret().trim().is_empty() => continue,
            Line::Text(text) => match query(text.expose_secret()) {
                Some(query) => taken(job, &callback, &events, query, end)?,
                None => Came::Not(no_address(redirect)),
            },
            Line::Unusable => Came::Not(no_address(redirect)),
        };
        match came {
            Came::Ended(ended) => return Ok(ended),
            Came::Not(Failure { what, hint, exit }) if ui.in_terminal => ui.error(&Report { exit, what, hint }),
            Came::Not(failure) => return Ok(Ended::Failed { error: failure.into(), alone: true }),
        }
    }
}

/// The cursor stands behind a question that nobody answered.
fn new_line(ui: &mut Ui) {
    if ui.in_terminal {
        ui.raw_err("\n");
    }
}

/// The query of an address, or the query alone, however it was quoted on its way here.
fn query(pasted: &str) -> Option<Secret> {
    let text = pasted.trim().trim_matches(['"', '\'', '`', '<', '>', '“', '”']).trim();
    let text = text.split('#').next().unwrap_or_default();
    let query = match text.split_once('?') {
        Some((_, query)) => query,
        None if text.contains("://") => return None,
        None => text,
    };
    query.contains('=').then(|| query.into())
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
        recv(after(left)) -> _ => Ended::TimedOut,
    };
    callback.close();
    // What was kept before that is kept.
    Ok(Came::Ended(ended.unless(events.try_recv().ok())))
}

fn judged(event: Event, signals: &Watch) -> anyhow::Result<Came> {
    Ok(match event {
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

/// Why an address will not do, and what to do then.
fn refusal(reason: Reason) -> Failure {
    let again = || t!("bind-paste-again-hint");
    let (exit, what, hint) = match reason {
        Reason::NoCode => (Exit::Usage, t!("bind-paste-no-code"), t!("bind-paste-no-code-hint")),
        Reason::BadCode | Reason::Repeated => (Exit::Usage, t!("bind-paste-bad-code"), again()),
        Reason::Snapshot => (Exit::Usage, t!("bind-paste-snapshot"), t!("bind-paste-snapshot-hint")),
        Reason::Used => (Exit::Config, t!("bind-paste-used"), again()),
        Reason::Refused(errcode) => (Exit::Config, t!("bind-paste-refused", errcode = errcode.to_string()), again()),
        Reason::State | Reason::Path | Reason::Method | Reason::Taken => {
            (Exit::Usage, t!("bind-paste-state"), t!("bind-paste-state-hint"))
        }
    };
    Failure { exit, what, hint: Some(hint) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_found_in_whatever_was_copied() {
        let expected = Some("code=051A&state=abc");
        for pasted in [
            "http://203.0.113.7:8080/callback/?code=051A&state=abc",
            "  https://wx.example.com/callback/?code=051A&state=abc#wechat_redirect \t",
            "\"http://203.0.113.7/?code=051A&state=abc\"",
            "<http://203.0.113.7/?code=051A&state=abc>",
            "“http://203.0.113.7/?code=051A&state=abc”",
            "203.0.113.7/callback/?code=051A&state=abc",
            "?code=051A&state=abc",
            "code=051A&state=abc",
        ] {
            let query = query(pasted);
            assert_eq!(query.as_ref().map(|it| it.expose_secret()), expected, "{pasted}");
        }
        for pasted in
            ["", "  ", "nonsense", "http://203.0.113.7/callback/", "http://203.0.113.7/callback/?", "http://a=b/"]
        {
            assert!(query(pasted).is_none(), "{pasted}");
        }
    }
}
