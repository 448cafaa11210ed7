//! `wxbox template check` reports values that WeChat would reject or not display, and prints a
//! preview.

use std::fmt;

use serde::Serialize;

use crate::cli::TemplateCheck;
use crate::compose::template_data::merge_fields;
use crate::compose::template_resolve::{ResolvedTemplate, TemplateCache, TemplateResolver};
use crate::compose::warnings::DraftWarnings;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::store::TemplateKind;
use crate::t;
use crate::ui::Ui;
use crate::wechat::template::{TemplateProblem, find_problems, keys};
use crate::wechat::template_rules::{
    self, Finding, Level, check_data, describe, describe_joined, describe_problem, truncate_values,
};

/// A template with its values and the findings.
#[derive(Serialize)]
struct TemplateCheckView<'a> {
    template_id: &'a str,
    title: &'a str,
    preview: &'a str,
    findings: Vec<FindingView<'a>>,
}

#[derive(Serialize)]
struct FindingView<'a> {
    key: &'a str,
    level: Level,
    rule: &'static str,
    text: String,
}

impl fmt::Display for TemplateCheckView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)?;
        self.preview.lines().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

pub(super) fn run(
    ui: &mut Ui,
    app: &AppContext,
    args: &TemplateCheck,
    kind: TemplateKind,
) -> anyhow::Result<ExitStatus> {
    let name = args.template.as_str();
    let alias = app.config.templates.get(name);
    let mut draft_warnings = DraftWarnings::new(args.strict);
    let mut data = merge_fields(alias, args.data_json.as_deref(), &args.data, &args.data_color, &mut draft_warnings)?;
    app.require_app_id()?;
    let account = app.account();
    let mut store = app.open_or_create_default_store()?;
    let mut cache = TemplateCache::default();
    let mut templates = TemplateResolver { app, store: &mut store, account: account.as_ref().ok(), cache: &mut cache };
    let template = match templates.resolve(name, kind, &data)? {
        ResolvedTemplate::Checked(template) => template,
        ResolvedTemplate::Unchecked { cause, .. } => {
            account?;
            let message = t!("template-check-unknown", name = name, cause = cause.error.message);
            return Err(CommandError { message, ..cause.error }.into());
        }
    };
    let findings = check_data(&keys(&template.content), &data, args.strict);
    let problems = find_problems(&template.content);
    truncate_values(&mut data, &findings);
    if !ui.json() {
        draft_warnings.extend(problems.iter().map(describe_problem));
    }
    draft_warnings.print(ui);
    ui.print(&TemplateCheckView {
        template_id: &template.template_id,
        title: &template.title,
        preview: &template_rules::preview(&template.content, &data),
        findings: problems.iter().map(oddity_view).chain(findings.iter().map(finding_view)).collect(),
    })?;
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
        findings.into_iter().partition(|finding| finding.level == Level::Error);
    if !ui.json() {
        describe(&warnings).iter().for_each(|text| ui.warn(text));
        for message in describe(&errors) {
            ui.error(&CommandError { exit: ExitStatus::Usage, message, hint: None });
        }
    } else if !errors.is_empty() {
        return Err(CommandError::usage(describe_joined(&errors)).into());
    }
    Ok(if errors.is_empty() { ExitStatus::Success } else { ExitStatus::Usage })
}

fn oddity_view<'a>(problem: &TemplateProblem<'a>) -> FindingView<'a> {
    let (key, rule) = match *problem {
        TemplateProblem::MisspelledKey(place) => (place, "placeholder"),
        TemplateProblem::LeadingKey(key) => (key, "beginning"),
    };
    FindingView { key, level: Level::Warning, rule, text: describe_problem(problem) }
}

fn finding_view(finding: &Finding) -> FindingView<'_> {
    let text = describe_joined(std::slice::from_ref(finding));
    FindingView { key: &finding.key, level: finding.level, rule: finding.rule.name(), text }
}
