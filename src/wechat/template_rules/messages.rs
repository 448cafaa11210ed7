//! The texts of findings.

use super::check::{Finding, Level, Rule};
use super::field_types::TemplateFieldType;
use super::preview::{DISPLAY_CHARS, displayed};
use crate::i18n::{join_clauses, join_list};
use crate::t;
use crate::wechat::template::TemplateProblem;

/// Returns one line for each group of findings: keys with the same single problem share a line, and
/// so do the findings that change how one value is displayed.
pub fn describe(findings: &[Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut described: Vec<&Finding> = Vec::new();
    for finding in findings {
        if described.contains(&finding) {
            continue;
        }
        let shared = |other: &&Finding| merge_key(finding) == merge_key(other) && merge_key(finding).is_some();
        let group: Vec<&Finding> = findings.iter().filter(|other| *other == finding || shared(other)).collect();
        lines.push(describe_one(finding, &group, &sent_value(finding, findings)));
        described.extend(group);
    }
    lines
}

/// Returns all findings in one line.
pub fn describe_joined(findings: &[Finding]) -> String {
    join_clauses(describe(findings))
}

/// Returns the common property of the findings of a line: a rule or a key.
fn merge_key(finding: &Finding) -> Option<(&'static str, &str)> {
    match finding.rule {
        rule @ (Rule::Hidden | Rule::Blank | Rule::Color) => Some((rule.name(), "")),
        Rule::Emoji | Rule::LineBreak | Rule::DisplayLength => Some(("shown", finding.key.as_str())),
        Rule::FieldType(_) | Rule::TooLong(_) | Rule::Empty | Rule::Decimals => None,
    }
}

/// Returns the value that is sent: a value that is too long for its type is truncated.
fn sent_value(finding: &Finding, findings: &[Finding]) -> String {
    let truncated = findings.iter().find_map(|other| match other.rule {
        Rule::TooLong(kind) if other.key == finding.key => kind.truncate(&other.value),
        _ => None,
    });
    truncated.unwrap_or_else(|| finding.value.clone())
}

fn describe_one(finding: &Finding, group: &[&Finding], sent: &str) -> String {
    let key = finding.key.as_str();
    let length = finding.value.chars().count();
    match (finding.rule, finding.level) {
        (Rule::FieldType(kind) | Rule::TooLong(kind), Level::Error)
            if kind.max_chars(&finding.value).is_some_and(|limit| length > limit) =>
        {
            t!("rule-too-long", key = key, length = length, rule = describe_type(kind))
        }
        (Rule::TooLong(kind), _) => {
            t!("rule-cut", key = key, length = length, sent = sent, rule = describe_type(kind))
        }
        (Rule::FieldType(kind), Level::Error) => {
            t!("rule-broken", key = key, value = truncate(&finding.value), rule = describe_type(kind))
        }
        (Rule::FieldType(kind), Level::Warning) => {
            t!("rule-doubtful", key = key, value = truncate(&finding.value), rule = describe_type(kind))
        }
        (Rule::Empty, Level::Error) => t!("rule-empty", key = key),
        (Rule::Empty, Level::Warning) => t!("rule-empty-doubtful", key = key),
        (other, _) => describe_display(finding, group, sent, other),
    }
}

/// Describes a value that WeChat accepts but does not display as given.
fn describe_display(finding: &Finding, group: &[&Finding], sent: &str, rule: Rule) -> String {
    let key = finding.key.as_str();
    let keys = || join_list(group.iter().map(|finding| finding.key.as_str()));
    match rule {
        Rule::Hidden => t!("rule-hidden", keys = keys()),
        Rule::Blank => t!("rule-blank", keys = keys()),
        Rule::Color => t!("rule-color", keys = keys()),
        Rule::Decimals => t!("rule-decimals", key = key, value = finding.value),
        _ => {
            let reasons = group.iter().map(|finding| match finding.rule {
                Rule::Emoji => t!("rule-emoji"),
                Rule::LineBreak => t!("rule-line-break"),
                _ => t!("rule-length", limit = DISPLAY_CHARS),
            });
            t!("rule-shown", key = key, shown = displayed(sent), why = join_list(reasons))
        }
    }
}

/// Describes a problem of a template's content.
pub fn describe_problem(problem: &TemplateProblem<'_>) -> String {
    match problem {
        TemplateProblem::MisspelledKey(place) => t!("rule-misspelt", place = place),
        TemplateProblem::LeadingKey(key) => t!("rule-beginning", key = key),
    }
}

/// Describes the rule for values of a type.
pub fn describe_type(kind: TemplateFieldType) -> String {
    match kind {
        TemplateFieldType::Thing => t!("rule-thing"),
        TemplateFieldType::CharacterString => t!("rule-character-string"),
        TemplateFieldType::Time => t!("rule-time"),
        TemplateFieldType::Date => t!("rule-date"),
        TemplateFieldType::Amount => t!("rule-amount"),
        TemplateFieldType::PhoneNumber => t!("rule-phone-number"),
        TemplateFieldType::CarNumber => t!("rule-car-number"),
        TemplateFieldType::Number => t!("rule-number"),
        TemplateFieldType::Letter => t!("rule-letter"),
        TemplateFieldType::Symbol => t!("rule-symbol"),
        TemplateFieldType::Name => t!("rule-name"),
        TemplateFieldType::Phrase => t!("rule-phrase"),
        TemplateFieldType::Const => t!("rule-const"),
        TemplateFieldType::Enum | TemplateFieldType::EnumString => t!("rule-enum"),
        TemplateFieldType::ShortThing => t!("rule-short-thing"),
    }
}

/// Truncates a value to fit into an error message.
fn truncate(value: &str) -> String {
    const MAX_CHARS: usize = 40;
    match value.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
