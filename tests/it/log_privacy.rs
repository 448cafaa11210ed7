//! `-v` logs the steps and no personal data: no whole openid, no nickname, no token, no message
//! text.

use crate::support::env::{LUFFY, NAMI, TestEnv, ZORO, authorize, page_title};

#[test]
fn log_of_end_to_end_run_has_no_personal_data() {
    let mut env = TestEnv::with_scenario(&format!(
        "[[people]]\nname = \"captain\"\nopenid = \"{LUFFY}\"\n[[people]]\nname = \"nami\"\nopenid = \"{NAMI}\"\n\
         wrote = false\n[[people]]\nname = \"zoro\"\nopenid = \"{ZORO}\"\nfollows = false\n"
    ));
    for name in ["luffy", "nami", "zoro"] {
        env.run(&format!("user add {name}")).assert_success();
    }
    let mut bind = env.spawn("-vv bind --user luffy");
    let url = bind.expect_line();
    assert_eq!(page_title(&authorize(&url, "captain")).0, 200);
    let bound = bind.wait().assert_success();
    assert!(bound.stdout().ends_with("(captain)\n"), "{}", bound.stdout());
    let state = url.split("state=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    let mut logs = vec![bound.stderr().to_owned()];
    env.run(&format!("bind --user nami --openid {NAMI}")).assert_success();
    env.run(&format!("bind --user zoro --openid {ZORO}")).assert_success();
    env.write_file(
        "batch",
        "{\"user\":\"luffy\",\"text\":\"words-to-look-for\"}\n{\"user\":\"zoro\",\"text\":\"x\"}\n",
    );
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
        logs.push(env.run(&format!("-vv {line}")).stderr().to_owned());
    }
    let token = env.run("token").assert_success().stdout().trim().to_owned();
    let secret = env.sandbox().app_secret.clone();
    let log = logs.concat();
    assert!(log.contains("debug: /cgi-bin/message/custom/send at 127.0.0.1:"), "{log}");
    for text in [LUFFY, NAMI, ZORO, "captain", &state, &token, &secret, "words-to-look-for"] {
        assert!(!log.contains(text), "{text} in {log}");
    }
}
