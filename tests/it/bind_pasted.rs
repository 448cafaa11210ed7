//! `bind --paste`: what may come to an address on its way from the phone.

use crate::bind_paste::{far, pasting};
use crate::harness::allow;
use crate::pty::Terminal;

#[test]
fn an_address_that_was_copied_badly_is_understood() {
    let world = far();
    let line = "bind --user luffy --paste --rebind";
    let made: [&dyn Fn(&str) -> String; 10] = [
        &|it| it.replace('&', "&amp;"),
        &|it| format!("{it}。"),
        &|it| format!("{it},"),
        &|it| format!("({it})"),
        &|it| format!("【{it}】"),
        &|it| format!("{it} is where I am now"),
        &|it| format!("\u{200b}{it}\u{feff}"),
        &|it| it.replace("code=", "code= "),
        &|it| format!("\u{1b}[200~{it}\u{1b}[201~"),
        &|it| format!("看：{it}。谢谢"),
    ];
    for made in made {
        pasting(&world, line, |it| made(it.as_str())).ok();
    }
    let ran = pasting(&world, line, |it| it.as_str().split_at(it.as_str().len() - 3).0.to_owned());
    assert!(ran.stderr().contains("error: this address was not copied whole") && ran.status() == Some(2));
    let ran = pasting(&world, line, |it| it.as_str().split_once("&state").unwrap().0.to_owned());
    assert!(ran.stderr().contains("error: this address was not copied whole") && ran.status() == Some(2));
}

#[test]
fn a_line_break_in_the_address_is_mended_at_a_terminal() {
    let world = far();
    let mut terminal = Terminal::start(world.command("bind --user luffy --paste --qr none"), 60, 300);
    let screen = terminal.until("Address:").contents();
    let url = screen.lines().find(|line| line.starts_with("http://")).unwrap().trim().to_owned();
    let address = allow(&url, "luffy");
    let (first, rest) = address.as_str().split_at(address.as_str().len() - 9);
    terminal.keys(&format!("{first}\n"));
    terminal.until("was not copied whole");
    terminal.keys(&format!("{rest}\n"));
    terminal.until("bound luffy to");
    assert!(terminal.end().status.success());
}
