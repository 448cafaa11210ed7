//! The words for findings.

use super::{Finding, Kind, Level, Rule, shown};
use crate::t;
use crate::wechat::template::Oddity;
use crate::words::{clauses, listed};

/// A line for each finding; keys of which nothing but one thing is to be said share a line, as do the
/// findings that change what is shown of one value.
pub fn said(findings: &[Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut told: Vec<&Finding> = Vec::new();
    for finding in findings {
        if told.contains(&finding) {
            continue;
        }
        let shared = |other: &&Finding| group(finding) == group(other) && group(finding).is_some();
        let with: Vec<&Finding> = findings.iter().filter(|other| *other == finding || shared(other)).collect();
        lines.push(line(finding, &with));
        told.extend(with);
    }
    lines
}

/// The same in one line.
pub fn join(findings: &[Finding]) -> String {
    clauses(said(findings))
}

/// What findings that share a line have in common: a rule, or a key.
fn group(finding: &Finding) -> Option<(&'static str, &str)> {
    match finding.rule {
        rule @ (Rule::Hidden | Rule::Blank | Rule::Color) => Some((rule.name(), "")),
        Rule::Emoji | Rule::LineBreak | Rule::Length => Some(("shown", finding.key.as_str())),
        Rule::Kind(_) | Rule::Long(_) | Rule::Empty | Rule::Decimals => None,
    }
}

fn line(finding: &Finding, with: &[&Finding]) -> String {
    let key = finding.key.as_str();
    let length = finding.value.chars().count();
    match (finding.rule, finding.level) {
        (Rule::Kind(kind) | Rule::Long(kind), Level::Error)
            if kind.most(&finding.value).is_some_and(|most| length > most) =>
        {
            t!("rule-too-long", key = key, length = length, rule = rule(kind))
        }
        (Rule::Long(kind), _) => {
            let sent = kind.cut(&finding.value).unwrap_or_default();
            t!("rule-cut", key = key, length = length, sent = sent, rule = rule(kind))
        }
        (Rule::Kind(kind), Level::Error) => {
            t!("rule-broken", key = key, value = brief(&finding.value), rule = rule(kind))
        }
        (Rule::Kind(kind), Level::Warning) => {
            t!("rule-doubtful", key = key, value = brief(&finding.value), rule = rule(kind))
        }
        (Rule::Empty, Level::Error) => t!("rule-empty", key = key),
        (Rule::Empty, Level::Warning) => t!("rule-empty-doubtful", key = key),
        (other, _) => unseen(finding, with, other),
    }
}

/// What WeChat takes and does not show.
fn unseen(finding: &Finding, with: &[&Finding], rule: Rule) -> String {
    let key = finding.key.as_str();
    let keys = || listed(with.iter().map(|it| it.key.as_str()));
    match rule {
        Rule::Hidden => t!("rule-hidden", keys = keys()),
        Rule::Blank => t!("rule-blank", keys = keys()),
        Rule::Color => t!("rule-color", keys = keys()),
        Rule::Decimals => t!("rule-decimals", key = key, value = finding.value),
        _ => {
            let why = with.iter().map(|it| match it.rule {
                Rule::Emoji => t!("rule-emoji"),
                Rule::LineBreak => t!("rule-line-break"),
                _ => t!("rule-length", limit = super::SHOWN_CHARS),
            });
            t!("rule-shown", key = key, shown = shown(&finding.value), why = listed(why))
        }
    }
}

/// What is odd about a template's content.
pub fn odd(oddity: &Oddity<'_>) -> String {
    match oddity {
        Oddity::Misspelt(place) => t!("rule-misspelt", place = place),
        Oddity::Beginning(key) => t!("rule-beginning", key = key),
    }
}

/// What a value of that type must be.
pub fn rule(kind: Kind) -> String {
    match kind {
        Kind::Thing => t!("rule-thing"),
        Kind::CharacterString => t!("rule-character-string"),
        Kind::Time => t!("rule-time"),
        Kind::Date => t!("rule-date"),
        Kind::Amount => t!("rule-amount"),
        Kind::PhoneNumber => t!("rule-phone-number"),
        Kind::CarNumber => t!("rule-car-number"),
        Kind::Number => t!("rule-number"),
        Kind::Letter => t!("rule-letter"),
        Kind::Symbol => t!("rule-symbol"),
        Kind::Name => t!("rule-name"),
        Kind::Phrase => t!("rule-phrase"),
        Kind::Const => t!("rule-const"),
        Kind::Enum | Kind::EnumString => t!("rule-enum"),
        Kind::ShortThing => t!("rule-short-thing"),
    }
}

/// The beginning of a value: an error line is not the place for all of a long one.
fn brief(value: &str) -> String {
    const MOST: usize = 40;
    match value.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
