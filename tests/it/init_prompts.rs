//! The first config, prompted for at a terminal.

use std::sync::Mutex;

use wxbox::http_server::{HttpResponse, HttpServer, Limits, ServerHandle};

use crate::support::canned_server::TOKEN_BODY;
use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const IP_NOT_ALLOWED_BODY: &str =
    r#"{"errcode":40164,"errmsg":"invalid ip 198.51.100.9 ipv6 ::ffff:198.51.100.9, not in whitelist rid: 1-2-3"}"#;

/// Starts a platform that sends these responses, the last of them repeatedly.
fn start_server_with_responses(answers: &[&'static str]) -> (ServerHandle, String) {
    let remaining = Mutex::new(answers.to_vec());
    let server = HttpServer::bind("127.0.0.1:0", Limits::sandbox()).unwrap();
    let running = server.start(move |_| {
        let mut remaining = remaining.lock().unwrap();
        let answer = if remaining.len() > 1 { remaining.remove(0) } else { remaining[0] };
        HttpResponse::json(200, answer)
    });
    let running = running.unwrap();
    let url = format!("http://{}", running.local_addr());
    (running, url)
}

fn start_init(env: &TestEnv, line: &str) -> Terminal {
    Terminal::start(env.command(line), 60, 120)
}

/// Answers the prompts; no events are received.
fn answer_prompts(terminal: &mut Terminal, app_id: &str, uri: &str) {
    terminal.answer("AppID [wx0123456789abcdef]:", &format!("{app_id}\r"));
    terminal.answer_hidden("AppSecret (not shown; press Enter to use the one of", &format!("{SECRET}\r"));
    terminal.answer("Callback address [", &format!("{uri}\r"));
    decline_events(terminal);
}

fn decline_events(terminal: &mut Terminal) {
    terminal.answer("Receive WeChat's events?", "\r");
    accept_answers(terminal);
}

/// Accepts the list of answers at the end.
fn accept_answers(terminal: &mut Terminal) {
    terminal.answer("Press Enter to continue", "\r");
}

#[test]
fn three_answers_create_config() {
    let env = TestEnv::without_config();
    let (_running, url) = start_server_with_responses(&[TOKEN_BODY]);
    let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
    answer_prompts(&mut terminal, "wx0123456789abcdef", "");
    let ended = terminal.wait().assert_status(0);
    let text = ended.text();
    assert!(!text.contains(SECRET), "{text}");
    let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("  1  AppID")).collect();
    assert_eq!(
        lines,
        [
            "  1  AppID             wx0123456789abcdef",
            "  2  AppSecret         [hidden]",
            "  3  Callback address  http://127.0.0.1:8080/callback/",
            "  4  Events            no",
            "Press Enter to continue, or type a number to change that line: ",
            "checking with the sandbox…",
            "Verified.",
            &format!("wrote {}", env.path(".config/wxbox/config.toml").display()),
            "Next:",
            "  wxbox user add luffy",
            "  wxbox doctor",
            "  wxbox bind --user luffy",
        ]
    );
    assert!(ended.is_echo_on);
    let config = env.read_config();
    assert!(config.contains("redirect_uri = \"http://127.0.0.1:8080/callback/\"") && config.contains(SECRET));
}

#[test]
fn ip_to_allow_is_named_and_waited_for() {
    let env = TestEnv::without_config();
    let (_running, url) = start_server_with_responses(&[IP_NOT_ALLOWED_BODY, IP_NOT_ALLOWED_BODY, TOKEN_BODY]);
    let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
    answer_prompts(&mut terminal, "wx0123456789abcdef", "");
    terminal.answer("Try again?", "\r");
    terminal.wait_for_twice("Try again?");
    terminal.type_keys("y\r");
    let text = terminal.wait().assert_status(0).text();
    let hint = "add 198.51.100.9 to the IP allow-list";
    assert!(text.matches(hint).count() == 2 && text.contains("Verified."), "{text}");
    assert!(env.read_config().contains(SECRET));
}

#[test]
fn wrong_secret_or_app_id_is_prompted_for_again() {
    let env = TestEnv::without_config();
    let (_running, url) = start_server_with_responses(&[
        r#"{"errcode":40125,"errmsg":"invalid appsecret"}"#,
        r#"{"errcode":40013,"errmsg":"invalid appid"}"#,
        TOKEN_BODY,
    ]);
    let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
    answer_prompts(&mut terminal, "wx0000000000000000", "http://127.0.0.1:9000/");
    terminal.wait_for("40125");
    terminal.wait_for("AppSecret (not shown):");
    // An app secret that cannot be valid is not sent to WeChat.
    terminal.type_hidden("too short\r");
    terminal.wait_for("an AppSecret has 32 characters, but this one has 9");
    terminal.wait_for_twice("AppSecret (not shown):");
    terminal.type_hidden(&format!("{SECRET}\r"));
    terminal.wait_for("40013");
    // The wrong AppID can be edited, and Enter keeps the secret.
    terminal.wait_for_twice("AppID: wx0000000000000000");
    terminal.type_keys("\x15wx0123456789abcdef\r");
    terminal.answer_hidden("AppSecret (not shown; press Enter to keep the current one):", "\r");
    terminal.wait().assert_status(0);
    let config = env.read_config();
    for set in ["app_id = \"wx0123456789abcdef\"", SECRET, "http://127.0.0.1:9000/"] {
        assert!(config.contains(set), "{set}");
    }
}

#[test]
fn unreachable_api_offers_unchecked_config() {
    let mut env = TestEnv::without_config();
    // Tests do not contact the real platform.
    env.set_variable("HTTPS_PROXY", "http://127.0.0.1:1");
    let mut terminal = start_init(&env, "init");
    terminal.wait_for("https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login");
    terminal.wait_for("AppID:");
    // An invalid answer is rejected immediately.
    terminal.type_keys("wx 1\r");
    terminal.wait_for("use an AppID, such as wx");
    // The rejected answer can be edited.
    terminal.answer_hidden("AppID: wx 1", "\x7f\x7f0123456789abcdef\r");
    terminal.answer_hidden("AppSecret (not shown):", &format!("{SECRET}\r"));
    // The suggestion has an address of this machine, if it has one.
    terminal.wait_for_twice("Callback address");
    terminal.type_hidden("localhost/\r");
    terminal.answer("http:// is missing", "\r");
    terminal.answer_hidden(
        "it is the address of the phone itself",
        &format!("{}https://wx.example.com/callback/\r", "\x7f".repeat("http://localhost/".len())),
    );
    terminal.answer("Listen on [127.0.0.1:8080]", "\r");
    decline_events(&mut terminal);
    terminal.answer("Try again?", "n\r");
    terminal.answer("Write the config anyway?", "y\r");
    let text = terminal.wait().assert_status(0).text();
    assert!(text.contains("wrote the config without verification"), "{text}");
    assert!(text.contains("Now enter wx.example.com in the WeChat console"), "{text}");
    assert!(env.read_config().contains("\naddress = \"127.0.0.1:8080\"\n"));
}

#[test]
fn failed_config_is_written_only_on_confirmation() {
    let env = TestEnv::without_config();
    let (_running, url) = start_server_with_responses(&[IP_NOT_ALLOWED_BODY]);
    let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
    terminal.answer("AppID [", "wx012345\r");
    terminal.wait_for("correct it, or press Enter to keep it");
    answer_prompts(&mut terminal, "", "");
    terminal.answer("Try again?", "n\r");
    terminal.answer("Write the config anyway?", "\r");
    let text = terminal.wait().assert_status(3).text();
    assert!(text.contains("nothing was changed"), "{text}");
    assert!(text.contains("warning: wx012345 does not look like an AppID: correct it"), "{text}");
    assert!(!env.path(".config").exists());
}

#[test]
fn second_init_starts_from_the_config_and_keeps_the_rest() {
    const CONFIG: &str = "# mine\napp_id = \"wx0000000000000000\" # old\napp_secret = \"fedcba9876543210fedcba9876543210\"\n\
        redirect_uri = \"http://127.0.0.1:9000/callback/\"\nscope = \"snsapi_base\"\n\n\
        # The way.\n[network]\ntimeout = \"9s\"\n\n[templates.backup]\nid = \"T1\"\n";
    let env = TestEnv::without_config();
    let (_running, url) = start_server_with_responses(&[TOKEN_BODY]);
    env.write_config(CONFIG);
    let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
    terminal.wait_for("Press Enter to keep an answer");
    terminal.answer("AppID [wx0000000000000000]:", "wx0123456789abcdef\r");
    terminal.answer_hidden("AppSecret (not shown; press Enter to keep the current one):", "\r");
    terminal.wait_for("AppSecret (not shown; press Enter to keep the current one): [hidden]");
    terminal.answer("Callback address [http://127.0.0.1:9000/callback/]:", "\r");
    decline_events(&mut terminal);
    terminal.wait().assert_status(0);
    let expected = CONFIG
        .replace("wx0000000000000000", "wx0123456789abcdef")
        .replace("\"9s\"\n", &format!("\"9s\"\napi_base = \"{url}\"\nopen_base = \"{url}\"\n"));
    assert_eq!(env.read_config(), expected);
    let backup = std::fs::read_to_string(env.path(".config/wxbox/config.toml.bak")).unwrap();
    assert_eq!(backup, CONFIG);
    // If the user only presses Enter, nothing changes, and the sandbox is still the one in the
    // file.
    let mut terminal = start_init(&env, "init");
    for question in ["AppID [wx0123456789abcdef]:", "Enter to keep the current one):", "Callback address [http://127"] {
        terminal.wait_for(question);
        // The hidden prompt discards what was typed before it.
        terminal.type_hidden("\r");
    }
    decline_events(&mut terminal);
    terminal.wait().assert_status(0);
    assert_eq!(env.read_config(), expected);
}

#[test]
fn answers_can_be_changed_before_they_are_written() {
    let env = TestEnv::without_config();
    let (_running, url) = start_server_with_responses(&[IP_NOT_ALLOWED_BODY, TOKEN_BODY]);
    let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
    terminal.wait_for("Type < to return");
    terminal.answer("AppID [wx0123456789abcdef]:", "wx0000000000000000\r");
    terminal.answer_hidden("AppSecret (not shown; press Enter to use the one of", "<\r");
    // The typed value is the default now.
    terminal.answer("AppID [wx0000000000000000]:", "wx1111111111111111\r");
    terminal.wait_for_twice("AppSecret (not shown; press Enter to use the one of");
    terminal.type_hidden(&format!("{SECRET}\r"));
    terminal.answer("Callback address [http://127.0.0.1:8080/callback/]:", "<\r");
    terminal.answer_hidden("AppSecret (not shown; press Enter to keep the current one):", "\r");
    terminal.answer("Callback address [http://127.0.0.1:8080/callback/]:", "\r");
    terminal.answer("Receive WeChat's events?", "<\r");
    terminal.wait_for("Receive WeChat's events? <");
    terminal.answer("Callback address [http://127.0.0.1:8080/callback/]:", "http://127.0.0.1:9000/\r");
    terminal.wait_for_twice("Receive WeChat's events?");
    terminal.type_keys("\r");
    terminal.answer("  3  Callback address  http://127.0.0.1:9000/", "9\r");
    terminal.wait_for("type a number from 1 to 4");
    // The answer stays for editing.
    terminal.answer("change that line: 9", "\x7f1\r");
    terminal.answer("AppID [wx1111111111111111]:", "wx2222222222222222\r");
    terminal.answer("  1  AppID             wx2222222222222222", "\r");
    // After a refusal the answers can be changed, too.
    terminal.answer("Try again?", "<\r");
    terminal.wait_for_twice("  1  AppID             wx2222222222222222");
    terminal.type_keys("\r");
    let text = terminal.wait().assert_status(0).text();
    assert!(!text.contains(SECRET), "{text}");
    let config = env.read_config();
    for set in ["app_id = \"wx2222222222222222\"", SECRET, "redirect_uri = \"http://127.0.0.1:9000/\""] {
        assert!(config.contains(set), "{set}: {config}");
    }
}

#[test]
fn sandbox_needs_enter_only_and_gets_its_aliases() {
    let mut env = TestEnv::with_scenario("");
    let url = env.sandbox().url.clone();
    std::fs::remove_dir_all(env.path(".config")).unwrap();
    let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
    for question in [
        "AppID [",
        "AppSecret (not shown; press Enter to use",
        "Callback address [",
        "Receive WeChat's events?",
        "Press Enter to",
    ] {
        terminal.wait_for(question);
        // The hidden prompt discards what was typed before it.
        terminal.type_hidden("\r");
    }
    let text = terminal.wait().assert_status(0).text();
    assert!(text.contains("added the alias backup for the template Backup finished"), "{text}");
    let config = env.read_config();
    let alias = "\n[templates.backup]\nid = \"backup_finished-0123456789abcdefghijklmnopq\" # Backup finished\n\n\
                 [templates.backup.data]\n# host = \"\"\n";
    assert!(config.contains(alias) && config.contains("\n[templates.alert]\n"), "{config}");
    env.run("-q template check backup -d host=db1 -d size=1 -d time=now").assert_success();
    env.run("-q doctor").assert_success();
}

#[test]
fn invalid_config_is_replaced_only_on_confirmation_and_ctrl_c_keeps_it() {
    let env = TestEnv::without_config();
    let (_running, url) = start_server_with_responses(&[TOKEN_BODY]);
    env.write_config("app_id = 3\n");
    let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
    terminal.answer("already exists. Replace it?", "n\r");
    let ended = terminal.wait().assert_status(0);
    let text = ended.text();
    assert!(text.contains("nothing was changed") && text.contains("app_id must be"), "{text}");
    assert_eq!(env.read_config(), "app_id = 3\n");

    let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
    terminal.answer("already exists. Replace it?", "y\r");
    answer_prompts(&mut terminal, "wx0123456789abcdef", "");
    terminal.wait().assert_status(0);
    assert!(env.read_config().contains(SECRET) && env.path(".config/wxbox/config.toml.bak").exists());

    let env = TestEnv::without_config();
    for question in ["AppID [", "AppSecret (not shown;"] {
        let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
        terminal.wait_for("AppID [");
        if question != "AppID [" {
            terminal.type_keys("wx0123456789abcdef\r");
        }
        terminal.answer(question, "\x03");
        let ended = terminal.wait().assert_status(130);
        assert!(ended.is_echo_on && !ended.screen.hide_cursor(), "{question}");
        assert!(ended.text().contains("cancelled; nothing was written"), "{}", ended.text());
        assert!(!env.path(".config").exists(), "{question}");
    }
}

#[test]
fn wrapped_input_is_cleared_in_small_window() {
    let env = TestEnv::without_config();
    let (_running, url) = start_server_with_responses(&[TOKEN_BODY]);
    let mut terminal = Terminal::start(env.command(&format!("init --sandbox {url}")), 40, 50);
    let long = "http://wx.example.com:8080/a/path/that/is/longer/than/the/window/is/wide/";
    // Before the prompt reads keys, the terminal itself echoes typed text.
    terminal.answer_hidden("AppID [", "wx0123456789abcdef\r");
    terminal.answer_hidden("AppSecret (not shown;", &format!("{SECRET}\r"));
    terminal.answer_hidden("Callback address [", &format!("{long}?code=1\r"));
    terminal.wait_for("its query contains code");
    terminal.wait_for("wide/?code=1");
    // The rejected URL can be edited: the invalid end is deleted, and the rest is accepted.
    terminal.type_hidden(&format!("{}\r", "\x7f".repeat("?code=1".len())));
    decline_events(&mut terminal);
    let text = terminal.wait().assert_status(0).text();
    let flat = text.replace('\n', "");
    assert_eq!(flat.matches("Callback address: http").count(), 1, "{text}");
    assert_eq!(flat.matches("Callback address [").count(), 0, "{text}");
    // It is in the list of answers, too.
    assert_eq!(flat.matches("wx.example.com:8080/a/path").count(), 2, "{text}");
    assert_eq!(flat.matches("its query contains code").count(), 1, "{text}");
    assert!(env.read_config().contains(&format!("redirect_uri = \"{long}\"")), "{}", env.read_config());
}

#[test]
fn unreachable_sandbox_is_said_to_be_perhaps_elsewhere() {
    let env = TestEnv::without_config();
    let mut terminal = start_init(&env, "init --sandbox http://127.0.0.1:1");
    for question in [
        "AppID [",
        "AppSecret (not shown; press Enter to use",
        "Callback address [",
        "Receive WeChat's events?",
        "Press Enter to",
    ] {
        terminal.wait_for(question);
        // The hidden prompt discards what was typed before it.
        terminal.type_hidden("\r");
    }
    terminal.wait_for("wxbox init --sandbox URL");
    terminal.answer("Try again?", "\x03");
    terminal.wait().assert_status(130);
}

#[test]
fn new_push_url_is_reported_if_events_are_kept() {
    let env = TestEnv::without_config();
    let (_running, url) = start_server_with_responses(&[TOKEN_BODY]);
    env.write_config(
        "app_id = \"wx0123456789abcdef\"\napp_secret = \"fedcba9876543210fedcba9876543210\"\n\
         redirect_uri = \"http://127.0.0.1:9000/\"\n[push]\ntoken = \"abcdefgh\"\n",
    );
    let init = |callback_answer: &str| {
        let mut terminal = start_init(&env, &format!("init --sandbox {url}"));
        for question in ["AppID [wx", "Enter to keep the current one):"] {
            terminal.answer_hidden(question, "\r");
        }
        terminal.answer_hidden("Callback address [", callback_answer);
        terminal.answer("Make a new Token and a new key?", "\r");
        accept_answers(&mut terminal);
        terminal.wait().assert_status(0).text()
    };
    assert!(!init("\r").contains("push URL"));
    // The question holds the present address, which Ctrl-U clears.
    let text = init("\u{15}http://127.0.0.1:9100/\r");
    assert!(text.contains("warning: the push URL is now http://127.0.0.1:9100/push: enter it in"), "{text}");
}
