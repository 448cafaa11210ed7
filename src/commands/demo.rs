//! `wxbox demo` runs the whole procedure against the sandbox, in a temporary directory. It runs
//! every command that it prints, with this program.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use crossbeam_channel::{Receiver, after, bounded, select};
use reqwest::blocking::Client as Phone;
use serde::Deserialize;
use tempfile::TempDir;

use crate::exit::{CommandError, ExitStatus};
use crate::files;
use crate::i18n::current_language;
use crate::random::random_bytes;
use crate::signals::{Signal, SignalReceiver};
use crate::ui::{QrStyle, Ui};
use crate::{t, wechat};

/// The name of the user who is bound, and of the sandbox's follower whose phone the demo simulates.
const DEMO_USER: &str = "luffy";

/// The sandbox's template for the alias `backup`.
const TEMPLATE_ID: &str = "backup_finished-0123456789abcdefghijklmnopq";

/// The Token and the EncodingAESKey of the demo's account.
const PUSH_TOKEN: &str = "k3Qv9TzR7mXw2LpB";
const PUSH_AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// The timeout of the receipt. The sandbox sends it immediately, and twice more if that fails.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(30);

/// The first line of the sandbox's output.
#[derive(Deserialize)]
struct SandboxInfo {
    url: String,
    app_id: String,
    app_secret: String,
}

/// A line of the output of `serve`.
#[derive(Deserialize)]
struct ServeLine {
    event: String,
}

/// A message in the sandbox's inbox.
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
    // The output is a demonstration, not a result.
    if ui.json() { ui.with_results_on_stderr(|ui| demo.run_all(ui)) } else { demo.run_all(ui) }
}

/// Returns the error of a temporary directory with the path of its parent instead of its own.
fn temp_dir_error(error: std::io::Error) -> CommandError {
    let temp_dir = std::env::temp_dir();
    let cause = std::fs::metadata(&temp_dir).err().unwrap_or_else(|| error.kind().into());
    let message = t!("demo-directory", path = temp_dir, cause = cause);
    CommandError { exit: ExitStatus::Unexpected, message, hint: Some(t!("demo-directory-hint")) }
}

struct Demo {
    program: std::path::PathBuf,
    home: TempDir,
    phone: Phone,
    signals: SignalReceiver,
}

impl Demo {
    fn run_all(&self, ui: &mut Ui) -> anyhow::Result<ExitStatus> {
        ui.write_wrapped(&t!("demo-intro"))?;
        let (mut sandbox, sandbox_info) = self.start_sandbox(ui)?;
        let error = match self.run_steps(ui, &sandbox_info) {
            Ok(()) => return Ok(ExitStatus::Success),
            Err(error) => error,
        };
        // Ctrl-C reaches the whole process group. If the sandbox ends first, any step can fail.
        match self.signals.events.try_recv() {
            Ok(signal) => Err(interrupted_error(signal)),
            // The demo itself stops the sandbox with SIGTERM.
            Err(_) => {
                let signal = sandbox.stop().and_then(signal_from_status).filter(|signal| *signal != Signal::Terminate);
                Err(signal.map_or(error, interrupted_error))
            }
        }
    }

    fn run_steps(&self, ui: &mut Ui, sandbox_info: &SandboxInfo) -> anyhow::Result<()> {
        let address = format!("127.0.0.1:{}", free_port()?);
        self.write_config(ui, sandbox_info, &address)?;
        let serve = self.start_serve(ui, sandbox_info, &address)?;
        self.run_step(ui, &["user", "add", DEMO_USER])?;
        self.run_bind(ui, sandbox_info)?;
        self.run_step(ui, &["send", "--user", DEMO_USER, &t!("demo-send-text")])?;
        let fields = ["--data", "host=db1", "--data", "size=42 GB", "--data", "time=03:15"];
        self.run_step(ui, &[&["send", "--user", DEMO_USER, "--template", "backup"], &fields[..]].concat())?;
        self.print_events(ui, serve)?;
        self.print_inbox(ui, sandbox_info)?;
        ui.write_wrapped(&format!("\n{}", t!("demo-done", dir = self.home.path())))
    }

    /// Returns a command that runs this program with only those variables of the environment that a
    /// terminal needs.
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
        // Disable the spinner, because its line would mix with the demo's output.
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
        let (sender, lines) = bounded(0);
        let running = BackgroundCommand { child, lines };
        let stdout = BufReader::new(stdout.context(t!("demo-start"))?);
        std::thread::Builder::new().name("lines".into()).spawn(move || {
            // A line that is not UTF-8 ends the reading; the send fails once the demo has ended.
            let _ = stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
        })?;
        Ok(running)
    }

    /// Returns the next line of a command, `None` at its end. A signal ends the wait.
    fn next_line(&self, running: &BackgroundCommand) -> anyhow::Result<Option<String>> {
        select! {
            recv(running.lines) -> line => Ok(line.ok()),
            recv(self.signals.events) -> signal => Err(interrupted_error(signal?)),
        }
    }

    /// Waits until the command ends, and returns an error unless it succeeded.
    fn wait_for_success(&self, mut running: BackgroundCommand, name: &str) -> anyhow::Result<()> {
        while self.next_line(&running)?.is_some() {}
        let status = running.child.wait()?;
        if status.success() {
            return Ok(());
        }
        let code = status.code().map_or_else(|| "-".to_owned(), |code| code.to_string());
        // Ctrl-C reaches the whole process group, so the command may have ended first.
        if let Some(signal) = status.code().and_then(signal_from_status) {
            return Err(interrupted_error(signal));
        }
        let message = t!("demo-failed", command = format!("wxbox {name}"), status = code);
        Err(CommandError { exit: ExitStatus::Unexpected, message, hint: None }.into())
    }

    /// Returns the next line of a command, or an error if the command ends before it.
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
        // The demo prints no request lines. Close the channel, so that the sandbox does not wait
        // for a reader.
        running.lines = crossbeam_channel::never();
        ui.write_wrapped(&line)?;
        let sandbox_info = serde_json::from_str(&line).context(t!("demo-start"))?;
        Ok((running, sandbox_info))
    }

    fn write_config(&self, ui: &mut Ui, sandbox_info: &SandboxInfo, address: &str) -> anyhow::Result<()> {
        let text = format!(
            "app_id = \"{}\"\napp_secret = \"{}\"\nlanguage = \"{}\"\n\n\
             [serve]\naddress = \"{address}\"\n\n\
             [push]\ntoken = \"{PUSH_TOKEN}\"\naes_key = \"{PUSH_AES_KEY}\"\n\n\
             [network]\napi_base = \"{url}\"\nopen_base = \"{url}\"\n\n\
             [templates.backup]\nid = \"{TEMPLATE_ID}\"\nurl = \"https://status.example.com\"\n",
            sandbox_info.app_id,
            sandbox_info.app_secret,
            current_language().code(),
            url = sandbox_info.url,
        );
        let dir = self.home.path().join(".config/wxbox");
        std::fs::create_dir_all(&dir)?;
        let path = dir.join("config.toml");
        files::create_private(&path)?.write_all(text.as_bytes())?;
        ui.write_stdout(&format!("\n{}\n{text}", t!("demo-config", path = shorten_path(&path, self.home.path()))))
    }

    /// Runs a command to its end and prints its output as it arrives.
    fn run_step(&self, ui: &mut Ui, args: &[&str]) -> anyhow::Result<()> {
        ui.echo_command(args, "")?;
        let running = self.spawn(args)?;
        while let Some(line) = self.next_line(&running)? {
            ui.write_wrapped(&line)?;
        }
        self.wait_for_success(running, args[0])
    }

    /// Starts `serve`, and enters its push URL in the sandbox, as an operator does in WeChat's
    /// console.
    fn start_serve(&self, ui: &mut Ui, sandbox_info: &SandboxInfo, address: &str) -> anyhow::Result<BackgroundCommand> {
        let args = ["serve", "--json"];
        ui.echo_command(&args, " &")?;
        let (running, line) = self.expect_line(self.spawn(&args)?, "serve")?;
        ui.write_wrapped(&line)?;
        let url = format!("http://{address}/push");
        let settings = [("url", url.as_str()), ("token", PUSH_TOKEN), ("aes_key", PUSH_AES_KEY), ("mode", "safe")];
        self.post_form(sandbox_info, "push", &settings)?;
        ui.write_wrapped(&t!("demo-console", url = url))?;
        Ok(running)
    }

    /// Runs `bind` and scans the code as a phone.
    fn run_bind(&self, ui: &mut Ui, sandbox_info: &SandboxInfo) -> anyhow::Result<()> {
        let qr_option = if ui.default_qr_style() == QrStyle::Unicode { "unicode" } else { "ascii" };
        let args = ["bind", "--user", DEMO_USER, "--scan", "--qr", qr_option];
        ui.echo_command(&args, "")?;
        let (running, link) = self.expect_line(self.spawn(&args)?, "bind")?;
        self.post_form(sandbox_info, "scan", &[("person", DEMO_USER), ("url", &link)])?;
        let (running, bound) = self.expect_line(running, "bind")?;
        // Print the link only now. Earlier, `bind` may still be drawing the QR code, and the two
        // outputs would mix.
        ui.write_stdout(&link)?;
        ui.write_wrapped(&t!("demo-phone", person = DEMO_USER))?;
        ui.write_wrapped(&bound)?;
        self.wait_for_success(running, "bind")
    }

    /// Sends a form of the sandbox's page.
    fn post_form(&self, sandbox_info: &SandboxInfo, form: &str, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let content_type = reqwest::header::HeaderValue::from_static("application/x-www-form-urlencoded");
        let response = self
            .phone
            .post(format!("{}/sandbox/{form}", sandbox_info.url))
            .header(reqwest::header::CONTENT_TYPE, content_type)
            .body(body)
            .send()
            .map_err(reqwest::Error::without_url)?;
        if !response.status().is_success() {
            bail!(t!("demo-phone-failed", status = response.status().as_u16()));
        }
        Ok(())
    }

    /// Prints the events of `serve`, up to the receipt of the template message.
    fn print_events(&self, ui: &mut Ui, serve: BackgroundCommand) -> anyhow::Result<()> {
        ui.write_wrapped(&format!("\n{}", t!("demo-events")))?;
        let deadline = after(RECEIPT_TIMEOUT);
        loop {
            let line = select! {
                recv(serve.lines) -> line => line.ok(),
                recv(self.signals.events) -> signal => return Err(interrupted_error(signal?)),
                recv(deadline) -> _ => None,
            };
            let Some(line) = line else { bail!(t!("demo-no-receipt")) };
            ui.write_wrapped(&line)?;
            if serde_json::from_str::<ServeLine>(&line)?.event == "receipt" {
                return Ok(());
            }
        }
    }

    fn print_inbox(&self, ui: &mut Ui, sandbox_info: &SandboxInfo) -> anyhow::Result<()> {
        let response = self.phone.get(format!("{}/sandbox/inbox.json", sandbox_info.url)).send()?.bytes()?;
        let all: Vec<InboxEntry> = serde_json::from_slice(&response)?;
        ui.write_wrapped(&format!("\n{}", t!("demo-inbox", person = DEMO_USER)))?;
        for message in all {
            let mut lines: Vec<String> = message.title.into_iter().chain(message.content).collect();
            for field in message.fields {
                let label = Some(field.label).filter(|label| !label.is_empty());
                let value = field.shown.unwrap_or_default();
                lines.extend(
                    label.map(|label| format!("{label} {value}")).or(Some(value).filter(|value| !value.is_empty())),
                );
            }
            lines.extend(message.url.map(|url| format!("› {url}")));
            ui.write_stdout(&format!("  ┌ {}", lines.join("\n  │ ")))?;
        }
        Ok(())
    }
}

/// A command in the background; dropping it stops it.
struct BackgroundCommand {
    child: Child,
    lines: Receiver<String>,
}

impl BackgroundCommand {
    /// Sends SIGTERM, so that the command restores the terminal, and waits. Returns the exit
    /// status.
    fn stop(&mut self) -> Option<i32> {
        // The PID of a child that was waited for may belong to another process.
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

/// Returns the signal that the exit status means.
fn signal_from_status(status: i32) -> Option<Signal> {
    Signal::ALL.into_iter().find(|signal| i32::from(signal.exit_status().code()) == status)
}

fn interrupted_error(signal: Signal) -> anyhow::Error {
    CommandError { exit: signal.exit_status(), message: t!("ui-interrupted"), hint: None }.into()
}

/// Returns a free port for the listener.
///
/// It is outside of the ephemeral range, from which another process could get it before the
/// listener starts.
fn free_port() -> anyhow::Result<u16> {
    const OURS: Range<u32> = 20_000..32_000;
    for _ in 0..100 {
        let offset = u32::from_le_bytes(random_bytes()?) % (OURS.end - OURS.start);
        let port = u16::try_from(OURS.start + offset)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Builds the HTTP client that acts as the phone. It only connects to this machine.
fn build_phone_client() -> anyhow::Result<Phone> {
    let phone =
        Phone::builder().tls_backend_preconfigured(wechat::tls_config(None)?).no_proxy().user_agent("MicroMessenger");
    Ok(phone.build()?)
}

fn shorten_path(path: &Path, home: &Path) -> String {
    path.strip_prefix(home).map_or_else(|_| path.display().to_string(), |rest| format!("~/{}", rest.display()))
}
