//! The first config, asked for at a terminal.

use std::sync::Mutex;

use wxbox::http::{Door, Limits, Reply, Running};

use crate::canned::TOKEN;
use crate::harness::World;
use crate::pty::Terminal;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const REFUSED: &str =
    r#"{"errcode":40164,"errmsg":"invalid ip 198.51.100.9 ipv6 ::ffff:198.51.100.9, not in whitelist rid: 1-2-3"}"#;

/// A platform that gives these answers, the last again and again.
fn answering(answers: &[&'static str]) -> (Running, String) {
    let left = Mutex::new(answers.to_vec());
    let door = Door::bind("127.0.0.1:0", Limits::sandbox()).unwrap();
    let running = door.open(move |_| {
        let mut left = left.lock().unwrap();
        let answer = if left.len() > 1 { left.remove(0) } else { left[0] };
        Reply::json(200, answer)
    });
    let running = running.unwrap();
    let url = format!("http://{}", running.local_addr());
    (running, url)
}

fn begin(world: &World, line: &str) -> Terminal {
    Terminal::start(world.command(line), 60, 120)
}

/// Answers the three questions.
fn answer(terminal: &mut Terminal, app_id: &str, uri: &str) {
    terminal.until("App id:");
    terminal.keys(&format!("{app_id}\r"));
    terminal.until("AppSecret (not shown):");
    terminal.unseen_keys(&format!("{SECRET}\r"));
    terminal.until("Callback address [");
    terminal.keys(&format!("{uri}\r"));
}

fn config(world: &World) -> String {
    std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap_or_default()
}

#[test]
fn three_answers_make_a_config() {
    let world = World::empty();
    let (_running, url) = answering(&[TOKEN]);
    let mut terminal = begin(&world, &format!("init --sandbox {url}"));
    answer(&mut terminal, "wx0123456789abcdef", "");
    let ended = terminal.end();
    let text = ended.screen.contents();
    assert_eq!(ended.status.code(), Some(0), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    let shown: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("Callback address: http")).collect();
    assert_eq!(
        shown,
        [
            "Callback address: http://127.0.0.1:8080/callback/",
            "Asking WeChat …",
            "WeChat takes them.",
            &format!("wrote {}", world.path(".config/wxbox/config.toml").display()),
            "Next:",
            "  wxbox doctor",
            "  wxbox user add luffy",
            "  wxbox bind --user luffy",
        ]
    );
    assert!(ended.echo);
    let config = config(&world);
    assert!(config.contains("redirect_uri = \"http://127.0.0.1:8080/callback/\"") && config.contains(SECRET));
}

#[test]
fn an_address_to_allow_is_named_and_waited_for() {
    let world = World::empty();
    let (_running, url) = answering(&[REFUSED, REFUSED, TOKEN]);
    let mut terminal = begin(&world, &format!("init --sandbox {url}"));
    answer(&mut terminal, "wx0123456789abcdef", "");
    terminal.until("Try again?");
    terminal.keys("\r");
    terminal.until_twice("Try again?");
    terminal.keys("y\r");
    let ended = terminal.end();
    let text = ended.screen.contents();
    assert_eq!(ended.status.code(), Some(0), "{text}");
    let hint = "add 198.51.100.9 to the account's IP allow-list";
    assert!(text.matches(hint).count() == 2 && text.contains("WeChat takes them."), "{text}");
    assert!(config(&world).contains(SECRET));
}

#[test]
fn a_wrong_secret_and_a_wrong_app_id_are_asked_for_again() {
    let world = World::empty();
    let (_running, url) = answering(&[
        r#"{"errcode":40125,"errmsg":"invalid appsecret"}"#,
        r#"{"errcode":40013,"errmsg":"invalid appid"}"#,
        TOKEN,
    ]);
    let mut terminal = begin(&world, &format!("init --sandbox {url}"));
    answer(&mut terminal, "wx0000000000000000", "http://127.0.0.1:9000/");
    terminal.until("40125");
    terminal.until_twice("AppSecret (not shown):");
    // One that cannot be right is not tried.
    terminal.unseen_keys("too short\r");
    terminal.until("an AppSecret has 32 characters, this has 9");
    terminal.until_so_often("AppSecret (not shown):", 3);
    terminal.unseen_keys(&format!("{SECRET}\r"));
    terminal.until("40013");
    terminal.until_twice("App id:");
    terminal.keys("wx0123456789abcdef\r");
    terminal.until_so_often("AppSecret (not shown):", 4);
    terminal.unseen_keys(&format!("{SECRET}\r"));
    let ended = terminal.end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.screen.contents());
    let config = config(&world);
    for set in ["app_id = \"wx0123456789abcdef\"", SECRET, "http://127.0.0.1:9000/"] {
        assert!(config.contains(set), "{set}");
    }
}

#[test]
fn without_an_answer_it_is_written_unchecked_if_one_wants() {
    let mut world = World::empty();
    // The real platform is none of a test's.
    world.set("HTTPS_PROXY", "http://127.0.0.1:1");
    let mut terminal = begin(&world, "init");
    terminal.until("https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login");
    terminal.until("App id:");
    // What cannot be is said at once.
    terminal.keys("wx 1\r");
    terminal.until("it must be an app id, such as wx");
    // What was refused is there to be edited.
    terminal.until("App id: wx 1");
    terminal.unseen_keys("\x7f\x7f0123456789abcdef\r");
    terminal.until("AppSecret (not shown):");
    terminal.unseen_keys(&format!("{SECRET}\r"));
    // With an address of this machine or, where it has none, without.
    terminal.until_twice("Callback address");
    terminal.unseen_keys("localhost/\r");
    terminal.until("http:// is missing");
    terminal.keys("\r");
    terminal.until("it leads each phone to itself");
    terminal.unseen_keys(&format!("{}https://wx.example.com/callback/\r", "\x7f".repeat("http://localhost/".len())));
    terminal.until("Listen on [127.0.0.1:8080]");
    terminal.keys("\r");
    terminal.until("Try again?");
    terminal.keys("n\r");
    terminal.until("Write the config all the same?");
    terminal.keys("y\r");
    let ended = terminal.end();
    let text = ended.screen.contents();
    assert_eq!(ended.status.code(), Some(0), "{text}");
    assert!(text.contains("it is written without having worked"), "{text}");
    assert!(text.contains("Now enter wx.example.com in WeChat's console"), "{text}");
    assert!(config(&world).contains("\naddress = \"127.0.0.1:8080\"\n"));
}

#[test]
fn what_did_not_work_is_not_written_unless_one_says_so() {
    let world = World::empty();
    let (_running, url) = answering(&[REFUSED]);
    let mut terminal = begin(&world, &format!("init --sandbox {url}"));
    terminal.until("App id:");
    terminal.keys("wx012345\r");
    terminal.until("type it again, or Enter if it is right");
    answer(&mut terminal, "", "");
    terminal.until("Try again?");
    terminal.keys("n\r");
    terminal.until("Write the config all the same?");
    terminal.keys("\r");
    let ended = terminal.end();
    let text = ended.screen.contents();
    assert_eq!(ended.status.code(), Some(3), "{text}");
    assert!(text.contains("nothing was changed"), "{text}");
    assert!(text.contains("error: wx012345 does not look like an app id: type it again"), "{text}");
    assert!(!world.path(".config").exists());
}

#[test]
fn a_config_that_is_there_is_replaced_only_after_a_yes_and_ctrl_c_leaves_no_trace() {
    let world = World::empty();
    let (_running, url) = answering(&[TOKEN]);
    world.config("app_id = \"old\"\n");
    let mut terminal = begin(&world, &format!("init --sandbox {url}"));
    terminal.until("is there already. Replace it?");
    terminal.keys("n\r");
    let ended = terminal.end();
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.screen.contents().contains("nothing was changed"), "{}", ended.screen.contents());
    assert_eq!(config(&world), "app_id = \"old\"\n");

    let mut terminal = begin(&world, &format!("init --sandbox {url}"));
    terminal.until("is there already. Replace it?");
    terminal.keys("y\r");
    answer(&mut terminal, "wx0123456789abcdef", "");
    assert_eq!(terminal.end().status.code(), Some(0));
    assert!(config(&world).contains(SECRET) && world.path(".config/wxbox/config.toml.bak").exists());

    let world = World::empty();
    for question in ["App id:", "AppSecret (not shown):"] {
        let mut terminal = begin(&world, &format!("init --sandbox {url}"));
        terminal.until("App id:");
        if question != "App id:" {
            terminal.keys("wx0123456789abcdef\r");
        }
        terminal.until(question);
        terminal.keys("\x03");
        let ended = terminal.end();
        assert_eq!(ended.status.code(), Some(130), "{}", ended.screen.contents());
        assert!(ended.echo && !ended.screen.hide_cursor(), "{question}");
        assert!(ended.screen.contents().contains("cancelled, nothing was written"), "{}", ended.screen.contents());
        assert!(!world.path(".config").exists(), "{question}");
    }
}

#[test]
fn in_a_small_window_nothing_of_an_answer_that_was_wrapped_stays() {
    let world = World::empty();
    let (_running, url) = answering(&[TOKEN]);
    let mut terminal = Terminal::start(world.command(&format!("init --sandbox {url}")), 40, 50);
    let long = "http://wx.example.com:8080/a/path/that/is/longer/than/the/window/is/wide/";
    // What is typed while nobody reads keys, the terminal shows itself.
    terminal.until("App id:");
    terminal.unseen_keys("wx0123456789abcdef\r");
    terminal.until("AppSecret (not shown):");
    terminal.unseen_keys(&format!("{SECRET}\r"));
    terminal.until("Callback address [");
    terminal.unseen_keys(&format!("{long}?code=1\r"));
    terminal.until("its query has code");
    terminal.until("wide/?code=1");
    // The refused address is there: what is wrong with it goes, and what is left is taken.
    terminal.unseen_keys(&format!("{}\r", "\x7f".repeat("?code=1".len())));
    let ended = terminal.end();
    let text = ended.screen.contents();
    assert_eq!(ended.status.code(), Some(0), "{text}");
    let flat = text.replace('\n', "");
    assert_eq!(flat.matches("Callback address: http").count(), 1, "{text}");
    assert_eq!(flat.matches("Callback address [").count(), 0, "{text}");
    assert_eq!(flat.matches("wx.example.com:8080/a/path").count(), 1, "{text}");
    assert_eq!(flat.matches("its query has code").count(), 1, "{text}");
    assert!(config(&world).contains(&format!("redirect_uri = \"{long}\"")), "{}", config(&world));
}
