//! `wxbox explain`: what an errcode means, from the table in the program; what became of a request, from
//! WeChat.

use std::fmt;

use serde::Serialize;

use crate::cli::{Explain as Args, Global};
use crate::clock::Timestamp;
use crate::config::{CliOverrides, Config, Environment};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{current_language, join_list};
use crate::t;
use crate::ui::{Cell, KeyValues, Ui};
use crate::wechat::errcode::{Action, ErrcodeEntry, closest_codes, find};
use crate::wechat::request_trace::{RequestTrace, is_rid};

/// How many codes are named in place of an unknown one.
const MAX_SUGGESTIONS: usize = 3;

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<ExitStatus> {
    let what = args.what.trim();
    // As it stands at the end of an errmsg.
    let what = what.strip_prefix("rid:").unwrap_or(what).trim();
    if let Ok(errcode) = what.parse() {
        // It speaks the language of the config, and needs no config: one that is broken keeps nobody from an answer.
        let flags = CliOverrides { config: global.config.clone(), ..CliOverrides::default() };
        let _ = Config::load(&flags, &Environment::from_process()).map(AppContext::from_config);
        let entry = find(errcode).ok_or_else(|| unknown_code(errcode))?;
        ui.print(&ErrcodeView::new(&entry))?;
        return Ok(ExitStatus::Success);
    }
    if !is_rid(what) {
        return Err(CommandError::usage(t!("explain-neither", what = what)).hint(t!("explain-hint")).into());
    }
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    let mut session = app.api_session()?;
    let app_secret = session.account.secret.clone();
    let told = session.call(|client, token| client.request_trace(token, &app_secret, what))?;
    let told = told.map_err(|error| match error.api_error().map(|refusal| refusal.errcode) {
        Some(76001..=76004) => {
            let told = t!("explain-refused", rid = what, cause = error.to_string());
            CommandError::not_found(told).hint(error.hint()).into()
        }
        _ => anyhow::Error::from(error),
    })?;
    ui.print(&TraceView::new(what, told))?;
    Ok(ExitStatus::Success)
}

fn unknown_code(errcode: i64) -> CommandError {
    let name = |entry: &ErrcodeEntry| {
        t!("explain-near", code = entry.errcode.to_string(), meaning = entry.meaning(current_language()))
    };
    let near: Vec<String> = closest_codes(errcode, MAX_SUGGESTIONS).iter().map(name).collect();
    let hint = match near.is_empty() {
        true => t!("explain-unknown-hint"),
        false => t!("explain-nearest", codes = join_list(near)),
    };
    CommandError::not_found(t!("explain-unknown", code = errcode.to_string())).hint(hint)
}

/// A code as a result.
#[derive(Serialize)]
struct ErrcodeView {
    errcode: i64,
    errmsg: Option<&'static str>,
    meaning: &'static str,
    hint: Option<&'static str>,
    action: &'static str,
    wxbox: String,
}

impl ErrcodeView {
    fn new(entry: &ErrcodeEntry) -> Self {
        Self {
            errcode: entry.errcode,
            errmsg: Some(entry.errmsg).filter(|text| !text.is_empty()),
            meaning: entry.meaning(current_language()),
            hint: entry.remedy(current_language()),
            action: entry.action.as_str(),
            wxbox: wxbox_action(entry),
        }
    }
}

/// What delivery does about it.
fn wxbox_action(entry: &ErrcodeEntry) -> String {
    if entry.is_oauth_page_error() {
        return t!("explain-does-page");
    }
    match entry.action {
        Action::Done => t!("explain-does-done"),
        Action::Refresh => t!("explain-does-refresh"),
        Action::Backoff => t!("explain-does-backoff"),
        Action::HoldDay => t!("explain-does-hold-day"),
        Action::Slow => t!("explain-does-slow"),
        Action::Duplicate => t!("explain-does-duplicate"),
        Action::Decline => t!("explain-does-decline"),
        Action::Fail => t!("explain-does-fail"),
        Action::FailMark => t!("explain-does-fail-mark"),
        Action::StopKind => t!("explain-does-stop-kind"),
        Action::StopRun => t!("explain-does-stop-run"),
    }
}

impl fmt::Display for ErrcodeView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![(t!("explain-code"), Cell::from(self.errcode.to_string()))];
        rows.extend(self.errmsg.map(|text| (t!("explain-errmsg"), text.into())));
        rows.push((t!("explain-meaning"), self.meaning.into()));
        rows.extend(self.hint.map(|text| (t!("explain-remedy"), text.into())));
        rows.push((t!("explain-wxbox"), self.wxbox.as_str().into()));
        KeyValues(rows).fmt(f)
    }
}

/// A request as a result.
#[derive(Serialize)]
struct TraceView<'a> {
    rid: &'a str,
    invoke_time: Option<Timestamp>,
    cost_in_ms: Option<u64>,
    request_url: String,
    request_body: String,
    response_body: String,
    client_ip: String,
}

impl<'a> TraceView<'a> {
    fn new(rid: &'a str, it: RequestTrace) -> Self {
        let seconds = it.invoke_time.and_then(|seconds| i64::try_from(seconds).ok());
        Self {
            rid,
            invoke_time: seconds.map(|seconds| Timestamp(seconds.saturating_mul(1000))),
            cost_in_ms: it.cost_in_ms,
            request_url: it.request_url,
            request_body: it.request_body,
            response_body: it.response_body,
            client_ip: it.client_ip,
        }
    }
}

impl fmt::Display for TraceView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |text: &str| Cell::from(if text.is_empty() { "-" } else { text });
        KeyValues(vec![
            (t!("explain-time"), self.invoke_time.map_or("-".into(), Cell::from)),
            (t!("explain-caller"), or_none(&self.client_ip)),
            (t!("explain-url"), or_none(&self.request_url)),
            (t!("explain-body"), or_none(&self.request_body)),
            (t!("explain-answer"), or_none(&self.response_body)),
        ])
        .fmt(f)
    }
}
