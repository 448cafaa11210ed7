//! `bind --paste` reads the address to which WeChat redirected the phone, from a terminal or from
//! standard input. The address holds the OAuth code, so no message repeats it.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, after, select};

use super::qr;
use super::session::{BindAttempt, BindContext, BindOutcome, EXCHANGE_TIMEOUT};
use crate::callback::{CallbackEvent, CallbackRejection, PendingBinding};
use crate::exit::{CommandError, ExitStatus};
use crate::report::classify;
use crate::secret::{ExposeSecret, Secret};
use crate::signals::SignalReceiver;
use crate::t;
use crate::ui::{StdinLine, StdinLines, Ui};

/// The result of one line.
enum PasteResult {
    Done(BindOutcome),
    /// The line is not usable; another line may be.
    Rejected(CommandError),
}

/// Reads lines until one binds the person. A script has one attempt, a terminal any number.
pub(super) fn wait_for(
    ui: &mut Ui,
    context: &BindContext,
    attempt: BindAttempt<'_>,
    lines: &mut StdinLines,
) -> anyhow::Result<BindOutcome> {
    let BindAttempt { user, url, callback, events, .. } = attempt;
    let callback = Arc::new(callback);
    qr::show_authorize_url(ui, context, &user.username, &url, None)?;
    let deadline = Instant::now() + context.timeout();
    let redirect = context.redirect()?.as_str();
    ui.status(&if ui.can_prompt { t!("bind-paste-how", uri = redirect) } else { t!("bind-paste-waiting") });
    // A truncated address; its rest may be in the next line.
    let mut partial: Option<Secret> = None;
    loop {
        if ui.can_prompt {
            ui.prompt_line(&t!("bind-paste-prompt"));
        }
        let line = select! {
            recv(lines.receiver()?) -> line => line?.context(t!("ui-stdin"))?,
            recv(context.signals.events) -> signal => {
                end_prompt_line(ui);
                return Ok(BindOutcome::Stopped(signal?));
            }
            recv(after(deadline.saturating_duration_since(Instant::now()))) -> _ => {
                end_prompt_line(ui);
                callback.close();
                return Ok(BindOutcome::TimedOut(None));
            }
        };
        let text = match line {
            StdinLine::Eof => {
                end_prompt_line(ui);
                let message = t!("bind-paste-end", user = user.username);
                let error = CommandError::usage(message).hint(t!("bind-paste-end-hint")).into();
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
            Some(query) => submit(context, &callback, &events, query, deadline)?,
            None => PasteResult::Rejected(not_an_address(redirect)),
        };
        match result {
            PasteResult::Done(outcome) => return Ok(outcome),
            PasteResult::Rejected(error) if ui.can_prompt => ui.error(&error),
            PasteResult::Rejected(error) => {
                return Ok(BindOutcome::Failed { error: error.into(), only_this_user: true });
            }
        }
    }
}

/// Returns the query of a line. Of all readings of the line, it prefers one with the state of this
/// binding.
fn select_query(callback: &PendingBinding, partial: Option<&Secret>, line: &Secret) -> Option<Secret> {
    let joined = partial.map(|partial| Secret::from(format!("{}{}", partial.expose_secret(), line.expose_secret())));
    let joined = joined.map(|text| candidate_queries(text.expose_secret())).unwrap_or_default();
    let alone = candidate_queries(line.expose_secret());
    let mine = joined.iter().chain(&alone).find(|query| callback.has_matching_state(query.expose_secret()));
    // Prefer the line on its own if it does not complete the partial address.
    mine.or(alone.first()).cloned()
}

/// Moves the cursor off the prompt line that got no answer.
fn end_prompt_line(ui: &mut Ui) {
    if ui.can_prompt {
        ui.write_stderr("\n");
    }
}

/// Submits the query to WeChat if its state matches.
fn submit(
    context: &BindContext,
    callback: &Arc<PendingBinding>,
    events: &Receiver<CallbackEvent>,
    query: Secret,
    deadline: Instant,
) -> anyhow::Result<PasteResult> {
    let binding = Arc::clone(callback);
    std::thread::Builder::new().name("paste".into()).spawn(move || binding.submit_query(query.expose_secret()))?;
    let remaining = deadline.saturating_duration_since(Instant::now()).max(EXCHANGE_TIMEOUT);
    let outcome = select! {
        recv(events) -> event => return result_from_event(event?, &context.signals),
        recv(context.signals.events) -> signal => BindOutcome::Stopped(signal?),
        recv(after(remaining)) -> _ => BindOutcome::TimedOut(None),
    };
    callback.close();
    // A binding that was saved before the close counts.
    Ok(PasteResult::Done(outcome.or_late_event(events.try_recv().ok())))
}

fn result_from_event(event: CallbackEvent, signals: &SignalReceiver) -> anyhow::Result<PasteResult> {
    Ok(match event {
        // The callback never sends these before the result of a pasted query.
        CallbackEvent::ShortLinkOpened | CallbackEvent::FollowChecked(_) => PasteResult::Rejected(truncated_address()),
        CallbackEvent::Bound(bound) => PasteResult::Done(BindOutcome::Bound(bound, None)),
        CallbackEvent::Failed(error) => PasteResult::Done(BindOutcome::from_error_or_signal(error, signals)?),
        CallbackEvent::Rejected(reason) => PasteResult::Rejected(rejection(reason)),
        CallbackEvent::Unreachable(error) => {
            let CommandError { exit, message, .. } = classify(&error);
            let message = t!("bind-paste-unreachable", cause = message);
            PasteResult::Rejected(CommandError { exit, message, hint: Some(t!("bind-paste-unreachable-hint")) })
        }
    })
}

fn not_an_address(redirect: &str) -> CommandError {
    CommandError::usage(t!("bind-paste-no-address")).hint(t!("bind-paste-address-hint", uri = redirect))
}

fn truncated_address() -> CommandError {
    CommandError::usage(t!("bind-paste-incomplete")).hint(t!("bind-paste-incomplete-hint"))
}

/// Returns the error for a rejected address, with a hint.
fn rejection(reason: CallbackRejection) -> CommandError {
    let start_again_hint = || t!("bind-paste-again-hint");
    let (exit, message, hint) = match reason {
        CallbackRejection::NoCode => (ExitStatus::Usage, t!("bind-paste-no-code"), t!("bind-paste-no-code-hint")),
        CallbackRejection::MalformedCode | CallbackRejection::DuplicateParam => {
            (ExitStatus::Usage, t!("bind-paste-bad-code"), start_again_hint())
        }
        CallbackRejection::SnapshotUser => {
            (ExitStatus::Usage, t!("bind-paste-snapshot"), t!("bind-paste-snapshot-hint"))
        }
        CallbackRejection::CodeUsed => (ExitStatus::Config, t!("bind-paste-used"), start_again_hint()),
        CallbackRejection::CodeRefused(errcode) => {
            (ExitStatus::Config, t!("bind-paste-refused", errcode = errcode.to_string()), start_again_hint())
        }
        CallbackRejection::WrongState
        | CallbackRejection::WrongPath
        | CallbackRejection::RewrittenPath
        | CallbackRejection::WrongMethod
        | CallbackRejection::AlreadyBound => (ExitStatus::Usage, t!("bind-paste-state"), t!("bind-paste-state-hint")),
    };
    CommandError { exit, message, hint: Some(hint) }
}

/// The marks that a terminal puts around a paste.
const BRACKETED_PASTE_MARKS: [&str; 2] = ["\u{1b}[200~", "\u{1b}[201~"];
/// The HTML escapes of `&`.
const ESCAPED_AMPERSANDS: [&str; 4] = ["&amp;", "&AMP;", "&#38;", "&#x26;"];
const QUOTES: [char; 9] = ['"', '\'', '`', '<', '>', '“', '”', '‘', '’'];

/// Returns the query in each possible reading of the pasted text; empty if the text holds no
/// address.
///
/// A space may end the address, or a line break may have been inserted into it.
pub(super) fn candidate_queries(pasted: &str) -> Vec<Secret> {
    let text = normalize(pasted);
    let text = text.expose_secret().trim().trim_matches(QUOTES).trim();
    let text = text.find("://").map_or(text, |scheme| {
        let start = text[..scheme].rfind(|c: char| !c.is_ascii_alphabetic());
        let start = start.map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
        &text[start..]
    });
    let first = text.split_whitespace().next().unwrap_or_default();
    let joined = Secret::from(text.split_whitespace().collect::<String>());
    let mut queries: Vec<Secret> = Vec::new();
    for text in [first, joined.expose_secret()] {
        if let Some(query) = extract_query(text)
            && !queries.iter().any(|other| other.expose_secret() == query)
        {
            queries.push(query.into());
        }
    }
    queries
}

/// Removes invisible characters, and unescapes `&`.
fn normalize(pasted: &str) -> Secret {
    let text = BRACKETED_PASTE_MARKS.iter().fold(pasted.to_owned(), |text, mark| text.replace(mark, ""));
    let text: String = text.chars().filter(|c| c.is_whitespace() || !(c.is_control() || is_invisible(*c))).collect();
    ESCAPED_AMPERSANDS.iter().fold(text, |text, written| text.replace(written, "&")).into()
}

/// Matches joiners, direction marks, soft hyphens and byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Returns the query of one address without the text after it.
///
/// An address of WeChat holds only ASCII characters, and no code or state ends with punctuation.
fn extract_query(text: &str) -> Option<&str> {
    let text = text.split('#').next().unwrap_or_default();
    let query = match text.split_once('?') {
        Some((_, query)) => query,
        None if text.contains("://") => return None,
        None => text,
    };
    let deadline = query.find(|c: char| !c.is_ascii() || QUOTES.contains(&c)).unwrap_or(query.len());
    let query = query[..deadline].trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || "=&-_".contains(c)));
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
    fn query_is_found_in_pasted_text() {
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
    fn blank_in_address_ends_query_or_is_removed() {
        let behind = format!("http://203.0.113.7/?{QUERY} is the address");
        assert_eq!(read(&behind), [QUERY.to_owned(), format!("{QUERY}istheaddress")]);
        assert_eq!(read("http://203.0.113.7/?code=05 1A_b-&sta\n  te=abc"), ["code=05", QUERY]);
        assert_eq!(read("http://203.0.113.7/call back/?code=051A_b-&state=abc"), [QUERY]);
    }

    #[test]
    fn text_without_query_gives_no_candidates() {
        for pasted in
            ["", "  ", "nonsense", "http://203.0.113.7/callback/", "http://203.0.113.7/callback/?", "http://a=b/", "。"]
        {
            assert!(candidate_queries(pasted).is_empty(), "{pasted}");
        }
    }
}
