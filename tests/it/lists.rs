//! Lists and sums: what is left out is said, what is asked about adds up, and no bar stays on the screen.

use std::fs::File;
use std::process::Command;

use snapbox::str;

use crate::harness::{LUFFY, World};
use crate::pty::Terminal;

fn queued(count: usize) -> World {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    let lines = "{\"user\":\"luffy\",\"text\":\"x\"}\n".repeat(count);
    world.feed("send --batch - --no-wait", lines).ok();
    world
}

#[test]
fn a_list_that_ends_early_says_so() {
    let world = queued(52);
    let list = |line: &str| {
        let ran = world.wxbox(line).ok();
        (ran.stdout().lines().count(), ran.stderr().to_owned())
    };
    let more = |shown: usize| format!("these are {shown} of 52 messages; `--limit 0` shows all\n");
    assert_eq!(list("outbox list"), (50, more(50)));
    assert_eq!(list("outbox list --limit 3 --state queued --user luffy --since 1h"), (3, more(3)));
    for (line, count) in [
        ("outbox list --limit 0", 52),
        ("outbox list --limit 52", 52),
        ("-q outbox list", 50),
        ("--json outbox list", 50),
        ("--json outbox list --limit 0", 52),
    ] {
        assert_eq!(list(line), (count, String::new()), "{line}");
    }
}

#[test]
fn a_quiet_check_says_nothing_while_all_is_well() {
    let world = queued(1);
    world.wxbox("-q outbox status --check 1h").is(str![[r#"
exit 0

"#]]);
    assert!(world.wxbox("outbox status --check 1h").ok().stdout().contains("queued"));
    assert!(world.wxbox("-q outbox status").ok().stdout().contains("queued"));
    assert_eq!(world.wxbox("-q --json outbox status --check 1h").ok().json()[0]["queued"], 1);
    let old = world.wxbox("-q outbox status --check 1ns");
    assert_eq!((old.status(), old.stdout()), (Some(6), ""));
    assert!(old.stderr().starts_with("error: "), "{}", old.stderr());
}

#[test]
fn ids_are_judged_alike() {
    let world = queued(0);
    for line in ["show 1abc", "cancel 1abc", "retry 1abc", "cancel 99999999999999999999"] {
        let ran = world.wxbox(&format!("outbox {line}"));
        assert_eq!(ran.status(), Some(2), "{line}");
        assert!(ran.stderr().contains("it must be a whole number"), "{line}: {}", ran.stderr());
    }
    for line in ["show", "cancel", "retry"] {
        let ran = world.wxbox(&format!("outbox {line} 9223372036854775807"));
        assert_eq!(ran.status(), Some(4), "{line}");
        assert!(ran.stderr().contains("no message 9223372036854775807"), "{line}: {}", ran.stderr());
    }
}

#[test]
fn names_may_begin_with_a_hyphen() {
    let world = World::new();
    world.wxbox(&format!("user add --tag -t --openid {LUFFY} -- -luffy")).ok();
    for line in
        ["send --user -luffy x", "send -u -luffy x", "send --tag -t x", "run -u -luffy -- true", "run --tag -t -- true"]
    {
        world.wxbox(line).ok();
    }
    assert_eq!(world.wxbox("outbox list --user -luffy").ok().stdout().lines().count(), 5);
    for line in ["run --user -- true", "run --tag -- true", "send -u -- x", "send --tag -- x"] {
        let ran = world.wxbox(line);
        assert_eq!(ran.status(), Some(2), "{line}: {}", ran.stderr());
        assert_eq!(ran.stderr().contains("a name is missing before the --"), line.starts_with("send"), "{line}");
    }
}

#[test]
fn an_openid_that_looks_odd_is_warned_of_wherever_it_is_typed() {
    let world = World::new();
    let warning = "an openid mostly has 28 characters and begins with o; oShort does not";
    for line in ["send --openid oShort x --dry-run", "user add a --openid oShort", "user add b"] {
        let ran = world.wxbox(line).ok();
        assert_eq!(ran.stderr().contains(warning), line.contains("oShort"), "{line}: {}", ran.stderr());
    }
    assert_eq!(world.wxbox(&format!("send --openid {LUFFY} x --dry-run")).ok().stderr(), "");
}

#[test]
fn a_later_cause_takes_the_place_of_an_earlier_one() {
    let world = World::of(
        "[[faults]]\napi = \"/cgi-bin/message/*\"\nerrcode = 40001\n\
         [[faults]]\napi = \"/cgi-bin/stable_token\"\nnth = 2\nerrcode = 40164\n",
    );
    world.reconfigure(&[("wait = \"0s\"", "wait = \"20s\"")]);
    world.wxbox("token").ok();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    let ran = world.wxbox("send -u luffy -t backup");
    assert!(ran.stderr().contains("40164"), "{}", ran.stderr());
    let kept = &world.wxbox("--json outbox list").ok().json()[0];
    assert_eq!((&kept["state"], &kept["errcode"]), (&"queued".into(), &40164.into()), "{kept}");
    assert!(kept["error"].as_str().unwrap().contains("40164"), "{kept}");
}

/// That command behind a shell's `| cat`, on the same terminal.
fn through_cat(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "\"$0\" \"$@\" | cat"]).arg(command.get_program()).args(command.get_args()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}

#[test]
fn nothing_of_a_bar_stays_on_the_screen_wherever_the_results_go() {
    let world =
        World::of("crowd = 30\n[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = 9\ntimes = 1\nerrcode = 43004\n");
    world.crowd(30);
    world.wxbox("token").ok();
    let sum = "of 30 messages, 29 sent, 1 failed, 0 queued, 0 unknown";
    let line = "send --all -t backup";
    let ended = Terminal::start(through_cat(&world.command(line)), 50, 100).end();
    let (raw, text) = (String::from_utf8(ended.raw).unwrap(), ended.screen.contents());
    // Whoever reads the pipe writes when it likes: there must be no bar at any time.
    assert!(!raw.contains("/30") && text.contains(sum), "{raw}");
    assert_eq!(text.lines().filter(|line| line.starts_with("sent message ")).count(), 29, "{text}");

    let world =
        World::of("crowd = 30\n[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = 9\ntimes = 1\nerrcode = 43004\n");
    world.crowd(30);
    world.wxbox("token").ok();
    let mut shell = through_cat(&world.command(line));
    let file = world.path("results");
    File::create(&file).unwrap();
    let into = format!("\"$0\" \"$@\" >{}", file.display());
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &into]).args(shell.get_args().skip(2)).env_clear().current_dir(world.path("."));
    command.envs(shell.env_remove("TERM").get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended = Terminal::start(command, 50, 100).end();
    let (raw, text) = (String::from_utf8(ended.raw).unwrap(), ended.screen.contents());
    assert!(raw.contains("/30"), "a file is nobody's screen: {raw}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 4 && lines[0].starts_with("error: message 9 ") && lines[3] == sum, "{text}");
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 29);
}

#[test]
fn a_broadcast_with_a_rate_ends_however_few_are_sent_at_a_time() {
    let world = World::of("crowd = 20\n");
    world.crowd(20);
    let sent = world.wxbox("send --all -t backup --concurrency 2 --rate 200").ok();
    assert_eq!(sent.stdout().lines().count(), 20);
}
