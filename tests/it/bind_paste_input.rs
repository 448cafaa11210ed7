//! `bind --paste`: the changes that a URL may undergo on its way from the phone.

use crate::bind_paste::{env_without_listener, paste_callback_url};
use crate::support::env::authorize;
use crate::support::pty::Terminal;

#[test]
fn damaged_pasted_url_is_repaired() {
    let env = env_without_listener();
    let line = "bind --user luffy --paste --rebind";
    let damages: [&dyn Fn(&str) -> String; 10] = [
        &|url| url.replace('&', "&amp;"),
        &|url| format!("{url}。"),
        &|url| format!("{url},"),
        &|url| format!("({url})"),
        &|url| format!("【{url}】"),
        &|url| format!("{url} is where I am now"),
        &|url| format!("\u{200b}{url}\u{feff}"),
        &|url| url.replace("code=", "code= "),
        &|url| format!("\u{1b}[200~{url}\u{1b}[201~"),
        &|url| format!("看：{url}。谢谢"),
    ];
    for damages in damages {
        paste_callback_url(&env, line, |url| damages(url.as_str())).assert_success();
    }
    let ran = paste_callback_url(&env, line, |url| url.as_str().split_at(url.as_str().len() - 3).0.to_owned());
    assert!(ran.stderr().contains("error: this address is incomplete") && ran.status() == Some(2));
    let ran = paste_callback_url(&env, line, |url| url.as_str().split_once("&state").unwrap().0.to_owned());
    assert!(ran.stderr().contains("error: this address is incomplete") && ran.status() == Some(2));
}

#[test]
fn wrapped_url_is_joined_at_terminal() {
    let env = env_without_listener();
    let mut terminal = Terminal::start(env.command("bind --user luffy --paste --qr none"), 60, 300);
    let screen = terminal.wait_for("Address:").contents();
    let url = screen.lines().find(|line| line.starts_with("http://")).unwrap().trim().to_owned();
    let address = authorize(&url, "luffy");
    let (first, rest) = address.as_str().split_at(address.as_str().len() - 9);
    terminal.type_keys(&format!("{first}\n"));
    terminal.answer("this address is incomplete", &format!("{rest}\n"));
    terminal.wait_for("bound luffy to");
    assert!(terminal.wait().status.success());
}
