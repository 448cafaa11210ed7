//! `wxbox demo`: the whole job as a person would do it, against the sandbox, in a throw-away directory.
//! Every command is the program itself, run as it is shown.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};
use crossbeam_channel::{Receiver, bounded, select};
use rand::TryRng as _;
use rand::rngs::SysRng;
use reqwest::blocking::Client as Phone;
use serde::Deserialize;
use tempfile::TempDir;
use url::Url;

use crate::error::{Exit, Failure};
use crate::private;
use crate::signals::{Signal, Watch};
use crate::ui::{Look, Ui};
use crate::{t, wechat};

/// Who is bound in the demo, and whose phone it is in the sandbox's world.
const PERSON: &str = "luffy";

/// The template of the sandbox's world that the alias `backup` stands for.
const TEMPLATE: &str = "backup_finished-0123456789abcdefghijklmnopq";

/// The sandbox's first line.
#[derive(Deserialize)]
struct Listening {
    url: String,
    app_id: String,
    app_secret: String,
}

/// A message as the sandbox's inbox tells it.
#[derive(Deserialize)]
struct Received {
    content: Option<String>,
    title: Option<String>,
    fields: Vec<Line>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    label: String,
    shown: Option<String>,
}

pub(super) fn run(ui: &mut Ui) -> anyhow::Result<Exit> {
    let signals = Watch::begin()?;
    let home = tempfile::Builder::new().prefix("wxbox-demo-").tempdir().map_err(no_room)?;
    let program = std::env::current_exe().context(t!("demo-start"))?;
    let demo = Demo { program, home, phone: phone()?, signals };
    // It is a show, and no result.
    if ui.json() { ui.results_on_stderr(|ui| demo.play(ui)) } else { demo.play(ui) }
}

/// The path in the error is of a directory that was to be made; the one that it was to be made in is meant.
fn no_room(error: std::io::Error) -> Failure {
    let place = std::env::temp_dir();
    let cause = std::fs::metadata(&place).err().unwrap_or_else(|| error.kind().into());
    let what = t!("demo-directory", path = place, cause = cause);
    Failure { exit: Exit::Unexpected, what, hint: Some(t!("demo-directory-hint")) }
}

struct Demo {
    program: std::path::PathBuf,
    home: TempDir,
    phone: Phone,
    signals: Watch,
}

impl Demo {
    fn play(&self, ui: &mut Ui) -> anyhow::Result<Exit> {
        ui.raw_out(&t!("demo-intro"))?;
        let (mut sandbox, at) = self.sandbox(ui)?;
        let error = match self.acts(ui, &at) {
            Ok(()) => return Ok(Exit::Done),
            Err(error) => error,
        };
        // Ctrl-C goes to the whole group: where the sandbox heard of it first, all kinds of things fail.
        match self.signals.events.try_recv() {
            Ok(signal) => Err(interrupted(signal)),
            // It is we who end it by SIGTERM.
            Err(_) => {
                let signal = sandbox.stop().and_then(asked_to_stop).filter(|signal| *signal != Signal::Terminate);
                Err(signal.map_or(error, interrupted))
            }
        }
    }

    fn acts(&self, ui: &mut Ui, at: &Listening) -> anyhow::Result<()> {
        self.config(ui, at)?;
        self.step(ui, &["user", "add", PERSON])?;
        let bind = self.bind(ui)?;
        self.step(ui, &["send", "--user", PERSON, &t!("demo-send-text")])?;
        let fields = ["--data", "host=db1", "--data", "size=42 GB", "--data", "time=03:15"];
        self.step(ui, &[&["send", "--user", PERSON, "--template", "backup"], &fields[..]].concat())?;
        self.inbox(ui, at)?;
        self.end(bind, "bind")?;
        ui.raw_out(&format!("\n{}", t!("demo-done", dir = self.home.path())))
    }

    /// The program with nothing of the caller's environment but what a terminal needs.
    fn wxbox(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let keep = [
            "PATH",
            "WXBOX_LANG",
            "TZ",
            "LANG",
            "LC_ALL",
            "LC_MESSAGES",
            "LC_CTYPE",
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "COLORTERM",
            "TERM",
        ];
        let kept: Vec<(&str, OsString)> =
            keep.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
        // A spinner and what the demo says would write into each other's lines.
        command
            .args(args)
            .env_clear()
            .envs(kept)
            .env("WXBOX_ACCESSIBLE", "1")
            .env("HOME", self.home.path())
            .stdin(Stdio::null());
        command
    }

    fn start(&self, args: &[&str]) -> anyhow::Result<Running> {
        let mut child = self.wxbox(args).stdout(Stdio::piped()).spawn().context(t!("demo-start"))?;
        let stdout = child.stdout.take();
        let (tell, lines) = bounded(0);
        let running = Running { child, lines };
        let stdout = BufReader::new(stdout.context(t!("demo-start"))?);
        std::thread::Builder::new().name("lines".into()).spawn(move || {
            // What is not UTF-8 is no line of ours; nobody listens once the demo is over.
            let _ = stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line));
        })?;
        Ok(running)
    }

    /// The next line of a command, `None` at its end. Ctrl-C ends the wait for it.
    fn next_line(&self, running: &Running) -> anyhow::Result<Option<String>> {
        select! {
            recv(running.lines) -> line => Ok(line.ok()),
            recv(self.signals.events) -> signal => Err(interrupted(signal?)),
        }
    }

    /// Waits for the end of a command, which must be a good one.
    fn end(&self, mut running: Running, name: &str) -> anyhow::Result<()> {
        while self.next_line(&running)?.is_some() {}
        let status = running.child.wait()?;
        if status.success() {
            return Ok(());
        }
        let code = status.code().map_or_else(|| "-".to_owned(), |code| code.to_string());
        // Ctrl-C goes to the whole group: the command may have heard of it first.
        if let Some(signal) = status.code().and_then(asked_to_stop) {
            return Err(interrupted(signal));
        }
        let what = t!("demo-failed", command = format!("wxbox {name}"), status = code);
        Err(Failure { exit: Exit::Unexpected, what, hint: None }.into())
    }

    /// The next line of a command that must not end before it.
    fn needs_line(&self, running: Running, name: &str) -> anyhow::Result<(Running, String)> {
        match self.next_line(&running)? {
            Some(line) => Ok((running, line)),
            None => Err(match self.end(running, name) {
                Ok(()) => anyhow::anyhow!(t!("demo-no-person")),
                Err(error) => error,
            }),
        }
    }

    fn sandbox(&self, ui: &mut Ui) -> anyhow::Result<(Running, Listening)> {
        let args = ["sandbox", "--listen", "127.0.0.1:0", "--json"];
        ui.typed(&args, " &")?;
        let (mut running, line) = self.needs_line(self.start(&args)?, "sandbox")?;
        // Its lines about requests are of no interest here; with the pipe closed it need not wait for a reader.
        running.lines = crossbeam_channel::never();
        ui.raw_out(&line)?;
        let at = serde_json::from_str(&line).context(t!("demo-start"))?;
        Ok((running, at))
    }

    fn config(&self, ui: &mut Ui, at: &Listening) -> anyhow::Result<()> {
        let port = free_port()?;
        let text = format!(
            "app_id = \"{}\"\napp_secret = \"{}\"\nredirect_uri = \"http://127.0.0.1:{port}/callback/\"\n\n\
             [network]\napi_base = \"{url}\"\nopen_base = \"{url}\"\n\n\
             [templates.backup]\nid = \"{TEMPLATE}\"\nurl = \"https://status.example.com\"\n",
            at.app_id,
            at.app_secret,
            url = at.url,
        );
        let dir = self.home.path().join(".config/wxbox");
        std::fs::create_dir_all(&dir)?;
        let path = dir.join("config.toml");
        private::new_file(&path)?.write_all(text.as_bytes())?;
        ui.raw_out(&format!("\n{}\n{text}", t!("demo-config", path = short(&path, self.home.path()))))
    }

    /// Runs a command to its end, its output as it comes.
    fn step(&self, ui: &mut Ui, args: &[&str]) -> anyhow::Result<()> {
        ui.typed(args, "")?;
        let running = self.start(args)?;
        while let Some(line) = self.next_line(&running)? {
            ui.raw_out(&line)?;
        }
        self.end(running, args[0])
    }

    /// `bind` with a phone: the link is followed, the binding made; the listener is still there for the
    /// phone's second call.
    fn bind(&self, ui: &mut Ui) -> anyhow::Result<Running> {
        let look = if ui.look() == Look::Unicode { "unicode" } else { "ascii" };
        let args = ["bind", "--user", PERSON, "--qr", look];
        ui.typed(&args, "")?;
        let (running, link) = self.needs_line(self.start(&args)?, "bind")?;
        ui.raw_out(&link)?;
        let title = self.follow(&link)?;
        let (running, bound) = self.needs_line(running, "bind")?;
        // Now that is said: before, the code may not be drawn yet.
        ui.raw_out(&t!("demo-phone", person = PERSON))?;
        ui.raw_out(&t!("demo-page", title = title))?;
        ui.raw_out(&bound)?;
        Ok(running)
    }

    /// What the phone does: opens the link, sees who asks, taps Allow, is sent to the callback.
    fn follow(&self, link: &str) -> anyhow::Result<String> {
        let link = Url::parse(link)?;
        let asked = self.phone.get(link.clone()).send().map_err(reqwest::Error::without_url)?;
        if !asked.status().is_success() {
            bail!(t!("demo-phone-failed", status = asked.status().as_u16()));
        }
        let mut allow = link.join("/sandbox/authorize")?;
        allow.set_query(link.query());
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("person", PERSON)
            .append_pair("allow", "1")
            .finish();
        let form = reqwest::header::HeaderValue::from_static("application/x-www-form-urlencoded");
        let answer = self
            .phone
            .post(allow)
            .header(reqwest::header::CONTENT_TYPE, form)
            .body(body)
            .send()
            .map_err(reqwest::Error::without_url)?;
        if !answer.status().is_success() {
            bail!(t!("demo-phone-failed", status = answer.status().as_u16()));
        }
        let page = String::from_utf8_lossy(&answer.bytes()?).into_owned();
        let title = page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        Ok(title.map(|(title, _)| title.to_owned()).unwrap_or_default())
    }

    fn inbox(&self, ui: &mut Ui, at: &Listening) -> anyhow::Result<()> {
        let answer = self.phone.get(format!("{}/sandbox/inbox.json", at.url)).send()?.bytes()?;
        let all: Vec<Received> = serde_json::from_slice(&answer)?;
        ui.raw_out(&format!("\n{}", t!("demo-inbox", person = PERSON, url = at.url)))?;
        for message in all {
            let mut lines: Vec<String> = message.title.into_iter().chain(message.content).collect();
            for field in message.fields {
                let label = Some(field.label).filter(|label| !label.is_empty());
                let shown = field.shown.unwrap_or_default();
                lines.extend(label.map(|label| format!("{label} {shown}")).or(Some(shown).filter(|it| !it.is_empty())));
            }
            lines.extend(message.url.map(|url| format!("› {url}")));
            ui.raw_out(&format!("  ┌ {}", lines.join("\n  │ ")))?;
        }
        Ok(())
    }
}

/// A command in the background; it ends with the demo.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Asks it to end, so that it leaves the terminal in order, and waits; its exit status.
    fn stop(&mut self) -> Option<i32> {
        // What has ended has nothing to be asked, and its number may be another's by now.
        if let Ok(None) = self.child.try_wait() {
            let _ = rustix::process::kill_process(
                rustix::process::Pid::from_child(&self.child),
                rustix::process::Signal::TERM,
            );
        }
        self.child.wait().ok()?.code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The signal that a command ended on, by its exit status.
fn asked_to_stop(status: i32) -> Option<Signal> {
    Signal::ALL.into_iter().find(|signal| i32::from(signal.exit().code()) == status)
}

fn interrupted(signal: Signal) -> anyhow::Error {
    Failure { exit: signal.exit(), what: t!("ui-interrupted"), hint: None }.into()
}

/// A port that is free; the listener takes it in a moment. It is none of those that the system gives to whoever asks for
/// any: somebody would have it by then.
fn free_port() -> anyhow::Result<u16> {
    const OURS: Range<u32> = 20_000..32_000;
    for _ in 0..100 {
        let chance = SysRng.try_next_u32()? % (OURS.end - OURS.start);
        let port = u16::try_from(OURS.start + chance)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A stand-in for the phone's browser; it only ever talks to this machine.
fn phone() -> anyhow::Result<Phone> {
    let phone = Phone::builder().tls_backend_preconfigured(wechat::tls(None)?).no_proxy().user_agent("MicroMessenger");
    Ok(phone.build()?)
}

fn short(path: &Path, home: &Path) -> String {
    path.strip_prefix(home).map_or_else(|_| path.display().to_string(), |rest| format!("~/{}", rest.display()))
}
