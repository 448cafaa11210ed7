//! Fields of a template message on the command line: the message is accepted by WeChat, or rejected
//! with an error.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::LazyLock;

use super::run::{OPENID, TestHome, assert_body_valid};

static HOME: LazyLock<TestHome> = LazyLock::new(TestHome::new);

/// The input is a list of options, separated by NUL. The first letter selects the option.
pub fn check_template_data(bytes: &[u8]) {
    let mut words: Vec<OsString> = ["send", "--dry-run", "--openid", OPENID].map(Into::into).to_vec();
    let mut template = "t".into();
    for piece in bytes.split(|byte| *byte == 0).take(12) {
        let Some((kind, rest)) = piece.split_first() else { continue };
        let value = OsString::from_vec(rest.to_vec());
        let option = match kind {
            b't' => {
                template = value;
                continue;
            }
            b'j' => {
                let file = HOME.write_file("data.json", rest);
                words.extend(["--data-json".into(), file.into()]);
                continue;
            }
            b'c' => "--data-color=",
            b'u' => "--url=",
            b'm' => "--miniprogram=",
            b's' => "--strict",
            _ => "--data=",
        };
        let mut word = OsString::from(option);
        if option.ends_with('=') {
            word.push(value);
        }
        words.push(word);
    }
    let mut whole = OsString::from("--template=");
    whole.push(template);
    words.push(whole);
    let ran = HOME.run("wxbox.db", words);
    match ran.status {
        0 => assert_body_valid(ran.stdout.trim_end_matches('\n')),
        2 | 4 => assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{ran:?}"),
        _ => panic!("{ran:?}"),
    }
}
