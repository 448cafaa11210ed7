//! `wxbox explain` prints the meaning of an errcode from the built-in table, or asks WeChat for the
//! trace of a request.

use std::fmt;

use serde::Serialize;
use url::Url;

use crate::cli::{Explain as Args, Global};
use crate::clock::Timestamp;
use crate::config::{CliOverrides, Config, Environment};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{current_language, join_list};
use crate::t;
use crate::ui::{Cell, KeyValues, Link, Ui};
use crate::wechat::errcode::{Action, ErrcodeEntry, closest_codes, find};
use crate::wechat::request_trace::{RequestTrace, is_rid};

/// The number of similar codes to suggest for an unknown one.
const MAX_SUGGESTIONS: usize = 3;

/// WeChat's page of the error codes.
const ERRCODE_PAGE: &str = "https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html";

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<ExitStatus> {
    let argument = args.what.trim();
    // An errmsg ends with this prefix and the ID.
    let argument = argument.strip_prefix("rid:").unwrap_or(argument).trim();
    if let Ok(errcode) = argument.parse() {
        // The configuration only sets the language here, so an invalid one does not matter.
        let flags = CliOverrides { config: global.config.clone(), ..CliOverrides::default() };
        let _ = Config::load(&flags, &Environment::from_process()).map(AppContext::from_config);
        let entry = find(errcode).ok_or_else(|| unknown_code(errcode))?;
        // The page lists the codes that WeChat documents.
        let page = Url::parse(ERRCODE_PAGE).ok().map(|page| Link::new(errcode.to_string(), page));
        ui.print_linked(&ErrcodeView::new(&entry), page.as_slice())?;
        return Ok(ExitStatus::Success);
    }
    if !is_rid(argument) {
        return Err(CommandError::usage(t!("explain-neither", what = argument)).hint(t!("explain-hint")).into());
    }
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    let mut session = app.api_session()?;
    let app_secret = session.account.secret.clone();
    let trace = session.call(|client, token| client.request_trace(token, &app_secret, argument))?;
    let trace = trace.map_err(|error| match error.api_error().map(|refusal| refusal.errcode) {
        Some(76001..=76004) => {
            let trace = t!("explain-refused", rid = argument, cause = error.to_string());
            CommandError::not_found(trace).hint(error.hint()).into()
        }
        _ => anyhow::Error::from(error),
    })?;
    ui.print(&TraceView::new(argument, trace))?;
    Ok(ExitStatus::Success)
}

fn unknown_code(errcode: i64) -> CommandError {
    let name = |entry: &ErrcodeEntry| {
        t!("explain-near", code = entry.errcode.to_string(), meaning = entry.meaning(current_language()))
    };
    let suggestions: Vec<String> = closest_codes(errcode, MAX_SUGGESTIONS).iter().map(name).collect();
    let hint = match suggestions.is_empty() {
        true => t!("explain-unknown-hint"),
        false => t!("explain-nearest", codes = join_list(suggestions)),
    };
    CommandError::not_found(t!("explain-unknown", code = errcode.to_string())).hint(hint)
}

/// The meaning of an error code.
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

/// Describes what delivery does about the error code.
fn wxbox_action(entry: &ErrcodeEntry) -> String {
    if entry.is_oauth_page_error() {
        return t!("explain-does-page");
    }
    match entry.action {
        Action::Done => t!("explain-does-done"),
        Action::Refresh => t!("explain-does-refresh"),
        Action::Backoff => t!("explain-does-backoff"),
        Action::HoldClass => t!("explain-does-hold-class"),
        Action::Slow => t!("explain-does-slow"),
        Action::Duplicate => t!("explain-does-duplicate"),
        Action::Decline => t!("explain-does-decline"),
        Action::Fail => t!("explain-does-fail"),
        Action::FailMark => t!("explain-does-fail-mark"),
        Action::FailClass => t!("explain-does-fail-class"),
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

/// The trace of a request.
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
    fn new(rid: &'a str, trace: RequestTrace) -> Self {
        let seconds = trace.invoke_time.and_then(|seconds| i64::try_from(seconds).ok());
        Self {
            rid,
            invoke_time: seconds.map(|seconds| Timestamp(seconds.saturating_mul(1000))),
            cost_in_ms: trace.cost_in_ms,
            request_url: trace.request_url,
            request_body: trace.request_body,
            response_body: trace.response_body,
            client_ip: trace.client_ip,
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
