//! `wxbox quota …`: how often the account may still call WeChat's APIs today.

use std::fmt;

use serde::Serialize;
use url::Url;

use crate::access_token;
use crate::cli::{Global, QuotaClear as ClearArgs, QuotaCommand as Command, QuotaShow as ShowArgs};
use crate::clock::Timestamp;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{closest_match, join_list};
use crate::t;
use crate::ui::{self, Table, Ui};
use crate::wechat;
use crate::wechat::errcode::{self, Action};
use crate::wechat::quota::{COUNTED_APIS, Quota};

/// There is no such API.
const NO_SUCH_API: i64 = 76021;
/// What WeChat says of an API that the account may not ask about: a line, not the end.
const PER_API_ERRORS: [i64; 4] = [NO_SUCH_API, 76022, 76003, 48001];

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    match command {
        Command::Show(args) => show(ui, &app, args),
        Command::Clear(args) => clear(ui, &app, args),
    }
}

/// A counter as a result.
#[derive(Serialize)]
struct QuotaRow<'a> {
    api: &'a str,
    daily_limit: Option<u64>,
    used: Option<u64>,
    remain: Option<u64>,
    rate_limit: Option<Rate>,
    errcode: Option<i64>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Rate {
    call_count: u64,
    refresh_second: u64,
}

impl<'a> QuotaRow<'a> {
    fn new(api: &'a str, told: Result<Quota, wechat::Error>) -> anyhow::Result<Self> {
        let (quota, error) = match told {
            Ok(quota) => (quota, None),
            Err(error) => match error.api_error() {
                Some(refusal) if PER_API_ERRORS.contains(&refusal.errcode) => (Quota::default(), Some(refusal.clone())),
                _ => return Err(error.into()),
            },
        };
        Ok(Self {
            api,
            daily_limit: quota.daily_limit,
            used: quota.used,
            remain: quota.remain,
            rate_limit: quota.rate.map(|(call_count, refresh_second)| Rate { call_count, refresh_second }),
            errcode: error.as_ref().map(|refusal| refusal.errcode),
            error: error.map(|refusal| refusal.to_string()),
        })
    }

    fn row(&self) -> Vec<String> {
        let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let rate = self.rate_limit.as_ref();
        let rate = rate.map(|it| t!("quota-rate", count = it.call_count, seconds = it.refresh_second));
        vec![
            self.api.to_owned(),
            number(self.daily_limit),
            number(self.used),
            number(self.remain),
            rate.unwrap_or_else(|| "-".to_owned()),
            self.error.clone().unwrap_or_default(),
        ]
    }
}

/// The line of JSON mode alone; in words it is a table.
impl fmt::Display for QuotaRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.row().join("\t"))
    }
}

fn show(ui: &mut Ui, app: &AppContext, args: &ShowArgs) -> anyhow::Result<ExitStatus> {
    let named = args.api.iter().map(|api| normalize_api(api)).collect::<Result<Vec<_>, _>>()?;
    let apis: Vec<&str> =
        if named.is_empty() { COUNTED_APIS.to_vec() } else { named.iter().map(String::as_str).collect() };
    let mut session = app.api_session()?;
    let mut table = Table::new(&[
        t!("quota-list-api"),
        t!("quota-list-limit"),
        t!("quota-list-used"),
        t!("quota-list-left"),
        t!("quota-list-rate"),
        t!("quota-list-note"),
    ]);
    let mut unknown = Vec::new();
    let mut show_api = |api| -> anyhow::Result<()> {
        let shown = QuotaRow::new(api, session.call(|client, token| client.quota(token, api))?)?;
        if shown.errcode == Some(NO_SUCH_API) && !named.is_empty() {
            unknown.push(api);
        }
        if ui.json() {
            return ui.print(&shown);
        }
        table.add_row(shown.row());
        Ok(())
    };
    let told = apis.into_iter().try_for_each(&mut show_api);
    // What was told before a failure is shown before it.
    ui.print_table(&mut table)?;
    told?;
    let Some(first) = unknown.first() else { return Ok(ExitStatus::Success) };
    let begun = COUNTED_APIS.into_iter().find(|api| api.ends_with(first));
    let near = begun.or_else(|| closest_match(first, COUNTED_APIS)).map(|near| t!("did-you-mean", name = near));
    let what = t!("quota-unknown", apis = join_list(&unknown));
    Err(CommandError::not_found(what).hint(near.unwrap_or_else(|| t!("quota-unknown-hint"))).into())
}

/// The path of an API, however it was copied: with or without its host, the first slash and a query.
fn normalize_api(typed: &str) -> Result<String, CommandError> {
    let unusable = || CommandError::usage(t!("quota-unusable", api = typed)).hint(t!("quota-unknown-hint"));
    let path = match typed.contains("://") {
        true => Url::parse(typed).map_err(|_| unusable())?.path().to_owned(),
        false => typed.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    let path = path.trim().trim_start_matches('/');
    let usable = !path.is_empty() && path.chars().all(|c| c.is_ascii_graphic());
    if usable { Ok(format!("/{path}")) } else { Err(unusable()) }
}

/// What was done.
#[derive(Serialize)]
struct ClearView<'a> {
    event: &'static str,
    app_id: &'a str,
}

impl fmt::Display for ClearView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("quota-cleared", app_id = self.app_id))
    }
}

fn clear(ui: &mut Ui, app: &AppContext, args: &ClearArgs) -> anyhow::Result<ExitStatus> {
    let mut session = app.api_session()?;
    let account = session.account.clone();
    let question = t!("quota-clear-ask", app_id = account.app_id);
    if !args.yes && !ui::confirm(ui, &question, &t!("quota-clear-missing"))? {
        ui.status(&t!("quota-kept"));
        return Ok(ExitStatus::Success);
    }
    match session.call(|client, token| client.clear_quota(token, &account.app_id)) {
        // The calls for a token are counted too: where they are used up, there is a way without one.
        Err(access_token::Error::WeChat(error)) if error.api_error().is_some_and(|it| it.errcode == 45009) => {
            session.client.clear_quota_by_secret(&account.app_id, &account.secret)?;
        }
        cleared => cleared??,
    }
    ui.print_result(&ClearView { event: "quota_cleared", app_id: &account.app_id })?;
    // What waits for midnight because of the quota need not wait any more.
    let codes: Vec<i64> =
        errcode::entries().filter(|entry| entry.action == Action::HoldDay).map(|entry| entry.errcode).collect();
    let due = session.store.make_due(&account.app_id, &codes, Timestamp::now())?;
    if !due.is_empty() {
        ui.status(&t!("quota-cleared-due", count = due.len()));
    }
    Ok(ExitStatus::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_is_its_path_however_it_was_copied() {
        for typed in [
            "/cgi-bin/user/get",
            "cgi-bin/user/get",
            " //cgi-bin/user/get",
            "/cgi-bin/user/get?access_token=geheim",
            "https://api.weixin.qq.com/cgi-bin/user/get?access_token=geheim#x",
        ] {
            assert_eq!(normalize_api(typed).unwrap(), "/cgi-bin/user/get", "{typed}");
        }
        for typed in ["", "/", "?x", "https://", "https://api.weixin.qq.com", "/cgi-bin/user get", "/路"] {
            assert_eq!(normalize_api(typed).unwrap_err().exit, ExitStatus::Usage, "{typed}");
        }
    }
}
