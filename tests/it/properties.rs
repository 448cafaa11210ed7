//! Properties that must hold for any bytes from outside (fuzz/properties), checked with the
//! committed inputs and with mutations of them. `cargo fuzz` runs the same checks for longer.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestError, TestRunner};

#[path = "../../fuzz/properties/mod.rs"]
mod any;

/// A change to an input.
#[derive(Clone, Debug)]
enum Mutation {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn apply_mutations(mut bytes: Vec<u8>, changes: &[Mutation]) -> Vec<u8> {
    for change in changes {
        let at = |index: &Index| index.index(bytes.len() + 1).min(bytes.len());
        match change {
            Mutation::Set(index, byte) => {
                let at = at(index);
                bytes.splice(at..(at + 1).min(bytes.len()), [*byte]);
            }
            Mutation::Insert(index, more) => {
                let at = at(index);
                bytes.splice(at..at, more.iter().copied());
            }
            Mutation::Remove(index, count) => {
                let at = at(index);
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Mutation::Repeat(index, count) => {
                let at = at(index);
                let part = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<Index>;
    let mark = prop_oneof![any::<u8>(), select(b"\0\r\n\t\"'\\,;:=#{}[]$%&+ \x7f\x80\xc3\xef\xff".to_vec())];
    let words = ["\u{feff}", "\r\n\r\n", "{{", ".DATA}}", "绑", "👨\u{200d}👩", "\u{202e}", "-1", "1e999", "\u{1b}[2J"];
    prop_oneof![
        (place(), mark).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (place(), select(words.to_vec())).prop_map(|(at, word)| Mutation::Insert(at, word.into())),
        (place(), 1..40_usize).prop_map(|(at, count)| Mutation::Remove(at, count)),
        (place(), 1..200_usize).prop_map(|(at, count)| Mutation::Repeat(at, count)),
    ]
}

/// Checks each committed input, then `cases` mutated ones.
fn assert_property(name: &str, cases: u32, property: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut inputs: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    let inputs: Vec<Vec<u8>> = inputs.iter().map(|path| std::fs::read(path).unwrap()).collect();
    inputs.iter().for_each(|bytes| property(bytes));
    let any = (select(inputs), prop::collection::vec(any_mutation(), 1..6))
        .prop_map(|(bytes, changes)| apply_mutations(bytes, &changes));
    // PROPTEST_CASES, by default 256, scales the number of cases.
    let longer = (Config::default().cases / 256).max(1);
    let mut runner = TestRunner::new(Config { cases: cases * longer, failure_persistence: None, ..Config::default() });
    match runner.run(&any, |bytes| {
        property(&bytes);
        Ok(())
    }) {
        Ok(()) => {}
        Err(TestError::Fail(why, bytes)) => panic!("{why}\nwith \"{}\"", bytes.escape_ascii()),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn heads() {
    assert_property("head", 1000, any::head::check_http_stream);
}

#[test]
fn callbacks() {
    assert_property("callback", 300, any::callback::check_callback);
}

#[test]
fn answers() {
    assert_property("answers", 300, any::answers::check_response);
}

#[test]
fn data() {
    assert_property("data", 100, any::data::check_template_data);
}

#[test]
fn batches() {
    assert_property("batch", 100, any::batch::check_batch);
}

#[test]
fn people() {
    assert_property("people", 50, any::people::check_user_import);
}

#[test]
fn configs() {
    assert_property("config", 500, any::config::check_config);
}

#[test]
fn templates() {
    assert_property("template", 500, any::template::check_template);
}

/// Without accepted pushes, the properties of accepted pushes would be checked for none.
#[test]
fn committed_pushes_are_accepted() {
    let statuses = |name: &str, method: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/push").join(name);
        any::push::statuses(&std::fs::read(path).unwrap(), method)
    };
    assert_eq!(statuses("check", "GET"), [200, 200]);
    for name in ["plain", "scan", "template", "notification", "consent", "text", "huge_time"] {
        assert_eq!(statuses(name, "POST"), [200, 403], "{name}");
    }
    assert_eq!(statuses("encrypted", "POST"), [403, 200]);
    for name in ["stale", "unsigned", "shifted"] {
        assert_eq!(statuses(name, "POST"), [403, 403], "{name}");
    }
}

#[test]
fn pushes() {
    assert_property("push", 200, any::push::check_push);
}

#[test]
fn push_xml() {
    assert_property("xml", 1000, any::xml::check_push_xml);
}

#[test]
fn ciphers() {
    assert_property("cipher", 500, any::cipher::check_cipher);
}
