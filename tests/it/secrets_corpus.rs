//! Every command line of the corpus, with every failure of the connection to WeChat and of the
//! database: none prints a secret, and none leaves one in a file.

use std::io::Write;
use std::process::Stdio;

use crate::command_corpus;
use crate::support::certificate::TestCertificate;
use crate::support::env::{LUFFY, TestEnv};
use crate::support::files;

const PASSWORD: &str = "a-password-to-look-for";
/// The secret for the corpus's `init` lines; the configs that they write contain it.
const APP_SECRET: &str = "5ec2e7f000000000000000000000c0de";
const PROXY_PASSWORD: &str = "a-proxy-password";

/// A home in which the corpus can run, with the token in its database.
struct SecretsEnv {
    env: TestEnv,
    secrets: Vec<String>,
}

impl SecretsEnv {
    fn new(faults: &str) -> Self {
        // The secret differs from the example in the help.
        let mut env = TestEnv::with_scenario(&format!("app_secret = \"b0a7b0a7b0a7b0a7b0a7b0a7b0a7b0a7\"\n{faults}"));
        env.replace_in_config(&[("[network]\n", "[network]\ntimeout = \"200ms\"\n")]);
        env.write_file("fields.json", r##"{"host": "db1", "size": {"value": "42 GB", "color": "#173177"}}"##);
        env.write_file("bad.toml", "app_id = 3\n");
        env.write_file("lines.jsonl", "{\"user\": \"luffy\", \"text\": \"hello\", \"ref\": [1]}\n");
        let own = TestCertificate::new();
        env.write_file(".config/wxbox/cert.pem", &own.certificate_pem);
        env.write_file(".config/wxbox/key.pem", &own.key_pem);
        env.replace_in_config(&[("[listen]\n", "[listen]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n")]);
        let mut private =
            vec![env.sandbox().app_secret.clone(), PASSWORD.into(), APP_SECRET.into(), PROXY_PASSWORD.into()];
        // The third line has only bytes of the public half, which the certificate also contains.
        private.extend(own.key_pem.lines().filter(|line| !line.starts_with('-')).take(2).map(str::to_owned));
        // The beginning of a token contains the account.
        std::fs::remove_file(env.path("world.toml")).unwrap();
        Self { env, secrets: private }
    }

    /// Runs a command, and checks its output and the files that it leaves.
    #[track_caller]
    fn assert_line_keeps_secrets(&mut self, line: &str) {
        let mut command = self.env.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = if line.contains("--secret-stdin") { APP_SECRET } else { PASSWORD };
        if line.contains("-stdin") {
            // A program that does not read its standard input may have ended already.
            let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        }
        let output = child.wait_with_output().unwrap();
        // A token that this command fetched is also a secret, here and in later commands.
        if let Ok(database) = rusqlite::Connection::open(self.env.database_path())
            && let Ok(token) = database.query_row("SELECT token FROM tokens", [], |row| row.get::<_, String>(0))
            && !self.secrets.contains(&token)
        {
            self.secrets.push(token);
        }
        let printed = [output.stdout, output.stderr].concat();
        let files = files::list_files(self.env.home.path());
        let data = self.env.database_path().parent().unwrap().to_owned();
        for text in &self.secrets {
            assert!(!files::bytes_contain(&printed, text), "{line}: {text}: {}", String::from_utf8_lossy(&printed));
            for file in &files {
                let is_key = file.ends_with("key.pem");
                let is_config = file.extension().is_some_and(|extension| extension == "toml" || extension == "bak");
                let may = match text.as_str() {
                    PASSWORD => false,
                    text if text == self.secrets[0] || text == APP_SECRET || text == PROXY_PASSWORD => is_config,
                    _ => file.starts_with(&data),
                };
                assert!(may || is_key || !files::contains(file, text), "{line}: {text} in {}", file.display());
            }
        }
    }

    fn assert_lines_keep_secrets(&mut self, lines: &[impl std::fmt::Display]) {
        for line in lines {
            self.assert_line_keeps_secrets(&format!("-vv {line}"));
        }
    }
}

/// A command line of each command that calls WeChat.
const NETWORK_COMMANDS: [&str; 22] = [
    "user show luffy",
    "send -u luffy hello",
    "--json send -u luffy -t backup -d host=db1",
    "send -u luffy hello --fallback server_alert",
    "send --batch lines.jsonl",
    "run -u luffy -- sh -c 'exit 3'",
    "outbox flush",
    "outbox retry --unknown",
    "outbox list",
    "template list --refresh",
    "template show backup",
    "template check backup -d host=a",
    "template add 43216 --keyword 告警内容",
    "template remove backup --yes",
    "follower list",
    "follower show oNami_draws_maps_of_the_sea1",
    "follower remark oNami_draws_maps_of_the_sea1 navigator",
    "user sync",
    "quota show /cgi-bin/user/get",
    "explain 6aac005a-01bfdbee-79769285",
    "doctor",
    "-c new.toml init --app-id wx0123456789abcdef --redirect-uri http://192.0.2.1/ --secret-stdin --force",
];

#[test]
fn command_corpus_reveals_no_secret() {
    let all = command_corpus::command_lines();
    let mut secrets_env = SecretsEnv::new("");
    let before = secrets_env.secrets.len();
    secrets_env.assert_lines_keep_secrets(&all);
    assert!(secrets_env.secrets.len() > before, "there was a token");
    // An unusable key is read closely, and reported.
    let key = std::fs::read_to_string(secrets_env.env.path(".config/wxbox/key.pem")).unwrap();
    let (begin, rest) = key.split_at(100);
    for key in
        [begin.to_owned(), format!("{begin}?{rest}"), TestCertificate::new().key_pem, key.replace("PRIVATE", "PUBLIC")]
    {
        secrets_env.env.write_file(".config/wxbox/key.pem", key);
        secrets_env.assert_lines_keep_secrets(&[
            "bind --user nami --timeout 1ms",
            "--json bind --user nami --timeout 1ms",
            "doctor",
        ]);
    }
    // Once more, with the secret from a variable and through a proxy that is not there.
    secrets_env.env.set_variable("WXBOX_APP_SECRET", APP_SECRET);
    let proxy = format!("[network]\nproxy = \"http://user:{PROXY_PASSWORD}@127.0.0.1:1\"\n");
    secrets_env.env.replace_in_config(&[("[network]\n", &proxy)]);
    secrets_env.assert_line_keeps_secrets(&format!("user add luffy --openid {LUFFY}"));
    secrets_env.assert_lines_keep_secrets(&NETWORK_COMMANDS);
}

#[test]
fn network_faults_reveal_no_secret() {
    let faults = [
        "errcode = -1",
        "errcode = 40001",
        "errcode = 40013",
        "errcode = 40125",
        "errcode = 40164",
        "errcode = 45009",
        "errcode = 99999",
        "status = 502",
        "status = 502\nprocessed = true",
        "truncated = true",
        "reset = \"before\"",
        "reset = \"after\"",
        "hang = \"after\"",
        "drip = \"50ms\"",
        "content_type = \"text/html\"",
    ];
    let luffy = format!("user add luffy --openid {LUFFY}");
    let nth: Vec<_> = (2..100).collect();
    let later = format!("api = \"/cgi-bin/*\"\nnth = {nth:?}");
    let assert_fault_reveals_nothing = |fault: &str| {
        // With a cached token first; then the fetching of a token fails.
        for which in [&later, "api = \"/cgi-bin/stable_token\""] {
            let mut secrets_env = SecretsEnv::new(&format!("[[faults]]\n{which}\n{fault}\n"));
            secrets_env.assert_line_keeps_secrets(&luffy);
            secrets_env.assert_lines_keep_secrets(&NETWORK_COMMANDS);
        }
    };
    // Side by side, because most of the time passes in timeouts.
    std::thread::scope(|scope| {
        for fault in faults {
            scope.spawn(|| assert_fault_reveals_nothing(fault));
        }
    });
}

#[test]
fn broken_database_reveals_no_secret() {
    let all = command_corpus::command_lines();
    let whole = {
        let env = TestEnv::new();
        env.run("user add luffy").assert_success();
        env.run("token").assert_success();
        let _ = env.query::<i64>("SELECT 1");
        std::fs::read(env.database_path()).unwrap()
    };
    let newer = {
        let mut bytes = whole.clone();
        bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
        bytes
    };
    let damaged = {
        let mut bytes = whole.clone();
        bytes[100..4096].fill(0xa5);
        bytes
    };
    for (n, bytes) in [&newer, &damaged, &whole[..whole.len() / 2].to_vec()].into_iter().enumerate() {
        let mut secrets_env = SecretsEnv::new("");
        secrets_env.env.write_file(".local/share/wxbox/wxbox.db", bytes);
        for line in all.iter().skip(n).step_by(3) {
            secrets_env.assert_line_keeps_secrets(&format!("--json -vv {line}"));
        }
    }
}
