//! `wxbox template check`: what WeChat would refuse, what the person would not see, and what they would.

use std::fmt;

use serde::Serialize;

use crate::app::App;
use crate::cli::TemplateCheck;
use crate::commands::compose::notes::Notes;
use crate::commands::template_data::fields;
use crate::commands::template_fields::{Known, Settled};
use crate::error::{Exit, Failure, Report};
use crate::t;
use crate::ui::Ui;
use crate::wechat::template::{Oddity, keys, oddities};
use crate::wechat::template_rules::{self, Finding, Level, cut, findings, join, odd, said};

/// A template with its values, looked at.
#[derive(Serialize)]
struct Checked<'a> {
    template_id: &'a str,
    title: &'a str,
    preview: &'a str,
    findings: Vec<Line<'a>>,
}

/// A finding as a result.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    level: Level,
    rule: &'static str,
    text: String,
}

impl fmt::Display for Checked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)?;
        self.preview.lines().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

pub(super) fn run(ui: &mut Ui, app: &App, args: &TemplateCheck) -> anyhow::Result<Exit> {
    let name = args.template.as_str();
    let alias = app.config.templates.get(name);
    let mut notes = Notes::new(args.strict);
    let mut data = fields(alias, args.data_json.as_deref(), &args.data, &args.data_color, &mut notes)?;
    app.account_id()?;
    let account = app.account();
    let mut store = app.store_to_use()?;
    let which = (name, super::family(args.subscribe));
    let template = match Known::default().settle(app, &mut store, account.as_ref().ok(), which, &data)? {
        Settled::Known(template) => template,
        Settled::Unchecked { cause, .. } => {
            account?;
            let Report { exit, what, hint } = cause.report;
            return Err(Failure { exit, what: t!("template-check-unknown", name = name, cause = what), hint }.into());
        }
    };
    let found = findings(&keys(&template.content), &data, args.strict);
    let odd_ones = oddities(&template.content);
    cut(&mut data, &found);
    if !ui.json() {
        notes.mention(odd_ones.iter().map(odd));
    }
    notes.print(ui);
    ui.data(&Checked {
        template_id: &template.template_id,
        title: &template.title,
        preview: &template_rules::preview(&template.content, &data),
        findings: odd_ones.iter().map(odd_line).chain(found.iter().map(line)).collect(),
    })?;
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) = found.into_iter().partition(|it| it.level == Level::Error);
    if !ui.json() {
        said(&warnings).iter().for_each(|text| ui.warn(text));
        for what in said(&errors) {
            ui.error(&Report { exit: Exit::Usage, what, hint: None });
        }
    } else if !errors.is_empty() {
        return Err(Failure::usage(join(&errors)).into());
    }
    Ok(if errors.is_empty() { Exit::Done } else { Exit::Usage })
}

fn odd_line<'a>(oddity: &Oddity<'a>) -> Line<'a> {
    let (key, rule) = match *oddity {
        Oddity::Misspelt(place) => (place, "placeholder"),
        Oddity::Beginning(key) => (key, "beginning"),
    };
    Line { key, level: Level::Warning, rule, text: odd(oddity) }
}

fn line(finding: &Finding) -> Line<'_> {
    let text = join(std::slice::from_ref(finding));
    Line { key: &finding.key, level: finding.level, rule: finding.rule.name(), text }
}
