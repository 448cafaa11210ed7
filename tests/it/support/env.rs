//! The environment of a test: a home of its own, the built program, the sandbox, a phone.
//!
//! The whole result of a command is compared: status, stdout and stderr, with everything that
//! differs from run to run (times, ids, ports, the home) replaced by names in brackets.
//! `SNAPSHOTS=overwrite cargo test` rewrites the snapshots.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};

use reqwest::blocking::{Client, RequestBuilder};
use serde_json::Value;
use snapbox::data::Inline;
use tempfile::TempDir;
use url::Url;

use crate::support::TEST_TIMEOUT;
pub use crate::support::files::set_mode;
pub use crate::support::redactions::redactions;

/// A home for the program, and a sandbox if one was started.
pub struct TestEnv {
    /// The home directory, initially empty.
    pub home: TempDir,
    sandbox: Option<SandboxServer>,
    variables: Vec<(String, String)>,
}

impl TestEnv {
    /// Returns an environment with an empty home, without a config or a sandbox.
    pub fn without_config() -> Self {
        crate::support::inherited_signals::restore_default_signals();
        Self { home: tempfile::tempdir().unwrap(), sandbox: None, variables: Vec::new() }
    }

    /// Returns an environment whose config points at a sandbox with the default people and
    /// templates.
    pub fn new() -> Self {
        Self::with_scenario("")
    }

    /// Returns the same environment with luffy added and bound.
    pub fn with_bound_luffy() -> Self {
        let env = Self::new();
        env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
        env
    }

    /// Returns the same environment with this scenario (TOML).
    pub fn with_scenario(scenario: &str) -> Self {
        let mut env = Self::without_config();
        let sandbox = SandboxServer::start(&env.home, scenario);
        let listen = unique_address();
        let text = format!(
            "app_id = \"{}\"\napp_secret = \"{}\"\nredirect_uri = \"http://{listen}/callback/\"\n\
             [listen]\naddress = \"{listen}\"\n\
             [send]\nwait = \"0s\"\nconcurrency = 1\n[network]\napi_base = \"{url}\"\nopen_base = \"{url}\"\n\
             [templates.backup]\nid = \"{BACKUP_TEMPLATE_ID}\"\n[templates.backup.data]\nhost = \"db0\"\nsize = \"-\"\ntime = \"-\"\n",
            sandbox.app_id,
            sandbox.app_secret,
            url = sandbox.url
        );
        env.sandbox = Some(sandbox);
        env.write_config(&text);
        env
    }

    /// Writes the config file.
    pub fn write_config(&self, text: &str) {
        self.write_file(".config/wxbox/config.toml", text);
    }

    /// Returns the config file, or an empty text if there is none.
    pub fn read_config(&self) -> String {
        std::fs::read_to_string(self.path(".config/wxbox/config.toml")).unwrap_or_default()
    }

    /// Adds lines before the first table of the config file.
    pub fn prepend_config(&self, lines: &str) {
        self.write_config(&format!("{lines}\n{}", self.read_config()));
    }

    /// Writes a file below the home with mode 0600, and creates its directories.
    pub fn write_file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        set_mode(&path, 0o600);
        path
    }

    /// Returns a path below the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Returns the path of the database file.
    pub fn database_path(&self) -> PathBuf {
        self.path(".local/share/wxbox/wxbox.db")
    }

    /// Sets an environment variable for all later commands.
    pub fn set_variable(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Returns the program with these arguments, quoted as in a shell, in an environment of its
    /// own.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wxbox"));
        command.args(shell_words::split(line).unwrap());
        self.prepare(command)
    }

    /// Gives a command the environment of this home.
    fn prepare(&self, mut command: Command) -> Command {
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("LANG", "C.UTF-8")
            .env("PATH", "/usr/bin:/bin")
            // A pager would wait for keys.
            .env("WXBOX_PAGER", "cat")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, line: &str) -> CommandOutput {
        self.run_with_stdin(line, "")
    }

    /// Runs a command with this standard input.
    pub fn run_with_stdin(&self, line: &str, stdin: impl AsRef<[u8]>) -> CommandOutput {
        self.run_command(self.command(line), line, stdin)
    }

    /// Runs a line of a shell, in which `wxbox` is the program.
    pub fn run_in_shell(&self, line: &str) -> CommandOutput {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("wxbox() {{ \"$0\" \"$@\"; }}; {line}"), env!("CARGO_BIN_EXE_wxbox")]);
        self.run_command(self.prepare(shell), line, "")
    }

    /// Runs a prepared command with this standard input; `line` names it in messages.
    fn run_command(&self, mut command: Command, line: &str, stdin: impl AsRef<[u8]>) -> CommandOutput {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A program that does not read its standard input may have ended already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
        CommandOutput {
            line: line.to_owned(),
            output: child.wait_with_output().unwrap(),
            home: self.home.path().to_owned(),
        }
    }

    /// Adds that many of the sandbox's generated followers as bound users.
    pub fn add_generated_users(&self, count: usize) {
        let rows = (1..=count).map(|n| format!("crowd{n:06},oCrowd{n:022}\n")).collect::<String>();
        self.run_with_stdin("user import -", format!("username,openid\n{rows}")).assert_success();
    }

    /// Replaces texts in the config: the first of each pair becomes the second.
    pub fn replace_in_config(&self, changes: &[(&str, &str)]) {
        self.write_config(&changes.iter().fold(self.read_config(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        }));
    }

    /// Starts a command and leaves it running.
    pub fn spawn(&self, line: &str) -> RunningCommand {
        self.spawn_command(self.command(line), line)
    }

    /// Starts a prepared command and leaves it running; `line` names it in messages.
    pub fn spawn_command(&self, mut command: Command, line: &str) -> RunningCommand {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (line, home) = (line.to_owned(), self.home.path().into());
        RunningCommand { line, child: Some(child), stdout, stdout_so_far: String::new(), home }
    }

    /// Returns the sandbox.
    pub fn sandbox(&mut self) -> &mut SandboxServer {
        self.sandbox.as_mut().expect("an environment with a sandbox")
    }

    /// Makes the sandbox answer texts with this fault.
    pub fn set_text_fault(&mut self, fault: &str) {
        self.sandbox().post_form("faults", format!("[[faults]]\napi = \"/cgi-bin/message/custom/send\"\n{fault}\n"));
    }

    /// Returns the states of all messages in the order of their ids, separated by spaces.
    pub fn message_states(&self) -> String {
        self.query("SELECT group_concat(state, ' ' ORDER BY id) FROM messages")
    }

    /// Returns the number of rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        self.query(&format!("SELECT count(*) FROM {table}"))
    }

    /// Returns a value from the database.
    pub fn query<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        let database = rusqlite::Connection::open(self.database_path()).unwrap();
        database.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// The id of the sandbox's template that the config's alias `backup` names.
pub const BACKUP_TEMPLATE_ID: &str = "backup_finished-0123456789abcdefghijklmnopq";
/// The options of a message with the template `backup`.
pub const TEMPLATE_ARGS: &str = "-t backup -d host=db1 -d size=1 -d time=now";
/// A successful request for the account's templates, as `SandboxServer::requests` returns it.
pub const LIST_REQUEST: &str = "GET /cgi-bin/template/get_all_private_template 0";
/// A successful request to send a template message, as `SandboxServer::requests` returns it.
pub const SEND_REQUEST: &str = "POST /cgi-bin/message/template/send 0";
/// The openid of luffy in the sandbox, who follows and has written.
pub const LUFFY: &str = "oLuffy_wears_the_straw_hat_1";
/// The openid of nami in the sandbox, who follows and has not written.
pub const NAMI: &str = "oNami_draws_maps_of_the_sea1";
/// The openid of zoro in the sandbox, who does not follow.
pub const ZORO: &str = "oZoro_cannot_find_the_way_22";

/// Returns an address for the listener that no other test uses: the whole of 127/8 is this machine.
pub fn unique_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let count = NEXT.fetch_add(1, Ordering::Relaxed) & 0x3ff;
    let [_, a, b, c] = (0x80_0000 | (std::process::id() & 0x1fff) << 10 | count).to_be_bytes();
    format!("127.{a}.{b}.{c}:18080")
}

/// The result of a command that has ended.
pub struct CommandOutput {
    line: String,
    /// The status, stdout and stderr.
    pub output: Output,
    home: PathBuf,
}

impl CommandOutput {
    /// Compares status, stdout and stderr with the snapshot.
    #[track_caller]
    pub fn assert_snapshot(self, expected: Inline) -> Self {
        let status = self.output.status;
        let status = status.code().map_or_else(|| status.to_string(), |code| format!("exit {code}"));
        let mut text = status + "\n";
        for (name, bytes) in [("stdout", &self.output.stdout), ("stderr", &self.output.stderr)] {
            if !bytes.is_empty() {
                text += &format!("--- {name}\n{}", String::from_utf8_lossy(bytes));
            }
        }
        let home = self.home.to_string_lossy();
        snapbox::Assert::new()
            .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
            .normalize_paths(false)
            .redact_with(redactions())
            .eq(text.replace(&*home, "[HOME]"), expected);
        self
    }

    /// Returns stdout, then stderr with `2> ` before each line, then the status unless it is 0.
    pub fn transcript(&self) -> String {
        let mut text = self.stdout().to_owned();
        assert!(text.is_empty() || text.ends_with('\n'), "{}: {text}", self.line);
        text.extend(self.stderr().lines().map(|line| format!("2> {line}").trim_end().to_owned() + "\n"));
        if self.status() != Some(0) {
            text += &format!("exit {}\n", self.status().unwrap());
        }
        redactions().redact(&text.replace(&*self.home.to_string_lossy(), "[HOME]"))
    }

    /// Returns the exit status.
    pub fn status(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// Returns stdout as text.
    pub fn stdout(&self) -> &str {
        std::str::from_utf8(&self.output.stdout).unwrap()
    }

    /// Returns stderr as text.
    pub fn stderr(&self) -> &str {
        std::str::from_utf8(&self.output.stderr).unwrap()
    }

    /// Returns stdout as JSON Lines.
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Fails unless the exit status is 0.
    #[track_caller]
    pub fn assert_success(self) -> Self {
        assert_eq!(self.status(), Some(0), "{}\n{}{}", self.line, self.stdout(), self.stderr());
        self
    }
}

/// A running command.
pub struct RunningCommand {
    line: String,
    child: Option<Child>,
    stdout: BufReader<ChildStdout>,
    stdout_so_far: String,
    home: PathBuf,
}

impl RunningCommand {
    /// Returns the next line of stdout; `None` at its end.
    pub fn read_line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line).unwrap();
        self.stdout_so_far += &line;
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// Returns the next line. Fails if there is none, so that a test that looks for a line does not
    /// loop forever.
    #[track_caller]
    pub fn expect_line(&mut self) -> String {
        self.read_line().unwrap_or_else(|| panic!("{} ended: {}", self.line, self.stdout_so_far))
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(self.child.as_ref().unwrap())
    }

    /// Sends a signal such as SIGINT or SIGTERM.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until the command ends.
    pub fn wait(mut self) -> CommandOutput {
        self.stdout.read_to_string(&mut self.stdout_so_far).unwrap();
        let mut output = self.child.take().unwrap().wait_with_output().unwrap();
        output.stdout = std::mem::take(&mut self.stdout_so_far).into_bytes();
        CommandOutput { line: std::mem::take(&mut self.line), output, home: std::mem::take(&mut self.home) }
    }
}

impl Drop for RunningCommand {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A running `wxbox sandbox`.
pub struct SandboxServer {
    child: Child,
    /// The lines of its log.
    lines: Receiver<Value>,
    /// The lines about pushes that a test has not seen yet.
    push_lines: VecDeque<Value>,
    /// The lines about requests that a test has not seen yet.
    request_lines: VecDeque<Value>,
    /// Its URL without a trailing slash.
    pub url: String,
    /// Its account.
    pub app_id: String,
    /// Its account's secret.
    pub app_secret: String,
    marker_count: u32,
}

impl SandboxServer {
    /// Starts a sandbox on a free port.
    pub fn start(home: &TempDir, scenario: &str) -> Self {
        let file = home.path().join("world.toml");
        std::fs::write(&file, scenario).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_wxbox"))
            .args(["sandbox", "--json", "--listen", "127.0.0.1:0", "--world"])
            .arg(&file)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let startup: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| startup[key].as_str().unwrap().to_owned();
        let (url, app_id, app_secret) = (text("url"), text("app_id"), text("app_secret"));
        let (sender, received) = channel();
        std::thread::spawn(move || {
            // The test may have ended before the sandbox does.
            lines.lines().map_while(Result::ok).try_for_each(|line| sender.send(serde_json::from_str(&line).unwrap()))
        });
        let (push_lines, request_lines) = Default::default();
        Self { child, lines: received, push_lines, request_lines, url, app_id, app_secret, marker_count: 0 }
    }

    /// Returns the next line about a request or about a push.
    fn next_line(&mut self, is_push: bool) -> Value {
        let queue = if is_push { &mut self.push_lines } else { &mut self.request_lines };
        if let Some(line) = queue.pop_front() {
            return line;
        }
        loop {
            let line = self.lines.recv_timeout(TEST_TIMEOUT).expect("a line of the sandbox's log");
            match (line["event"] == "push", is_push) {
                (true, false) => self.push_lines.push_back(line),
                (false, true) => self.request_lines.push_back(line),
                _ => return line,
            }
        }
    }

    /// Waits for the next attempt of the sandbox to push, and returns its log line.
    pub fn next_push_line(&mut self) -> Value {
        self.next_line(true)
    }

    /// Waits until the sandbox has attempted to push this event or message, and returns the line.
    pub fn wait_for_push(&mut self, name: &str) -> Value {
        loop {
            let line = self.next_push_line();
            if line["push"] == name {
                return line;
            }
        }
    }

    /// Makes a person follow. People are named by name or openid.
    pub fn follow(&self, person: &str) {
        self.act("follow", &[("person", person), ("follows", "1")]);
    }

    /// Makes a person unfollow.
    pub fn unfollow(&self, person: &str) {
        self.act("follow", &[("person", person), ("follows", "0")]);
    }

    /// Makes a person write to the account.
    pub fn write(&self, person: &str, text: &str) {
        self.act("write", &[("person", person), ("text", text)]);
    }

    /// Makes a person tap the entry of the account's menu with this key.
    pub fn click(&self, person: &str, key: &str) {
        self.act("click", &[("person", person), ("key", key)]);
    }

    /// Makes a person scan a QR code of the account, given by its address.
    pub fn scan(&self, url: &str, person: &str) {
        self.act("scan", &[("person", person), ("url", url)]);
    }

    /// Makes a person take back the authorization (`revoke`) or close the WeChat account
    /// (`cancellation`).
    pub fn change_authorization(&self, person: &str, event: &str) {
        self.act("authorization", &[("person", person), ("event", event)]);
    }

    /// Sets the push settings: the sandbox checks the URL, which must succeed. An empty key is
    /// none.
    pub fn push_settings(&self, url: &str, token: &str, aes_key: &str, mode: &str) {
        assert_eq!(self.try_push_settings(url, token, aes_key, mode), (303, String::new()));
    }

    /// Proposes push settings; returns the HTTP status and the reason of a rejection.
    pub fn try_push_settings(&self, url: &str, token: &str, aes_key: &str, mode: &str) -> (u16, String) {
        self.submit("push", &[("url", url), ("token", token), ("aes_key", aes_key), ("mode", mode)])
    }

    /// Calls an API with a new access token, and returns its answer.
    pub fn call_api(&self, path: &str, body: &Value) -> Value {
        let query = format!("grant_type=client_credential&appid={}&secret={}", self.app_id, self.app_secret);
        let read = |request: RequestBuilder| -> Value {
            serde_json::from_slice(&request.send().unwrap().bytes().unwrap()).unwrap()
        };
        let token = read(http_client().get(format!("{}/cgi-bin/token?{query}", self.url)));
        let token = token["access_token"].as_str().unwrap();
        read(http_client().post(format!("{}{path}?access_token={token}", self.url)).body(body.to_string()))
    }

    fn act(&self, name: &str, fields: &[(&str, &str)]) {
        assert_eq!(self.submit(name, fields).0, 303, "{name} {fields:?}");
    }

    fn submit(&self, name: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let answer = http_client().post(format!("{}/sandbox/{name}", self.url)).body(body).send().unwrap();
        (answer.status().as_u16(), String::from_utf8(answer.bytes().unwrap().to_vec()).unwrap())
    }

    /// Returns the requests since the last call, as `METHOD PATH ERRCODE`.
    pub fn requests(&mut self) -> Vec<String> {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let text = |line: &Value| ["method", "path", "errcode"].map(|key| word(&line[key])).join(" ");
        self.request_log().iter().map(text).collect()
    }

    /// Returns the logged requests since the last call.
    pub fn request_log(&mut self) -> Vec<Value> {
        // The lines come from another process: a request of this test marks the end of the earlier
        // ones.
        self.marker_count += 1;
        let marker = format!("/cgi-bin/marker/{}", self.marker_count);
        http_client().get(format!("{}{marker}", self.url)).send().unwrap();
        std::iter::from_fn(|| Some(self.next_line(false)).filter(|line| line["path"] != marker.as_str())).collect()
    }

    /// Returns everything that arrived on the phones.
    pub fn inbox(&self) -> Vec<Value> {
        let answer = http_client().get(format!("{}/sandbox/inbox.json", self.url)).send().unwrap();
        serde_json::from_slice(&answer.bytes().unwrap()).unwrap()
    }

    /// Returns the last attempts of the sandbox to push, oldest first.
    pub fn pushes(&self) -> Vec<Value> {
        let answer = http_client().get(format!("{}/sandbox/pushes.json", self.url)).send().unwrap();
        serde_json::from_slice(&answer.bytes().unwrap()).unwrap()
    }

    /// Returns the counts of messages that arrived: `delivered`, `recipients`, `twice`, and `calls`
    /// by path.
    pub fn stats(&self) -> Value {
        let answer = http_client().get(format!("{}/sandbox/stats.json", self.url)).send().unwrap();
        serde_json::from_slice(&answer.bytes().unwrap()).unwrap()
    }

    /// Submits one of the sandbox's forms, such as `settings` with `snapshot=1`.
    pub fn post_form(&self, name: &str, body: impl Into<String>) {
        let answer = http_client().post(format!("{}/sandbox/{name}", self.url)).body(body.into()).send().unwrap();
        assert!(answer.status().is_success() || answer.status().is_redirection(), "{}", answer.status());
    }
}

impl Drop for SandboxServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the HTTP client of all tests, which follows no redirect. It is built once, because that
/// reads the certificates of the machine. Each request has a connection of its own, as from a phone.
pub fn http_client() -> &'static Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| {
        Client::builder()
            .tls_backend_preconfigured(wxbox::wechat::tls_config(None).unwrap())
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .no_proxy()
            .build()
            .unwrap()
    });
    &CLIENT
}

/// Opens the link and taps Allow as this person; returns the URL that WeChat sends the phone to.
pub fn authorize(link: &str, person: &str) -> Url {
    let link = Url::parse(link).unwrap();
    let answer = if link.query().unwrap().contains("scope=snsapi_base") {
        http_client().get(link).send().unwrap()
    } else {
        let mut form = link.join("/sandbox/authorize").unwrap();
        form.set_query(link.query());
        http_client().post(form).body(format!("person={person}&allow=1")).send().unwrap()
    };
    assert_eq!(answer.status(), 302, "{}", answer.text().unwrap());
    Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
}

/// Returns the HTTP status and the title of the page at that URL.
pub fn page_title(url: &Url) -> (u16, String) {
    let answer = http_client().get(url.clone()).send().unwrap();
    let status = answer.status().as_u16();
    let page = String::from_utf8(answer.bytes().unwrap().to_vec()).unwrap();
    let title = page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    (status, title.map(|(title, _)| title.to_owned()).unwrap_or_default())
}
