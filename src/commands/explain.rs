//! `wxbox explain`: what an errcode means, from the table in the program; what became of a request, from
//! WeChat.

use std::fmt;

use serde::Serialize;

use crate::app::App;
use crate::cli::{Explain as Args, Global};
use crate::config::{Config, Environment, Flags};
use crate::error::{Exit, Failure};
use crate::t;
use crate::time::Timestamp;
use crate::ui::{Cell, Facts, Ui};
use crate::wechat::errcode::{Action, Entry, find, nearest};
use crate::wechat::rid::{Traced, is_rid};
use crate::words::{language, listed};

/// How many codes are named in place of an unknown one.
const NEAREST: usize = 3;

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<Exit> {
    let what = args.what.trim();
    // As it stands at the end of an errmsg.
    let what = what.strip_prefix("rid:").unwrap_or(what).trim();
    if let Ok(errcode) = what.parse() {
        // It speaks the language of the config, and needs no config: one that is broken keeps nobody from an answer.
        let flags = Flags { config: global.config.clone(), ..Flags::default() };
        let _ = Config::load(&flags, &Environment::read()).map(App::of);
        let entry = find(errcode).ok_or_else(|| unknown(errcode))?;
        ui.data(&Explained::new(&entry))?;
        return Ok(Exit::Done);
    }
    if !is_rid(what) {
        return Err(Failure::usage(t!("explain-neither", what = what)).hint(t!("explain-hint")).into());
    }
    let app = App::open(ui, global, Flags::default())?;
    let mut session = app.session()?;
    let app_secret = session.account.secret.clone();
    let told = session.call(|client, token| client.request_of(token, &app_secret, what))?;
    let told = told.map_err(|error| match error.refusal().map(|refusal| refusal.errcode) {
        Some(76001..=76004) => {
            let told = t!("explain-refused", rid = what, cause = error.to_string());
            Failure::no_such(told).hint(error.hint()).into()
        }
        _ => anyhow::Error::from(error),
    })?;
    ui.data(&Request::new(what, told))?;
    Ok(Exit::Done)
}

fn unknown(errcode: i64) -> Failure {
    let name =
        |entry: &Entry| t!("explain-near", code = entry.errcode.to_string(), meaning = entry.meaning(language()));
    let near: Vec<String> = nearest(errcode, NEAREST).iter().map(name).collect();
    let hint = match near.is_empty() {
        true => t!("explain-unknown-hint"),
        false => t!("explain-nearest", codes = listed(near)),
    };
    Failure::no_such(t!("explain-unknown", code = errcode.to_string())).hint(hint)
}

/// A code as a result.
#[derive(Serialize)]
struct Explained {
    errcode: i64,
    errmsg: Option<&'static str>,
    meaning: &'static str,
    hint: Option<&'static str>,
    action: &'static str,
    wxbox: String,
}

impl Explained {
    fn new(entry: &Entry) -> Self {
        Self {
            errcode: entry.errcode,
            errmsg: Some(entry.official).filter(|text| !text.is_empty()),
            meaning: entry.meaning(language()),
            hint: entry.remedy(language()),
            action: entry.action.as_str(),
            wxbox: consequence(entry),
        }
    }
}

/// What delivery does about it.
fn consequence(entry: &Entry) -> String {
    if entry.is_of_page() {
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

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![(t!("explain-code"), Cell::from(self.errcode.to_string()))];
        rows.extend(self.errmsg.map(|text| (t!("explain-errmsg"), text.into())));
        rows.push((t!("explain-meaning"), self.meaning.into()));
        rows.extend(self.hint.map(|text| (t!("explain-remedy"), text.into())));
        rows.push((t!("explain-wxbox"), self.wxbox.as_str().into()));
        Facts(rows).fmt(f)
    }
}

/// A request as a result.
#[derive(Serialize)]
struct Request<'a> {
    rid: &'a str,
    invoke_time: Option<Timestamp>,
    cost_in_ms: Option<u64>,
    request_url: String,
    request_body: String,
    response_body: String,
    client_ip: String,
}

impl<'a> Request<'a> {
    fn new(rid: &'a str, it: Traced) -> Self {
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

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |text: &str| Cell::from(if text.is_empty() { "-" } else { text });
        Facts(vec![
            (t!("explain-time"), self.invoke_time.map_or("-".into(), Cell::from)),
            (t!("explain-caller"), or_none(&self.client_ip)),
            (t!("explain-url"), or_none(&self.request_url)),
            (t!("explain-body"), or_none(&self.request_body)),
            (t!("explain-answer"), or_none(&self.response_body)),
        ])
        .fmt(f)
    }
}
