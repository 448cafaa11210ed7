//! What must hold for any bytes from outside (fuzz/properties): tried with the kept inputs, and with what becomes of
//! those by a few changes. `cargo fuzz` tries the same for longer.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestError, TestRunner};

#[path = "../../fuzz/properties/mod.rs"]
mod any;

/// What is done to an input.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let at = |index: &Index| index.index(bytes.len() + 1).min(bytes.len());
        match change {
            Change::Set(index, byte) => {
                let at = at(index);
                bytes.splice(at..(at + 1).min(bytes.len()), [*byte]);
            }
            Change::Insert(index, more) => {
                let at = at(index);
                bytes.splice(at..at, more.iter().copied());
            }
            Change::Remove(index, count) => {
                let at = at(index);
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Change::Repeat(index, count) => {
                let at = at(index);
                let part = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    let mark = prop_oneof![any::<u8>(), select(b"\0\r\n\t\"'\\,;:=#{}[]$%&+ \x7f\x80\xc3\xef\xff".to_vec())];
    let words = ["\u{feff}", "\r\n\r\n", "{{", ".DATA}}", "绑", "👨\u{200d}👩", "\u{202e}", "-1", "1e999", "\u{1b}[2J"];
    prop_oneof![
        (place(), mark).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place(), select(words.to_vec())).prop_map(|(at, word)| Change::Insert(at, word.into())),
        (place(), 1..40_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        (place(), 1..200_usize).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

/// Tries each kept input, then `cases` changed ones.
fn holds(name: &str, cases: u32, property: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut kept: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    kept.sort();
    let kept: Vec<Vec<u8>> = kept.iter().map(|path| std::fs::read(path).unwrap()).collect();
    kept.iter().for_each(|bytes| property(bytes));
    let any =
        (select(kept), prop::collection::vec(change(), 1..6)).prop_map(|(bytes, changes)| changed(bytes, &changes));
    // PROPTEST_CASES, of which 256 are usual, makes it longer.
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
    holds("head", 1000, any::head::head);
}

#[test]
fn callbacks() {
    holds("callback", 300, any::callback::callback);
}

#[test]
fn answers() {
    holds("answers", 300, any::answers::answers);
}

#[test]
fn data() {
    holds("data", 100, any::data::data);
}

#[test]
fn batches() {
    holds("batch", 100, any::batch::batch);
}

#[test]
fn people() {
    holds("people", 50, any::people::people);
}

#[test]
fn configs() {
    holds("config", 500, any::config::config);
}

#[test]
fn templates() {
    holds("template", 500, any::template::template);
}
