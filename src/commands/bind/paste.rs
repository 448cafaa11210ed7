//! Without a listener: the operator pastes the address that WeChat sent the phone to, or a script gives it on standard
//! input. It holds the code, so no text repeats it.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, after, select};

use super::qr;
use super::session::{BindAttempt, BindContext, BindOutcome, EXCHANGE_TIMEOUT};
use crate::callback::{CallbackEvent, PendingBinding, RejectReason};
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::report::classify;
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
    let joined = joined.map(|text| candidate_queries(text.expose_secret())).unwrap_or_default();
    let alone = candidate_queries(line.expose_secret());
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
            let report = classify(&error);
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

/// What a terminal puts around a paste.
const BRACKETED_PASTE_MARKS: [&str; 2] = ["\u{1b}[200~", "\u{1b}[201~"];
/// `&` as a page writes it.
const ESCAPED_AMPERSANDS: [&str; 4] = ["&amp;", "&AMP;", "&#38;", "&#x26;"];
const QUOTES: [char; 9] = ['"', '\'', '`', '<', '>', '“', '”', '‘', '’'];

/// The query of an address, or the query alone, in each way to read what was copied; none where it is no address. A
/// blank may end the address, or a line break may have been put into it.
pub(super) fn candidate_queries(pasted: &str) -> Vec<Secret> {
    let text = normalize(pasted);
    let text = text.expose_secret().trim().trim_matches(QUOTES).trim();
    let text = text.find("://").map_or(text, |scheme| {
        let begin = text[..scheme].rfind(|c: char| !c.is_ascii_alphabetic());
        let begin = begin.map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
        &text[begin..]
    });
    let first = text.split_whitespace().next().unwrap_or_default();
    let joined = Secret::from(text.split_whitespace().collect::<String>());
    let mut all: Vec<Secret> = Vec::new();
    for text in [first, joined.expose_secret()] {
        if let Some(query) = extract_query(text)
            && !all.iter().any(|other| other.expose_secret() == query)
        {
            all.push(query.into());
        }
    }
    all
}

/// Without what nobody sees, and with `&` as addresses have it.
fn normalize(pasted: &str) -> Secret {
    let text = BRACKETED_PASTE_MARKS.iter().fold(pasted.to_owned(), |text, mark| text.replace(mark, ""));
    let text: String = text.chars().filter(|c| c.is_whitespace() || !(c.is_control() || is_invisible(*c))).collect();
    ESCAPED_AMPERSANDS.iter().fold(text, |text, written| text.replace(written, "&")).into()
}

/// Joiners, marks of direction, soft hyphens, the mark at the beginning of files.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The query of one address, without what stands behind it: no character of another script belongs to an address of
/// WeChat's, and no code or state ends with a sign of punctuation.
fn extract_query(text: &str) -> Option<&str> {
    let text = text.split('#').next().unwrap_or_default();
    let query = match text.split_once('?') {
        Some((_, query)) => query,
        None if text.contains("://") => return None,
        None => text,
    };
    let end = query.find(|c: char| !c.is_ascii() || QUOTES.contains(&c)).unwrap_or(query.len());
    let query = query[..end].trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || "=&-_".contains(c)));
    query.contains('=').then_some(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "code=051A_b-&state=abc";

    fn read(pasted: &str) -> Vec<String> {
        candidate_queries(pasted).iter().map(|query| query.expose_secret().to_owned()).collect()
    }

    #[test]
    fn the_query_is_found_in_whatever_was_copied() {
        for pasted in [
            "http://203.0.113.7:8080/callback/?QUERY",
            "  https://wx.example.com/callback/?QUERY#wechat_redirect \t",
            "\"http://203.0.113.7/?QUERY\"",
            "<http://203.0.113.7/?QUERY>",
            "“http://203.0.113.7/?QUERY”",
            "203.0.113.7/callback/?QUERY",
            "?QUERY",
            "QUERY",
            "\u{feff}http://203.0.113.7/?QUERY\u{200b}",
            "\u{1b}[200~http://203.0.113.7/?QUERY\u{1b}[201~",
            "看这里：http://203.0.113.7/?QUERY",
            "is it this? http://203.0.113.7/?QUERY",
            "http://203.0.113.7/?QUERY。",
            "http://203.0.113.7/?QUERY,",
            "(http://203.0.113.7/?QUERY)",
            "【http://203.0.113.7/?QUERY】请查收",
            "http://203.0.113.7/?QUERY）。",
        ] {
            assert_eq!(read(&pasted.replace("QUERY", QUERY)), [QUERY], "{pasted}");
            let page = pasted.replace("QUERY", &QUERY.replace('&', "&amp;"));
            assert_eq!(read(&page), [QUERY], "{page}");
        }
    }

    #[test]
    fn a_blank_ends_it_or_was_put_into_it() {
        let behind = format!("http://203.0.113.7/?{QUERY} is the address");
        assert_eq!(read(&behind), [QUERY.to_owned(), format!("{QUERY}istheaddress")]);
        assert_eq!(read("http://203.0.113.7/?code=05 1A_b-&sta\n  te=abc"), ["code=05", QUERY]);
        assert_eq!(read("http://203.0.113.7/call back/?code=051A_b-&state=abc"), [QUERY]);
    }

    #[test]
    fn what_is_no_address_gives_none() {
        for pasted in
            ["", "  ", "nonsense", "http://203.0.113.7/callback/", "http://203.0.113.7/callback/?", "http://a=b/", "。"]
        {
            assert!(candidate_queries(pasted).is_empty(), "{pasted}");
        }
    }
}
