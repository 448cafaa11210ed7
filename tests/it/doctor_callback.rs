//! The report of `doctor` about the callback: the port, the rules for redirect_uri, and whether it
//! leads to this machine.

use std::net::TcpListener;

use snapbox::str;

use crate::doctor::{assert_problems, problem_lines};
use crate::support::env::{TestEnv, unique_address};

#[test]
fn busy_or_mismatched_port_is_reported() {
    let mut env = TestEnv::new();
    let text = env.read_config();
    let listen = text.lines().find_map(|line| line.strip_prefix("address = ")).unwrap().trim_matches('"').to_owned();
    {
        let _taken = TcpListener::bind(&listen).unwrap();
        assert_problems(
            &env,
            str![[r#"
failure port: cannot listen on [LISTENER]: Address already in use (os error 98) | stop the program that uses the port, which may be another `wxbox bind`, or set listen.address to another port to which redirect_uri leads

"#]],
        );
    }
    // A child process that another test just started may hold the port a moment longer.
    while TcpListener::bind(&listen).is_err() {
        std::thread::yield_now();
    }
    // Another program answers at the callback address.
    let other = format!("{}/callback/", env.sandbox().url);
    let callback = format!("http://{listen}/callback/");
    env.replace_in_config(&[(&callback, &other)]);
    assert_problems(
        &env,
        str![[r#"
failure callback: another program answers at http://127.0.0.1:[PORT]/callback/ (HTTP 404) | configure the server or tunnel at that address to forward the path and its query to [LISTENER]

"#]],
    );
    // No program listens at this address.
    let nobody = format!("http://{}/callback/", unique_address());
    env.replace_in_config(&[(&other, &nobody)]);
    assert_problems(
        &env,
        str![[r#"
failure callback: cannot open http://[LISTENER]/callback/: Connection refused (os error 111) | compare the port of redirect_uri with the address on which bind listens ([LISTENER]); check the firewall of the system (firewalld, ufw) and, on a cloud server, its security group

"#]],
    );
    env.replace_in_config(&[(&nobody, "https://127.0.0.1:1/callback/")]);
    env.replace_in_config(&[(&format!("address = \"{listen}\"\n"), "")]);
    assert_problems(
        &env,
        str![[r#"
failure port: cannot determine where to listen: listen.address is not set, and redirect_uri is https | use --listen, or set listen.address in [HOME]/.config/wxbox/config.toml to the address to which the proxy forwards callbacks, such as "127.0.0.1:[PORT]"

"#]],
    );
}

#[test]
fn unusable_redirect_uri_is_reported() {
    let set = |env: &mut TestEnv, uri: &str, open_base: &str| {
        let text = env.read_config();
        let old = text.lines().find(|line| line.starts_with("redirect_uri")).unwrap().to_owned();
        let base = text.lines().find(|line| line.starts_with("open_base")).unwrap().to_owned();
        let (uri, open_base) = (format!("redirect_uri = \"{uri}\""), format!("open_base = \"{open_base}\""));
        env.replace_in_config(&[(&old, &uri), (&base, &open_base)]);
    };
    let only = |env: &TestEnv| -> Vec<String> {
        let found = problem_lines(&env.run("--json doctor"));
        found.into_iter().filter(|line| line.contains(" redirect-uri: ")).collect()
    };
    let wechat = "https://open.weixin.qq.com";
    let mut env = TestEnv::new();
    for (uri, expected) in [
        (
            "http://127.0.0.1:1/",
            "failure redirect-uri: http://127.0.0.1:1/: it is the address of the phone itself | run `wxbox config set redirect_uri URL` with an address that phones can reach",
        ),
        (
            "http://db1.invalid/",
            "failure redirect-uri: http://db1.invalid/: phones cannot resolve that name: names without a dot, and names in .local, .lan, .internal and .test, are for local networks or for tests | run `wxbox config set redirect_uri URL` with an address that phones can reach",
        ),
        (
            "http://db1.invalid/?state=1",
            "failure redirect-uri: http://db1.invalid/?state=1: its query contains state, which WeChat adds itself; phones cannot resolve that name: names without a dot, and names in .local, .lan, .internal and .test, are for local networks or for tests | run `wxbox config set redirect_uri URL` with an address that phones can reach",
        ),
    ] {
        set(&mut env, uri, wechat);
        assert_eq!(only(&env), [expected]);
    }
    let callback = problem_lines(&env.run("--json doctor")).into_iter().find(|line| line.contains(" callback: "));
    assert!(callback.unwrap().starts_with("failure callback: cannot resolve db1.invalid: "));

    // An address that no connection reaches, and that is not this machine's.
    let far = "http://224.0.0.1:8080/callback/";
    set(&mut env, far, wechat);
    assert_eq!(only(&env), Vec::<String>::new(), "a test account by its limits");
    assert_problems(
        &env,
        str![[r#"
warning callback: cannot open http://224.0.0.1:8080/callback/, whose address does not belong to this machine: Network is unreachable (os error 101) | on a cloud server, open TCP port 8080 in its security group and in the firewall of the system; behind a router that forwards the port, the router may lack NAT loopback: run `wxbox bind` and open the address with a phone on mobile data

"#]],
    );
    for (settings, expected) in [
        (
            "real_limits = true",
            "failure redirect-uri: http://224.0.0.1:8080/callback/: the quota is that of a real account, and phones get error 10003: it is an IP address",
        ),
        (
            "unauthorized = [\"/cgi-bin/openapi/quota/get\"]",
            "warning redirect-uri: http://224.0.0.1:8080/callback/ works with a test account only: it is an IP address",
        ),
    ] {
        let mut env = TestEnv::with_scenario(settings);
        set(&mut env, far, wechat);
        let found = only(&env);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
    }
}
