//! Prompts and output at a terminal, and the restored terminal afterwards.

use crate::bind::env_with_luffy;
use crate::support::env::{TestEnv, authorize, page_title};
use crate::support::pty::Terminal;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

fn start_terminal(env: &TestEnv, line: &str) -> Terminal {
    Terminal::start(env.command(line), 30, 100)
}

#[test]
fn a_new_password_is_typed_twice_and_never_shown() {
    let env = TestEnv::without_config();
    let mut terminal = start_terminal(&env, "user add luffy");
    for (question, answer) in
        [("Password", "Geheim1\r"), ("Repeat the password", "geheim2\r"), ("the passwords differ", "Geheim1\r")]
    {
        terminal.answer_hidden(question, answer);
    }
    // The second "Repeat the password" is below the first.
    terminal.wait_for_twice("Repeat the password");
    terminal.type_hidden("Geheim1\r");
    let ended = terminal.wait().assert_status(0);
    let text = ended.text();
    assert!(!text.to_lowercase().contains("geheim") && text.contains("added luffy"), "{text}");
    assert!(ended.is_echo_on && !ended.screen.hide_cursor());
    assert!(env.query::<String>("SELECT password FROM users").starts_with("$argon2id$"));
}

#[test]
fn missing_name_is_prompted_for() {
    let env = TestEnv::without_config();
    let mut terminal = start_terminal(&env, "user add");
    terminal.answer("Name", "路飞\r");
    terminal.answer_hidden("Password", "\r");
    let ended = terminal.wait();
    let text = ended.text();
    assert!(text.contains("added 路飞"), "{text}");
    // The empty password is not reported as one that was typed.
    assert!(text.contains("Password for binding (empty for none): [none]"), "{text}");
    assert_eq!(env.query::<Option<String>>("SELECT password FROM users"), None);
}

#[test]
fn ctrl_c_at_prompt_restores_terminal() {
    let env = env_with_luffy();
    for (line, question) in [("user add nami", "Password"), ("user add", "Name"), ("user remove luffy", "Remove luffy")]
    {
        let mut terminal = start_terminal(&env, line);
        terminal.answer(question, CTRL_C);
        let ended = terminal.wait();
        let text = ended.text();
        assert_eq!(ended.status.code(), Some(130), "{line}: {text}");
        assert!(ended.is_echo_on, "{line}: typing stays unseen");
        assert!(!ended.screen.hide_cursor(), "{line}: no cursor");
        // The text is on a line of its own, not after the prompt.
        assert!(text.lines().any(|line| line.starts_with("interrupted")), "{line}: {text}");
    }
    assert_eq!(env.count("users"), 1);
}

#[test]
fn ctrl_d_at_prompt_exits() {
    let world = env_with_luffy();
    for (line, question) in [("user add nami", "Password"), ("user add", "Name"), ("user remove luffy", "Remove luffy")]
    {
        let mut terminal = start_terminal(&world, line);
        terminal.wait_for(question);
        match question {
            "Password" => terminal.type_hidden(CTRL_D),
            _ => terminal.type_keys(CTRL_D),
        }
        let ended = terminal.wait();
        let text = ended.text();
        assert_eq!(ended.status.code(), Some(2), "{line}: {text}");
        assert!(ended.is_echo_on && !ended.screen.hide_cursor(), "{line}");
        assert!(text.lines().any(|line| line.starts_with("error: cannot read the answer")), "{line}: {text}");
    }
    assert_eq!(world.query::<i64>("SELECT count(*) FROM users"), 1);
}

/// The screen shows what was typed, even if characters take two columns and a line more than one
/// row.
#[test]
fn typed_answer_can_be_edited() {
    const LEFT: &str = "\x1b[D";
    let long = "长".repeat(30);
    for (columns, keys, shown) in [
        (100, "甲乙丙\x7f\x7f".to_owned(), "甲".to_owned()),
        (100, format!("甲乙丙{LEFT}{LEFT}\x7f丁"), "丁乙丙".to_owned()),
        (100, format!("甲乙丙{LEFT}{CTRL_D}"), "甲乙".to_owned()),
        (100, "lufy\x1b[Df\x05 d.\x01m. ".to_owned(), "m. luffy d.".to_owned()),
        (100, "nami\x15zoro".to_owned(), "zoro".to_owned()),
        (40, format!("{long}甲\x7f{LEFT}乙"), format!("{}乙长", "长".repeat(29))),
        (40, format!("{long}{}", "\x7f".repeat(29)), "长".to_owned()),
    ] {
        let world = TestEnv::without_config();
        let mut terminal = Terminal::start(world.command("user add"), 30, columns);
        terminal.answer_hidden("Name", &keys);
        // Each character appears once, and deleted ones are gone.
        let typed = |screen: &vt100::Screen| screen.rows(0, columns).collect::<String>().replace(' ', "");
        let expected = format!("Name:{shown}").replace(' ', "");
        terminal.until_screen(|screen| typed(screen) == expected);
        terminal.type_keys("\r");
        terminal.answer_hidden("Password", "\r");
        let ended = terminal.wait();
        assert_eq!(ended.status.code(), Some(0), "{keys:?}: {}", ended.text());
        assert_eq!(world.query::<String>("SELECT username FROM users"), shown, "{keys:?}");
    }
}

#[test]
fn user_removal_requires_confirmation() {
    let env = env_with_luffy();
    for (answer, status, kept) in [("n\r", 0, 1), ("\r", 0, 1), ("y\r", 0, 0)] {
        let mut terminal = start_terminal(&env, "user remove luffy");
        terminal.answer("Remove luffy", answer);
        let text = terminal.wait().assert_status(status).text();
        assert_eq!(env.count("users"), kept, "{answer:?}: {text}");
        assert!(text.contains(if kept == 1 { "nothing was removed" } else { "removed luffy" }), "{text}");
    }
}

#[test]
fn bind_prompts_for_password() {
    let env = TestEnv::new();
    env.run_with_stdin("user add luffy --password-stdin", "meat\n").assert_success();
    let mut terminal = start_terminal(&env, "bind --user luffy");
    // A wrong password is asked for again, three times in all.
    for count in 1..=3 {
        terminal.wait_for_count("Binding password of luffy", count);
        terminal.type_hidden("fish\r");
    }
    let text = terminal.wait().assert_status(3).text();
    assert!(text.contains("wrong password for luffy") && !text.contains("fish"), "{text}");

    let mut terminal = start_terminal(&env, "bind --user luffy");
    terminal.answer_hidden("Binding password of luffy", "meat\r");
    terminal.answer("waiting for the phone", CTRL_C);
    terminal.wait().assert_status(130);
}

#[test]
fn ctrl_c_while_waiting_restores_terminal() {
    let env = env_with_luffy();
    let mut terminal = Terminal::start(env.command("bind --user luffy"), 60, 240);
    terminal.answer("waiting for the phone", CTRL_C);
    let ended = terminal.wait().assert_status(130);
    let text = ended.text();
    assert!(ended.is_echo_on && !ended.screen.hide_cursor());
    assert!(!text.contains("waiting for the phone") && text.ends_with("interrupted"), "{text}");
    assert_eq!(ended.screen.cursor_position().1, 0, "{text}");
}

#[test]
fn spinner_is_replaced_by_result() {
    let env = env_with_luffy();
    env.run("token").assert_success();
    let mut terminal = Terminal::start(env.command("-v bind --user luffy"), 70, 240);
    let screen = terminal.wait_for("waiting for the phone").contents();
    let url = screen.lines().find(|line| line.starts_with("http://")).unwrap().to_owned();
    let right = authorize(&url, "luffy");
    let mut wrong = right.clone();
    wrong.set_query(None);
    assert_eq!(page_title(&wrong).0, 403);
    terminal.wait_for("rejected a callback");
    assert_eq!(page_title(&right).0, 200);
    let text = terminal.wait().screen.contents();
    let after: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("Scan the QR code")).collect();
    assert_eq!(
        after,
        [
            "Scan the QR code with the WeChat app of luffy, or open the URL in it.",
            "info: rejected a callback: the state is wrong or missing",
            "bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)",
            "If another person scanned it, run `wxbox unbind --user luffy`.",
        ]
    );
}
