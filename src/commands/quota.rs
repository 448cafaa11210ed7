//! `wxbox quota` shows how many more requests per API the account may make today, and resets the
//! counters.

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

/// The errcode of an API that does not exist.
const NO_SUCH_API: i64 = 76021;
/// The errcodes about a single API; the other rows are still printed.
const PER_API_ERRORS: [i64; 4] = [NO_SUCH_API, 76022, 76003, 48001];

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    match command {
        Command::Show(args) => show(ui, &app, args),
        Command::Clear(args) => clear(ui, &app, args),
    }
}

/// The counter of one API.
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
    fn new(api: &'a str, response: Result<Quota, wechat::Error>) -> anyhow::Result<Self> {
        let (quota, error) = match response {
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
        let rate = rate.map(|rate| t!("quota-rate", count = rate.call_count, seconds = rate.refresh_second));
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

/// Only JSON output needs it; the text output is a table.
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
        let row = QuotaRow::new(api, session.call(|client, token| client.quota(token, api))?)?;
        if row.errcode == Some(NO_SUCH_API) && !named.is_empty() {
            unknown.push(api);
        }
        if ui.json() {
            return ui.print(&row);
        }
        table.add_row(row.row());
        Ok(())
    };
    let shown_all = apis.into_iter().try_for_each(&mut show_api);
    // Print the rows that arrived before an error.
    ui.print_table(&mut table)?;
    shown_all?;
    let Some(first) = unknown.first() else { return Ok(ExitStatus::Success) };
    let completed = COUNTED_APIS.into_iter().find(|api| api.ends_with(first));
    let suggestion = completed
        .or_else(|| closest_match(first, COUNTED_APIS))
        .map(|suggestion| t!("did-you-mean", name = suggestion));
    let message = t!("quota-unknown", apis = join_list(&unknown));
    Err(CommandError::not_found(message).hint(suggestion.unwrap_or_else(|| t!("quota-unknown-hint"))).into())
}

/// Returns the path of an API that was pasted with or without its host, leading slash and query.
fn normalize_api(api: &str) -> Result<String, CommandError> {
    let invalid = || CommandError::usage(t!("quota-unusable", api = api)).hint(t!("quota-unknown-hint"));
    let path = match api.contains("://") {
        true => Url::parse(api).map_err(|_| invalid())?.path().to_owned(),
        false => api.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    let path = path.trim().trim_start_matches('/');
    let is_valid = !path.is_empty() && path.chars().all(|c| c.is_ascii_graphic());
    if is_valid { Ok(format!("/{path}")) } else { Err(invalid()) }
}

/// The account whose counters were reset.
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
    if !args.yes && !ui.can_prompt {
        return Err(CommandError::usage(t!("quota-clear-missing")).into());
    }
    if !args.yes && !ui::confirm(ui, &t!("quota-clear-ask", app_id = account.app_id))? {
        ui.status(&t!("quota-kept"));
        return Ok(ExitStatus::Success);
    }
    match session.call(|client, token| client.clear_quota(token, &account.app_id)) {
        // A token request also counts. If these are used up, WeChat accepts the secret instead of a
        // token.
        Err(access_token::Error::WeChat(error))
            if error.api_error().is_some_and(|refusal| refusal.errcode == 45009) =>
        {
            session.client.clear_quota_by_secret(&account.app_id, &account.secret)?;
        }
        cleared => cleared??,
    }
    ui.print_result(&ClearView { event: "quota_cleared", app_id: &account.app_id })?;
    // Messages that wait until midnight for the reset of their quota are due now.
    let codes: Vec<i64> =
        errcode::entries().filter(|entry| entry.action == Action::HoldClass).map(|entry| entry.errcode).collect();
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
    fn api_is_normalized_to_its_path() {
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
