//! `wxbox sandbox` runs the local replacement for the WeChat platform until a signal ends it.

use std::fmt;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{bounded, select};
use serde::Serialize;

use crate::cli::Sandbox as Args;
use crate::compose::input;
use crate::exit::{CommandError, ExitStatus};
use crate::http_server::Limits;
use crate::i18n::{io_error_text, join_list};
use crate::listen;
use crate::sandbox::{LogLine, Sandbox, SandboxInfo, Scenario};
use crate::signals::SignalReceiver;
use crate::t;
use crate::ui::{KeyValues, Ui};

/// The address of the sandbox; in text output also its people, templates and other content.
#[derive(Serialize)]
struct SandboxView<'a> {
    #[serde(flatten)]
    listening: &'a SandboxInfo,
    #[serde(skip)]
    world: &'a Scenario,
}

impl fmt::Display for SandboxView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let people = self.world.people.iter().map(|person| {
            let about = match (person.follows, person.wrote) {
                (false, _) => t!("sandbox-person-away"),
                (true, false) => t!("sandbox-person-silent"),
                (true, true) => t!("sandbox-person-wrote"),
            };
            (person.name.clone(), format!("{}  {about}", person.openid.as_deref().unwrap_or("-")))
        });
        let crowd = self.world.generated_range().map(|ends| {
            let [first, last] = ends.map(|it| (it.name, it.openid.unwrap_or_default()));
            (format!("{} … {}", first.0, last.0), format!("{} …  {}", first.1, t!("sandbox-person-crowd")))
        });
        let people: Vec<_> = people.chain(crowd).collect();
        write_list(f, &t!("sandbox-people"), people)?;
        let templates: Vec<_> =
            self.world.templates.iter().map(|template| (template.title.clone(), template.id.clone())).collect();
        write_list(f, &t!("sandbox-templates"), templates)?;
        let library = self.world.library.iter().map(|template| {
            let keywords: Vec<&str> = template.keywords.iter().map(|keyword| keyword.name.as_str()).collect();
            (template.number.clone(), format!("{}  {}", template.title, join_list(keywords)))
        });
        let library: Vec<_> = library.collect();
        write_list(f, &t!("sandbox-library"), library)?;
        write_list(f, &t!("sandbox-subscriptions"), list_subscriptions(self.world))?;
        write_list(f, &t!("sandbox-named"), list_resources(self.world))?;
        // The most important lines come last, because a small terminal shows the end.
        write!(f, "{}\n\n{}", self.listening, t!("sandbox-stop"))
    }
}

/// Writes a heading and a list. On a terminal, long lines are wrapped.
fn write_list(f: &mut fmt::Formatter<'_>, heading: &str, rows: Vec<(String, String)>) -> fmt::Result {
    writeln!(f, "{heading}")?;
    let list = KeyValues(rows.into_iter().map(|(name, text)| (name, text.into())).collect());
    fmt::Display::fmt(&list, f)?;
    f.write_str("\n\n")
}

fn list_subscriptions(scenario: &Scenario) -> Vec<(String, String)> {
    let templates = scenario.subscriptions.iter().map(|template| {
        let lasts = if template.long_term { t!("sandbox-lasts") } else { t!("sandbox-once") };
        (template.title.clone(), format!("{}  {lasts}", template.id))
    });
    let one_time = (t!("sandbox-kind-one-time"), scenario.one_time_template.clone());
    templates.chain([one_time]).collect()
}

/// Lists the resources that a message can refer to, by the names of WeChat's fields.
fn list_resources(scenario: &Scenario) -> Vec<(String, String)> {
    let kf_accounts = scenario.kf_accounts.iter().map(|it| ("kf_account", it.account.clone(), &it.nickname));
    let articles = scenario.articles.iter().flat_map(|it| {
        [("mpnews", it.media_id.clone(), &it.title), ("mpnewsarticle", it.article_id.clone(), &it.title)]
    });
    let cards = scenario.cards.iter().map(|it| ("wxcard", it.id.clone(), &it.title));
    let resources = kf_accounts.chain(articles).chain(cards);
    resources.map(|(key, id, about)| (key.to_owned(), format!("{id}  {about}"))).collect()
}

pub(super) fn run(ui: &mut Ui, args: &Args) -> anyhow::Result<ExitStatus> {
    let listen = listen::parse_address(&args.listen)?;
    let scenario = match &args.world {
        None => Scenario::default(),
        Some(path) => {
            let failure = |cause: String| CommandError {
                exit: ExitStatus::Config,
                message: t!("sandbox-world", path = path, cause = cause),
                hint: None,
            };
            let bytes = File::open(path)
                .and_then(|file| crate::files::read_limited(file, input::MAX_INPUT_BYTES))
                .map_err(|e| failure(io_error_text(&e)))?;
            let text = String::from_utf8(bytes).map_err(|_| failure(t!("batch-utf8")))?;
            Scenario::from_toml(&text).map_err(|e| failure(e.to_string()))?
        }
    };
    let scenario = scenario.with_openids();
    let signals = SignalReceiver::new()?;
    let server = listen::bind_first(&listen, &Limits::sandbox(), &t!("sandbox-port-hint"))?;
    let address = server.local_addr();
    if !address.ip().is_loopback() {
        ui.warn(&t!("sandbox-open", address = address.to_string()));
    }
    let lines = Arc::new(RequestLog::default());
    let (sender, lines_added) = bounded(1);
    let shown_scenario = scenario.clone();
    let log = Arc::clone(&lines);
    let sandbox = Sandbox::start(scenario, server, move |line| {
        if log.add(line) {
            // A full channel already holds a notification; a closed one means that the sandbox is
            // stopping.
            let _ = sender.try_send(());
        }
    })?;
    ui.print(&SandboxView { listening: sandbox.listening(), world: &shown_scenario })?;
    loop {
        let mut signal = select! {
            recv(lines_added) -> lines_added => { lines_added?; None },
            recv(signals.events) -> signal => Some(signal?),
        };
        flush_log(ui, &lines)?;
        if signal.is_none() {
            signal = select! {
                recv(signals.events) -> signal => Some(signal?),
                default(FLUSH_INTERVAL) => None,
            };
        }
        if let Some(signal) = signal {
            flush_log(ui, &lines)?;
            return Ok(signal.exit_status());
        }
    }
}

/// The time to collect lines after a write, so that a flood of requests causes a few hundred writes
/// per second instead of one per request. A single line is printed immediately.
const FLUSH_INTERVAL: Duration = Duration::from_millis(2);

/// The maximum number of pending lines. Further lines are only counted.
const MAX_PENDING_LINES: usize = 50_000;

/// The pending lines, and the number of dropped ones.
#[derive(Default)]
struct RequestLog(Mutex<(Vec<LogLine>, usize)>);

impl RequestLog {
    /// Adds a line; returns whether it is the only pending one.
    fn add(&self, line: LogLine) -> bool {
        let (waiting, dropped) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MAX_PENDING_LINES {
            waiting.push(line);
        } else {
            *dropped += 1;
        }
        waiting.len() == 1
    }

    fn take(&self) -> (Vec<LogLine>, usize) {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn flush_log(ui: &mut Ui, lines: &RequestLog) -> anyhow::Result<()> {
    let (waiting, dropped) = lines.take();
    ui.print_results(&waiting)?;
    if dropped > 0 {
        ui.warn(&t!("sandbox-lines-left-out", count = dropped));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::RequestLine;

    #[test]
    fn dropped_request_lines_are_counted() {
        let line = || {
            LogLine::Request(RequestLine {
                time: String::new(),
                method: "GET".into(),
                path: "/".into(),
                errcode: None,
                to: None,
                unknown: false,
                fault: None,
                ms: 0,
            })
        };
        let lines = RequestLog::default();
        let wakeup_count = (0..MAX_PENDING_LINES + 3).filter(|_| lines.add(line())).count();
        let (pending, dropped) = lines.take();
        assert_eq!((wakeup_count, pending.len(), dropped), (1, MAX_PENDING_LINES, 3));
        assert!(lines.add(line()), "and it goes on");
        assert_eq!(lines.take().1, 0);
    }
}
