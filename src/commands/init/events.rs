//! Sets up the receipt of WeChat's events: asks the questions, prints the values for WeChat's
//! console, and waits for WeChat's check of the push URL.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, after, bounded, select, tick};
use url::Url;

use super::event_answers::{EventAnswers, EventChoice, EventOptions};
use super::prompts::BACK;
use super::write::InitAnswers;
use crate::cli::EventsMode;
use crate::config::{Config, Environment, parse_public_url};
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::http_server::ServerHandle;
use crate::i18n::long_duration;
use crate::push_listener;
use crate::report::classify;
use crate::secret::ExposeSecret as _;
use crate::signals::SignalReceiver;
use crate::store::ServeLock;
use crate::t;
use crate::ui::{self, Countdown, Ui, format_key_values};
use crate::wechat::push::PushError;
use crate::wechat::push_url::push_url_problem;
use crate::wechat::redirect_uri::{RedirectProblem, problems};

/// The time for WeChat's check, in which the user logs in to the console and confirms by a scan.
const CHECK_TIMEOUT: Duration = Duration::from_secs(600);

/// The maximum number of pending checks of the URL; further ones say nothing new.
const MAX_PENDING_CHECKS: usize = 8;

/// The maximum number of wrong paths that are printed.
const MAX_WRONG_PATHS: usize = 5;

/// Asks whether and how to receive events; `None` if the user goes back.
pub(super) fn ask(
    ui: &mut Ui,
    options: EventOptions,
    redirect_uri: &Url,
    is_sandbox: bool,
    has_events: bool,
) -> anyhow::Result<Option<EventChoice>> {
    if has_events {
        return match ui::confirm_or_back(ui, &t!("init-events-renew"), false)? {
            Some(true) => ask_details(ui, options, redirect_uri, is_sandbox),
            Some(false) => Ok(Some(EventChoice::Kept)),
            None => Ok(None),
        };
    }
    ui.status(&t!("init-events-about"));
    if options.mode.is_none() {
        match ui::confirm_or_back(ui, &t!("init-events"), false)? {
            Some(true) => {}
            Some(false) => return Ok(Some(EventChoice::Declined)),
            None => return Ok(None),
        }
    }
    ask_details(ui, options, redirect_uri, is_sandbox)
}

/// Asks how to receive events; `None` if the user goes back.
fn ask_details(
    ui: &mut Ui,
    options: EventOptions,
    redirect_uri: &Url,
    is_sandbox: bool,
) -> anyhow::Result<Option<EventChoice>> {
    let mode = match options.mode {
        Some(mode) => mode,
        None if is_sandbox => EventsMode::Safe,
        None => match is_test_account(ui, redirect_uri)? {
            Some(true) => EventsMode::Plain,
            Some(false) => EventsMode::Safe,
            None => return Ok(None),
        },
    };
    let public_url = match options.public_url {
        Some(url) => Some(url),
        None => match ask_public_url(ui, redirect_uri, options.present_url, is_sandbox)? {
            Some(url) => url,
            None => return Ok(None),
        },
    };
    EventAnswers::generate(mode, public_url).map(|events| Some(EventChoice::New(events)))
}

/// Asks for the type of the account; `None` if the user goes back. An IP address or a port in
/// `redirect_uri` works with a test account only.
fn is_test_account(ui: &Ui, redirect_uri: &Url) -> anyhow::Result<Option<bool>> {
    let is_likely = problems(redirect_uri, false).iter().any(RedirectProblem::is_verified_only);
    ui::confirm_or_back(ui, &t!("init-events-test-account"), is_likely)
}

/// Asks for the URL at which WeChat reaches `serve`. Returns an outer `None` if the user goes back,
/// and an inner one if the URL is the origin of `redirect_uri`.
fn ask_public_url(
    ui: &mut Ui,
    redirect_uri: &Url,
    present: Option<Url>,
    is_sandbox: bool,
) -> anyhow::Result<Option<Option<Url>>> {
    let mut origin = redirect_uri.clone();
    origin.set_path("/");
    origin.set_query(None);
    ui.status(&if is_sandbox { t!("init-where-public-url-sandbox") } else { t!("init-where-public-url") });
    let proposed = present.unwrap_or_else(|| origin.clone());
    let default = push_url_problem(&proposed, is_sandbox).is_none().then(|| proposed.to_string());
    let typed = ui::prompt_text(ui, &t!("init-public-url"), default, move |typed| {
        if typed == BACK {
            return Ok(());
        }
        let Some(url) = parse_public_url(typed) else {
            return Err(t!("init-must-be", expected = t!("init-expected-public-url")).into());
        };
        match push_url_problem(&url, is_sandbox) {
            Some(problem) => Err(problem.describe().into()),
            None => Ok(()),
        }
    })?;
    Ok((typed != BACK).then(|| parse_public_url(&typed).filter(|url| *url != origin)))
}

/// Returns the context of the written configuration.
pub(super) fn written_config(
    answers: &InitAnswers,
    path: &Path,
    environment: &Environment,
) -> anyhow::Result<AppContext> {
    Ok(AppContext::from_config(Config::from_text(path, answers.render()?, environment)?))
}

/// Warns that the new push URL must be entered at WeChat, if the events are kept and another answer
/// has changed the URL.
pub(super) fn warn_if_url_moved(ui: &mut Ui, before: &Config, after: &Config) {
    let (old_url, new_url) = (before.push_url(), after.push_url());
    if let Some(url) = new_url.filter(|url| before.has_push() && after.has_push() && old_url.as_ref() != Some(url)) {
        ui.warn(&t!("init-events-moved", url = url.as_str()));
    }
}

/// Warns about a push URL to which WeChat cannot send events.
pub(super) fn warn_about_url(ui: &mut Ui, answers: &InitAnswers, push_url: &Url) {
    if let Some(problem) = push_url_problem(push_url, answers.sandbox.is_some()) {
        ui.warn(&t!("ui-cause", what = push_url.as_str(), cause = problem.describe()));
    }
}

/// Prints in a script where the secrets are, because recorded output must not contain them.
pub(super) fn print_file_note(ui: &mut Ui, answers: &InitAnswers, path: &Path, push_url: &str) {
    let Some(events) = &answers.events else { return };
    ui.status(&match events.aes_key {
        Some(_) => t!("init-events-file", path = path, url = push_url),
        None => t!("init-events-file-plain", path = path, url = push_url),
    });
}

/// Prints on the terminal what to enter in WeChat's console.
pub(super) fn print_console_values(ui: &mut Ui, answers: &InitAnswers, push_url: &str) {
    let Some(events) = &answers.events else { return };
    ui.status(&match (&answers.sandbox, &events.aes_key) {
        (Some(sandbox), _) => t!("init-events-enter-sandbox", url = sandbox.as_str()),
        (None, Some(_)) => t!("init-events-enter"),
        (None, None) => t!("init-events-enter-test"),
    });
    let mut values =
        vec![("URL".to_owned(), push_url.to_owned()), ("Token".to_owned(), events.token.expose_secret().to_owned())];
    if let Some(key) = &events.aes_key {
        values.push(("EncodingAESKey".to_owned(), key.expose_secret().to_owned()));
        if answers.sandbox.is_some() {
            // The sandbox's page has labels in the user's language, and no data format.
            values.push((t!("init-events-mode-sandbox"), t!("sandbox-push-mode-safe")));
        } else {
            values.push((t!("init-events-mode"), t!("init-events-mode-safe")));
            values.push((t!("init-events-format"), "XML".to_owned()));
        }
    }
    let text = format_key_values(&values).replace('\n', "\n  ");
    ui.write_stderr(&format!("  {text}\n"));
}

/// Waits until WeChat has checked the push URL. The configuration is kept in any case.
pub(super) fn wait_for_check(ui: &mut Ui, app: &AppContext) -> anyhow::Result<ExitStatus> {
    if ServeLock::is_held(&app.config.database, app.app_id()) {
        ui.status(&t!("init-events-serve-runs"));
        return Ok(ExitStatus::Success);
    }
    let signals = SignalReceiver::new()?;
    let (sender, checks) = bounded(MAX_PENDING_CHECKS);
    let elsewhere = sender.clone();
    let listener = push_listener::bind_port(app).and_then(|server| {
        let on_url_check = move |verified: Result<(), PushError>| {
            let _ = sender.try_send(verified.map_or_else(UrlCheck::Failed, |()| UrlCheck::Passed));
        };
        push_listener::start(server, app, app.app_id(), on_url_check, move |path| {
            let _ = elsewhere.try_send(UrlCheck::WrongPath(path));
        })
    });
    let push_path = app.config.push_url().map(|url| url.path().to_owned()).unwrap_or_default();
    match listener {
        Ok(listener) => wait_for_result(ui, listener, &checks, CHECK_TIMEOUT, &signals, &push_path),
        Err(error) => {
            ui.warn(&t!("init-events-no-listener", cause = classify(&error).message));
            ui.status(&t!("init-events-later"));
            Ok(ExitStatus::Success)
        }
    }
}

/// A check of the URL.
enum UrlCheck {
    Passed,
    Failed(PushError),
    /// The check was for this path, not for the push URL.
    WrongPath(String),
}

fn wait_for_result(
    ui: &mut Ui,
    listener: ServerHandle,
    checks: &Receiver<UrlCheck>,
    timeout: Duration,
    signals: &SignalReceiver,
    push_path: &str,
) -> anyhow::Result<ExitStatus> {
    let countdown = Countdown::new(ui, &t!("init-events-waiting"), timeout);
    let (every_second, deadline) = (tick(Duration::from_secs(1)), after(timeout));
    let mut is_warned = false;
    let mut wrong_paths = HashSet::new();
    let exit = loop {
        select! {
            recv(checks) -> check => match check? {
                UrlCheck::Passed => break ExitStatus::Success,
                UrlCheck::Failed(PushError::WrongSignature) if !is_warned => {
                    is_warned = true;
                    ui.warn(&t!("init-events-wrong-token"));
                }
                UrlCheck::Failed(_) => {}
                UrlCheck::WrongPath(path) => {
                    if wrong_paths.len() < MAX_WRONG_PATHS && wrong_paths.insert(path.clone()) {
                        ui.note(&t!("init-events-wrong-path", path = path, right = push_path));
                    }
                }
            },
            recv(every_second) -> _ => countdown.tick(),
            recv(signals.events) -> signal => break signal?.exit_status(),
            recv(deadline) -> _ => break ExitStatus::TimedOut,
        }
    };
    drop(countdown);
    // Stopping the listener sends the pending response.
    listener.stop();
    match exit {
        ExitStatus::Success => ui.status(&t!("init-events-checked")),
        ExitStatus::TimedOut => {
            ui.warn(&t!("init-events-timed-out", time = long_duration(timeout)));
            ui.status(&t!("init-events-later"));
        }
        _ => ui.status(&t!("init-events-later")),
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::http_server::{HttpResponse, HttpServer, Limits};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn wait_ends_with_the_time_and_names_a_wrong_token() {
        let server = HttpServer::bind("127.0.0.1:0", Limits::callback()).unwrap();
        let listener = server.start(|_| HttpResponse::status_only(404)).unwrap();
        let sink = Sink::default();
        let mut ui = Ui::new(std::io::sink(), sink.clone());
        let (sender, checks) = bounded(MAX_PENDING_CHECKS);
        for _ in 0..2 {
            sender.send(UrlCheck::Failed(PushError::WrongSignature)).unwrap();
        }
        let signals = SignalReceiver::new().unwrap();
        let timeout = Duration::from_millis(300);
        let exit = wait_for_result(&mut ui, listener, &checks, timeout, &signals, "/push").unwrap();
        assert_eq!(exit, ExitStatus::TimedOut);
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("another Token").count(), 1, "{text}");
        assert!(text.contains("wxbox serve"), "{text}");
    }
}
