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

use crate::exit::{CommandError, ExitStatus};
use crate::files;
use crate::signals::{Signal, SignalReceiver};
use crate::ui::{QrStyle, Ui};
use crate::{t, wechat};

/// Who is bound in the demo, and whose phone it is in the sandbox's world.
const DEMO_USER: &str = "luffy";

/// The template of the sandbox's world that the alias `backup` stands for.
const TEMPLATE_ID: &str = "backup_finished-0123456789abcdefghijklmnopq";

/// The sandbox's first line.
#[derive(Deserialize)]
struct SandboxInfo {
    url: String,
    app_id: String,
    app_secret: String,
}

/// A message as the sandbox's inbox tells it.
#[derive(Deserialize)]
struct InboxEntry {
    content: Option<String>,
    title: Option<String>,
    fields: Vec<InboxField>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct InboxField {
    label: String,
    shown: Option<String>,
}

pub(super) fn run(ui: &mut Ui) -> anyhow::Result<ExitStatus> {
    let signals = SignalReceiver::new()?;
    let home = tempfile::Builder::new().prefix("wxbox-demo-").tempdir().map_err(temp_dir_error)?;
    let program = std::env::current_exe().context(t!("demo-start"))?;
    let demo = Demo { program, home, phone: build_phone_client()?, signals };
    // It is a show, and no result.
    if ui.json() { ui.with_results_on_stderr(|ui| demo.run_all(ui)) } else { demo.run_all(ui) }
}

/// The path in the error is of a directory that was to be made; the one that it was to be made in is meant.
fn temp_dir_error(error: std::io::Error) -> CommandError {
    let place = std::env::temp_dir();
    let cause = std::fs::metadata(&place).err().unwrap_or_else(|| error.kind().into());
    let what = t!("demo-directory", path = place, cause = cause);
    CommandError { exit: ExitStatus::Unexpected, message: what, hint: Some(t!("demo-directory-hint")) }
}

struct Demo {
    program: std::path::PathBuf,
    home: TempDir,
    phone: Phone,
    signals: SignalReceiver,
}

impl Demo {
    fn run_all(&self, ui: &mut Ui) -> anyhow::Result<ExitStatus> {
        ui.write_stdout(&t!("demo-intro"))?;
        let (mut sandbox, at) = self.start_sandbox(ui)?;
        let error = match self.run_steps(ui, &at) {
            Ok(()) => return Ok(ExitStatus::Success),
            Err(error) => error,
        };
        // Ctrl-C goes to the whole group: where the sandbox heard of it first, all kinds of things fail.
        match self.signals.events.try_recv() {
            Ok(signal) => Err(interrupted_error(signal)),
            // It is we who end it by SIGTERM.
            Err(_) => {
                let signal = sandbox.stop().and_then(signal_from_status).filter(|signal| *signal != Signal::Terminate);
                Err(signal.map_or(error, interrupted_error))
            }
        }
    }

    fn run_steps(&self, ui: &mut Ui, at: &SandboxInfo) -> anyhow::Result<()> {
        self.write_config(ui, at)?;
        self.run_step(ui, &["user", "add", DEMO_USER])?;
        let bind = self.run_bind(ui)?;
        self.run_step(ui, &["send", "--user", DEMO_USER, &t!("demo-send-text")])?;
        let fields = ["--data", "host=db1", "--data", "size=42 GB", "--data", "time=03:15"];
        self.run_step(ui, &[&["send", "--user", DEMO_USER, "--template", "backup"], &fields[..]].concat())?;
        self.print_inbox(ui, at)?;
        self.wait_for_success(bind, "bind")?;
        ui.write_stdout(&format!("\n{}", t!("demo-done", dir = self.home.path())))
    }

    /// The program with nothing of the caller's environment but what a terminal needs.
    fn wxbox_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let inherited_variables = [
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
        let inherited: Vec<(&str, OsString)> =
            inherited_variables.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
        // A spinner and what the demo says would write into each other's lines.
        command
            .args(args)
            .env_clear()
            .envs(inherited)
            .env("WXBOX_ACCESSIBLE", "1")
            .env("HOME", self.home.path())
            .stdin(Stdio::null());
        command
    }

    fn spawn(&self, args: &[&str]) -> anyhow::Result<BackgroundCommand> {
        let mut child = self.wxbox_command(args).stdout(Stdio::piped()).spawn().context(t!("demo-start"))?;
        let stdout = child.stdout.take();
        let (tell, lines) = bounded(0);
        let running = BackgroundCommand { child, lines };
        let stdout = BufReader::new(stdout.context(t!("demo-start"))?);
        std::thread::Builder::new().name("lines".into()).spawn(move || {
            // What is not UTF-8 is no line of ours; nobody listens once the demo is over.
            let _ = stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line));
        })?;
        Ok(running)
    }

    /// The next line of a command, `None` at its end. Ctrl-C ends the wait for it.
    fn next_line(&self, running: &BackgroundCommand) -> anyhow::Result<Option<String>> {
        select! {
            recv(running.lines) -> line => Ok(line.ok()),
            recv(self.signals.events) -> signal => Err(interrupted_error(signal?)),
        }
    }

    /// Waits for the end of a command, which must be a good one.
    fn wait_for_success(&self, mut running: BackgroundCommand, name: &str) -> anyhow::Result<()> {
        while self.next_line(&running)?.is_some() {}
        let status = running.child.wait()?;
        if status.success() {
            return Ok(());
        }
        let code = status.code().map_or_else(|| "-".to_owned(), |code| code.to_string());
        // Ctrl-C goes to the whole group: the command may have heard of it first.
        if let Some(signal) = status.code().and_then(signal_from_status) {
            return Err(interrupted_error(signal));
        }
        let what = t!("demo-failed", command = format!("wxbox {name}"), status = code);
        Err(CommandError { exit: ExitStatus::Unexpected, message: what, hint: None }.into())
    }

    /// The next line of a command that must not end before it.
    fn expect_line(&self, running: BackgroundCommand, name: &str) -> anyhow::Result<(BackgroundCommand, String)> {
        match self.next_line(&running)? {
            Some(line) => Ok((running, line)),
            None => Err(match self.wait_for_success(running, name) {
                Ok(()) => anyhow::anyhow!(t!("demo-no-person")),
                Err(error) => error,
            }),
        }
    }

    fn start_sandbox(&self, ui: &mut Ui) -> anyhow::Result<(BackgroundCommand, SandboxInfo)> {
        let args = ["sandbox", "--listen", "127.0.0.1:0", "--json"];
        ui.echo_command(&args, " &")?;
        let (mut running, line) = self.expect_line(self.spawn(&args)?, "sandbox")?;
        // Its lines about requests are of no interest here; with the pipe closed it need not wait for a reader.
        running.lines = crossbeam_channel::never();
        ui.write_stdout(&line)?;
        let at = serde_json::from_str(&line).context(t!("demo-start"))?;
        Ok((running, at))
    }

    fn write_config(&self, ui: &mut Ui, at: &SandboxInfo) -> anyhow::Result<()> {
        let port = free_port()?;
        let text = format!(
            "app_id = \"{}\"\napp_secret = \"{}\"\nredirect_uri = \"http://127.0.0.1:{port}/callback/\"\n\n\
             [network]\napi_base = \"{url}\"\nopen_base = \"{url}\"\n\n\
             [templates.backup]\nid = \"{TEMPLATE_ID}\"\nurl = \"https://status.example.com\"\n",
            at.app_id,
            at.app_secret,
            url = at.url,
        );
        let dir = self.home.path().join(".config/wxbox");
        std::fs::create_dir_all(&dir)?;
        let path = dir.join("config.toml");
        files::create_private(&path)?.write_all(text.as_bytes())?;
        ui.write_stdout(&format!("\n{}\n{text}", t!("demo-config", path = shorten_path(&path, self.home.path()))))
    }

    /// Runs a command to its end, its output as it comes.
    fn run_step(&self, ui: &mut Ui, args: &[&str]) -> anyhow::Result<()> {
        ui.echo_command(args, "")?;
        let running = self.spawn(args)?;
        while let Some(line) = self.next_line(&running)? {
            ui.write_stdout(&line)?;
        }
        self.wait_for_success(running, args[0])
    }

    /// `bind` with a phone: the link is followed, the binding made; the listener is still there for the
    /// phone's second call.
    fn run_bind(&self, ui: &mut Ui) -> anyhow::Result<BackgroundCommand> {
        let look = if ui.default_qr_style() == QrStyle::Unicode { "unicode" } else { "ascii" };
        let args = ["bind", "--user", DEMO_USER, "--qr", look];
        ui.echo_command(&args, "")?;
        let (running, link) = self.expect_line(self.spawn(&args)?, "bind")?;
        ui.write_stdout(&link)?;
        let title = self.authorize_as_phone(&link)?;
        let (running, bound) = self.expect_line(running, "bind")?;
        // Now that is said: before, the code may not be drawn yet.
        ui.write_stdout(&t!("demo-phone", person = DEMO_USER))?;
        ui.write_stdout(&t!("demo-page", title = title))?;
        ui.write_stdout(&bound)?;
        Ok(running)
    }

    /// What the phone does: opens the link, sees who asks, taps Allow, is sent to the callback.
    fn authorize_as_phone(&self, link: &str) -> anyhow::Result<String> {
        let link = Url::parse(link)?;
        let asked = self.phone.get(link.clone()).send().map_err(reqwest::Error::without_url)?;
        if !asked.status().is_success() {
            bail!(t!("demo-phone-failed", status = asked.status().as_u16()));
        }
        let mut allow = link.join("/sandbox/authorize")?;
        allow.set_query(link.query());
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("person", DEMO_USER)
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

    fn print_inbox(&self, ui: &mut Ui, at: &SandboxInfo) -> anyhow::Result<()> {
        let answer = self.phone.get(format!("{}/sandbox/inbox.json", at.url)).send()?.bytes()?;
        let all: Vec<InboxEntry> = serde_json::from_slice(&answer)?;
        ui.write_stdout(&format!("\n{}", t!("demo-inbox", person = DEMO_USER, url = at.url)))?;
        for message in all {
            let mut lines: Vec<String> = message.title.into_iter().chain(message.content).collect();
            for field in message.fields {
                let label = Some(field.label).filter(|label| !label.is_empty());
                let shown = field.shown.unwrap_or_default();
                lines.extend(label.map(|label| format!("{label} {shown}")).or(Some(shown).filter(|it| !it.is_empty())));
            }
            lines.extend(message.url.map(|url| format!("› {url}")));
            ui.write_stdout(&format!("  ┌ {}", lines.join("\n  │ ")))?;
        }
        Ok(())
    }
}

/// A command in the background; it ends with the demo.
struct BackgroundCommand {
    child: Child,
    lines: Receiver<String>,
}

impl BackgroundCommand {
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

impl Drop for BackgroundCommand {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The signal that a command ended on, by its exit status.
fn signal_from_status(status: i32) -> Option<Signal> {
    Signal::ALL.into_iter().find(|signal| i32::from(signal.exit_status().code()) == status)
}

fn interrupted_error(signal: Signal) -> anyhow::Error {
    CommandError { exit: signal.exit_status(), message: t!("ui-interrupted"), hint: None }.into()
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
fn build_phone_client() -> anyhow::Result<Phone> {
    let phone =
        Phone::builder().tls_backend_preconfigured(wechat::tls_config(None)?).no_proxy().user_agent("MicroMessenger");
    Ok(phone.build()?)
}

fn shorten_path(path: &Path, home: &Path) -> String {
    path.strip_prefix(home).map_or_else(|_| path.display().to_string(), |rest| format!("~/{}", rest.display()))
}
