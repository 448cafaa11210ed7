//! The form with the push settings of the account (接口配置), and why they were rejected.

use maud::{Markup, html};

use super::layout::{notice, page_language};
use crate::http_server::{HttpResponse, Request};
use crate::i18n::Lang;
use crate::sandbox::push::problem::PushProblem;
use crate::sandbox::push::settings::{PushMode, PushSettings, PushSettingsError};
use crate::sandbox::state::Platform;
use crate::sandbox::time::to_beijing_time;
use crate::t_in;

/// The number of attempts that are drawn.
const MAX_LINES: usize = 20;

/// Draws the form.
pub(super) fn push_form(platform: &Platform, lang: Lang) -> Markup {
    let settings = platform.pushes.settings();
    let value = |text: fn(&PushSettings) -> &str| settings.map(text).unwrap_or_default();
    let chosen = settings.map_or(PushMode::Safe, |settings| settings.mode);
    let fields = [
        ("url", "URL", value(|settings| settings.url.as_str())),
        ("token", "Token", value(|settings| &settings.token)),
        ("aes_key", "EncodingAESKey", value(|settings| &settings.aes_key)),
    ];
    html! {
        details.push open[settings.is_some()] {
            summary { (t_in!(lang, "sandbox-push-title")) }
            p { (t_in!(lang, "sandbox-push-intro")) }
            form method="post" action="/sandbox/push" {
                @for (name, label, value) in &fields {
                    label { span { (label) } input type="text" name=(name) value=(value) autocomplete="off"; }
                }
                div.modes {
                    span { (t_in!(lang, "init-events-mode-sandbox")) }
                    @for mode in PushMode::ALL {
                        label {
                            input type="radio" name="mode" value=(mode.as_str()) checked[mode == chosen];
                            (mode_text(mode, lang))
                        }
                    }
                }
                button.switch type="submit" { (t_in!(lang, "sandbox-push-save")) }
            }
        }
    }
}

/// Draws a table of the last attempts, newest first.
pub(super) fn push_lines(platform: &Platform, lang: Lang) -> Markup {
    let lines = platform.pushes.lines();
    let name =
        |openid: &str| platform.person_index(openid).and_then(|index| platform.people.get(index)).map(|it| &it.name);
    html! {
        table id="pushes" data-live {
            @for line in lines.iter().rev().take(MAX_LINES) {
                tr {
                    td { (to_beijing_time(&line.time).get(11..19).unwrap_or_default()) }
                    td { code { (line.push) } }
                    td { @if let Some(name) = line.openid.as_deref().and_then(name) { (name) } }
                    td { (line.attempt) @if let Some(status) = line.status { ": " (status) } }
                    td { @if let Some(problem) = line.problem { (problem.describe(lang)) } }
                    td { @if let Some(fault) = &line.fault { (t_in!(lang, "sandbox-line-fault", fault = fault)) } }
                }
            }
        }
    }
}

fn mode_text(mode: PushMode, lang: Lang) -> String {
    match mode {
        PushMode::Plain => t_in!(lang, "sandbox-push-mode-plain"),
        PushMode::Compatible => t_in!(lang, "sandbox-push-mode-compatible"),
        PushMode::Safe => t_in!(lang, "sandbox-push-mode-safe"),
    }
}

/// Explains which of the values is invalid.
pub(in crate::sandbox) fn push_settings_invalid(request: &Request, error: PushSettingsError) -> HttpResponse {
    let lang = page_language(request);
    let text = match error {
        PushSettingsError::Url => t_in!(lang, "sandbox-push-bad-url"),
        PushSettingsError::Token => t_in!(lang, "sandbox-push-bad-token"),
        PushSettingsError::AesKey => t_in!(lang, "sandbox-push-bad-key"),
        PushSettingsError::Mode => t_in!(lang, "sandbox-push-bad-mode"),
        PushSettingsError::MissingAesKey => t_in!(lang, "sandbox-push-no-key"),
    };
    rejected(request, lang, &text)
}

/// Explains why the check of the URL failed.
pub(in crate::sandbox) fn push_check_failed(request: &Request, problem: PushProblem) -> HttpResponse {
    let lang = page_language(request);
    let cause = problem.describe(lang);
    let text = match problem {
        PushProblem::NotLocal => t_in!(lang, "sandbox-push-check", cause = cause),
        PushProblem::NoConnection | PushProblem::NoResponse | PushProblem::Timeout => {
            t_in!(lang, "sandbox-push-check-timeout", cause = cause)
        }
        _ => t_in!(lang, "sandbox-push-check-token", cause = cause),
    };
    rejected(request, lang, &text)
}

/// Answers a browser with a page, and a program with a line.
fn rejected(request: &Request, lang: Lang, text: &str) -> HttpResponse {
    if request.header("accept").is_some_and(|accept| accept.contains("text/html")) {
        notice(lang, 400, '!', &t_in!(lang, "sandbox-push-rejected"), text)
    } else {
        HttpResponse::text(400, format!("{text}\n"))
    }
}
