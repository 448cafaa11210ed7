//! `user import` and `user export`: an export can be imported again.

use snapbox::str;

use crate::support::env::{LUFFY, TestEnv};

const USERS_CSV: &str = "note,username,tags,openid,uid,password
\"two
lines, and \"\"quotes\"\"\",luffy,crew; captain ;,oLuffy_wears_the_straw_hat_1,,open sesame
,lucy,,,963c7da1ae5dde1a98320ec528deaff1,

 trimmed ,  nami ,,,,$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
";

/// A hash contains commas, so it is quoted.
fn users_csv_with_quotes() -> String {
    let (before, hash) = USERS_CSV.split_once('$').unwrap();
    format!("{before}\"${}\"\n", hash.trim_end())
}

#[test]
fn import_accepts_any_column_order() {
    let env = TestEnv::new();
    env.write_file("people.csv", users_csv_with_quotes());
    env.assert_session(str![[r#"
$ wxbox user import people.csv
added 3 users
$ wxbox user list --json
{"username":"lucy","uid":"963c7da1ae5dde1a98320ec528deaff1","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":[],"note":"","created_at":"[TIME]","reason":"not_bound","texts_until":null}
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"follows":null,"has_followed":false,"tags":["captain","crew"],"note":"two\nlines, and \"quotes\"","created_at":"[TIME]","reason":null,"texts_until":null}
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":[],"note":"trimmed","created_at":"[TIME]","reason":"not_bound","texts_until":null}
$ wxbox user show lucy
Name    lucy
UID     963c7da1ae5dde1a98320ec528deaff1
WeChat  not bound
Added   [TIME]

"#]]);
    let hash: String = env.query("SELECT password FROM users WHERE username = 'luffy'");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_eq!(env.query::<String>("SELECT password FROM users WHERE username = 'nami'").len(), 97);
    assert_eq!(
        env.run_with_stdin("bind --user luffy --rebind --password-stdin --timeout 1ms", "open sesame").status(),
        Some(8),
        "the password of the file is luffy's"
    );
    // The same names again: no user is added.
    env.assert_session(str![[r#"
$ wxbox user import people.csv
2> error: people.csv, line 2: a user named luffy already exists
2> hint: remove the line, or use --database with another database; no user was added
exit 4
$ printf 'username\nzoro\nnami\n' | wxbox user import -
2> error: standard input, line 3: a user named nami already exists
2> hint: remove the line, or use --database with another database; no user was added
exit 4
$ printf 'username\nzoro\nusopp\n' | wxbox user import - --json
2> {"error":"standard input, line 1, column 1: expected value","hint":"write one JSON object per line; read a CSV file without --json","code":2}
exit 2

"#]]);
    env.run_with_stdin("-q user import -", "{\"username\":\"sanji\",\"tags\":[\"cook\"]}\n").assert_snapshot(str![[
        r#"
exit 0

"#
    ]]);
    env.assert_session(str![[r#"
$ printf 'username,tags\n' | wxbox user import -
added 0 users
$ wxbox user list --tag cook
sanji	-	cook		not bound

"#]]);
}

#[test]
fn export_contains_all_columns() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox user export
username,uid,password,openid,tags,note
$ wxbox user export --json

"#]]);
    env.run(&format!("user add luffy --openid {LUFFY} --tag b --tag a --note 'x, \"y\"'")).assert_success();
    env.run("user add nami").assert_success();
    env.run("user edit nami --rename 'cat burglar'").assert_success();
    env.assert_session(str![[r#"
$ wxbox -q user export
username,uid,password,openid,tags,note
cat burglar,0f064e34f4c1703f93825f7dc4a61865,,,,
luffy,6cfbec608383fd05c271de92010d455f,,oLuffy_wears_the_straw_hat_1,a;b,"x, ""y"""
$ wxbox user export --json
{"username":"cat burglar","uid":"0f064e34f4c1703f93825f7dc4a61865","password":null,"openid":null,"tags":[],"note":""}
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","password":null,"openid":"oLuffy_wears_the_straw_hat_1","tags":["a","b"],"note":"x, \"y\""}

"#]]);
}

/// Every name and note contains something that some format treats as syntax.
fn hostile_users_csv() -> String {
    let pieces = [
        "\"",
        "\"\"",
        ",",
        ";",
        "'",
        "\\",
        "\\n",
        "=1+1",
        "'=",
        "+",
        "＝",
        "@x",
        "-",
        " ",
        "路飞",
        "👨‍👩‍👧",
        "é",
        "{",
        "}",
        "#",
        "$argon2id$",
        "null",
        "\u{a0}",
        "%s",
        "\u{10ffff}",
    ];
    // Line breaks occur in a note only: names and tags must be printable and normalized.
    let breaks = [
        "e\u{301}",
        "\u{feff}",
        "\u{200b}",
        "\u{202e}x",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "\u{0}",
        "\u{1b}[2J",
        "\u{85}",
        "\u{2028}",
        "\n\n",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut pick = |from: &[&str]| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        from[usize::try_from(state % from.len() as u64).unwrap()].to_owned()
    };
    let all = [&pieces[..], &breaks[..]].concat();
    let mut text = "username,openid,tags,note,uid\n".to_owned();
    let quoted = |field: &str| format!("\"{}\"", field.replace('"', "\"\""));
    for n in 0..400 {
        let name = format!("{}{}{}{n}{}", pick(&pieces), pick(&pieces), pick(&pieces), pick(&pieces));
        let note = format!("{}{}{}{}", pick(&all), pick(&all), pick(&all), pick(&all));
        let openid = if n % 3 == 0 { format!("o-_{n}") } else { String::new() };
        let tag = |word: String| word.replace([';', ','], ":");
        let tags = format!("{};{n};{}", tag(pick(&pieces)), tag(pick(&pieces)));
        let uid = if n % 5 == 0 { format!("{n:032x}") } else { String::new() };
        let row = [&name, &openid, &tags, &note, &uid].map(|field| quoted(field));
        text += &format!("{}\r\n", row.join(","));
    }
    text
}

#[test]
fn import_of_export_round_trips() {
    let env = TestEnv::new();
    env.run_with_stdin("user import -", hostile_users_csv()).assert_snapshot(str![[r#"
exit 0
--- stdout
added 400 users
--- stderr
warning: standard input, line 2, column openid: an openid usually has 28 characters and begins with o; o-_0 does not, and 133 more

"#]]);
    env.run_with_stdin("user import -", "username,password,openid\nwith password,geheim,oSame\nshares,,oSame")
        .assert_success();
    let csv = env.run("user export").assert_success();
    let json = env.run("user export --json").assert_success();
    assert_eq!(json.json_lines().len(), 402);
    for (database, command, text) in
        [("csv.db", "user import -", csv.stdout()), ("json.db", "user import --json -", json.stdout())]
    {
        env.run_with_stdin(&format!("--database {database} {command}"), text).assert_success();
        assert_eq!(env.run(&format!("--database {database} user export")).stdout(), csv.stdout());
        assert_eq!(env.run(&format!("--database {database} user export --json")).stdout(), json.stdout());
    }
    // The bindings remain, and a renamed user keeps the uid.
    assert_eq!(env.count("bindings"), 136);
}

/// No field of the file begins like a formula, and each comes back unchanged; JSON has no formulas.
#[test]
fn export_contains_no_spreadsheet_formula() {
    let env = TestEnv::new();
    let people = r#"{"username":"=cmd|' /C calc'!A0","tags":["-x","a"],"note":"+1\n=2"}
{"username":"@x","note":"'=1"}
{"username":"'tis","openid":"-o","note":"a=1"}
"#;
    env.run_with_stdin("user import -", people).assert_success();
    let csv = env.run("user export").assert_snapshot(str![[r#"
exit 0
--- stdout
username,uid,password,openid,tags,note
'tis,d4e4044cc3a760c2cbef4ea1fa458f25,,'-o,,a=1
'=cmd|' /C calc'!A0,1d952dcab38f0a55caf91450b3d21746,,,'-x;a,"'+1
=2"
'@x,c0cb0fdec9568c4988eee3bec5fc7ab8,,,,''=1

"#]]);
    let json = env.run("user export --json").assert_success();
    assert!(json.stdout().contains(r#""username":"@x""#) && json.stdout().contains(r#""note":"'=1""#));
    env.run_with_stdin("--database copy.db user import -", csv.stdout()).assert_success();
    assert_eq!(env.run("--database copy.db user export --json").stdout(), json.stdout());
    // A password that begins like a formula is kept as it is.
    env.run_with_stdin("user import -", "username,password\nnami,'=secret\n").assert_success();
    assert_eq!(env.run_with_stdin("bind --user nami --password-stdin --timeout 1ms", "'=secret").status(), Some(8));
}

#[test]
fn bom_line_ends_and_blank_lines_are_ignored() {
    let env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ printf '\357\273\277username\r\nluffy\r\n\r\nnami\r\n' | wxbox user import -
added 2 users
$ printf '\357\273\277\n  {"username":"zoro"}\r\n\n{"username":"robin","note":null}' | wxbox user import -
added 2 users
$ printf ' Username , NOTE \n"usopp","x"' | wxbox user import -
added 1 user
$ wxbox user list
luffy	-			not bound
nami	-			not bound
robin	-			not bound
usopp	-		x	not bound
zoro	-			not bound

"#]]);
}

#[test]
fn an_openid_needs_an_account() {
    let env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ printf 'username,openid\nnami,\nluffy,oLuffy\n' | wxbox user import -
2> error: standard input, line 3, column openid: an openid requires app_id in the config: there is no config file
2> hint: run `wxbox init` to create [HOME]/.config/wxbox/config.toml
exit 3

"#]]);
    env.run_with_stdin("user import -", "username,openid\nluffy,\n").assert_success();
    env.assert_session(str![[r#"
$ wxbox user export
username,uid,password,openid,tags,note
luffy,6cfbec608383fd05c271de92010d455f,,,,

"#]]);
}
