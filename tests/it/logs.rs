//! `-v` says what is done, not whom it is about: no whole openid, no nickname, no token, no text of a message.

use crate::harness::{LUFFY, NAMI, World, ZORO, allow, open};

#[test]
fn the_log_of_a_whole_job_names_nobody() {
    let mut world = World::of(&format!(
        "[[people]]\nname = \"captain\"\nopenid = \"{LUFFY}\"\n[[people]]\nname = \"nami\"\nopenid = \"{NAMI}\"\n\
         wrote = false\n[[people]]\nname = \"zoro\"\nopenid = \"{ZORO}\"\nfollows = false\n"
    ));
    for name in ["luffy", "nami", "zoro"] {
        world.wxbox(&format!("user add {name}")).ok();
    }
    let mut bind = world.spawn("-vv bind --user luffy");
    let url = bind.next_line();
    assert_eq!(open(&allow(&url, "captain")).0, 200);
    let bound = bind.end().ok();
    assert!(bound.stdout().ends_with("(captain)\n"), "{}", bound.stdout());
    let state = url.split("state=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    let mut logs = vec![bound.stderr().to_owned()];
    world.wxbox(&format!("bind --user nami --openid {NAMI}")).ok();
    world.wxbox(&format!("bind --user zoro --openid {ZORO}")).ok();
    world.write("batch", "{\"user\":\"luffy\",\"text\":\"words-to-look-for\"}\n{\"user\":\"zoro\",\"text\":\"x\"}\n");
    for line in [
        "send -u luffy words-to-look-for",
        "send -u nami -u zoro words-to-look-for",
        "send --all -t backup -d host=words-to-look-for",
        "send --batch batch",
        "send -u luffy --no-wait words-to-look-for",
        "outbox flush",
        "outbox list",
        "user sync",
        "follower list",
        "template list --refresh",
        "quota show",
        "token",
        "doctor",
    ] {
        logs.push(world.wxbox(&format!("-vv {line}")).stderr().to_owned());
    }
    let token = world.wxbox("token").ok().stdout().trim().to_owned();
    let secret = world.sandbox().app_secret.clone();
    let log = logs.concat();
    assert!(log.contains("debug: /cgi-bin/message/custom/send at 127.0.0.1:"), "{log}");
    for text in [LUFFY, NAMI, ZORO, "captain", &state, &token, &secret, "words-to-look-for"] {
        assert!(!log.contains(text), "{text} in {log}");
    }
}
