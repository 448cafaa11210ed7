//! Checks the account at WeChat: the token, the IP allow-list, and the APIs that the account may
//! use.

use crossbeam_channel::Sender;

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use super::session::{AccountSession, wechat_failure};
use super::{network, push, templates};
use crate::context::AppContext;
use crate::i18n::join_list;
use crate::t;
use crate::wechat::redirect_uri::AccountType;
use crate::wechat::{self, Client};

pub(super) const CHECKS: &[CheckName] = &[CheckName::Token, CheckName::IpList, CheckName::Apis, CheckName::Templates];

/// The errcodes about the IP address of the caller.
const IP_ERRORS: [i64; 7] = [40164, 45035, 61004, 89501, 89503, 89506, 89507];
/// The errcode for an API that the account may not use.
const API_NOT_ALLOWED: i64 = 76022;
/// Errcodes of the quota request itself, which say nothing about the API.
const OPAQUE_ERRORS: [i64; 3] = [48001, 76003, 76021];

const CUSTOM_SEND_API: &str = "/cgi-bin/message/custom/send";
const TEMPLATE_SEND_API: &str = "/cgi-bin/message/template/send";
const USER_INFO_API: &str = "/cgi-bin/user/info";
const USER_LIST_API: &str = "/cgi-bin/user/get";

/// Runs the checks. The account type, once known, is sent to `type_sender`.
pub(super) fn check(sender: &CheckSender, app: &AppContext, type_sender: &Sender<AccountType>) -> Result<(), Check> {
    // Other checks report these errors: credentials, and the connection to WeChat.
    let Ok(account) = app.account() else { return Ok(()) };
    let Ok(client) = Client::new(&network::client_settings(app)) else { return Ok(()) };
    let mut session = match AccountSession::open(app, client, account) {
        Ok((session, detail)) => {
            sender.report(Check::ok(CheckName::Token, detail));
            sender.report(Check::ok(CheckName::IpList, t!("doctor-ip-list")));
            session
        }
        Err(error) => {
            let refusal = error.chain().find_map(|cause| cause.downcast_ref::<wechat::Error>()?.api_error());
            let is_ip_error = refusal.is_some_and(|refusal| IP_ERRORS.contains(&refusal.errcode));
            let name = if is_ip_error { CheckName::IpList } else { CheckName::Token };
            return Err(wechat_failure(name, error));
        }
    };
    sender.report(check_apis(&mut session, type_sender).unwrap_or_else(|error| wechat_failure(CheckName::Apis, error)));
    for check in templates::check(&mut session, app) {
        sender.report(check);
    }
    sender.report(push::check_from_outside(&mut session, app));
    Ok(())
}

/// The account's permission to use an API, according to its quota.
enum ApiAccess {
    Allowed,
    QuotaExceeded,
    NotAllowed,
    Unknown,
}

fn api_access(session: &mut AccountSession, api: &str) -> anyhow::Result<(ApiAccess, Option<u64>)> {
    match session.call(|client, token| client.quota(token, api))? {
        Ok(quota) if quota.remain == Some(0) => Ok((ApiAccess::QuotaExceeded, quota.daily_limit)),
        Ok(quota) => Ok((ApiAccess::Allowed, quota.daily_limit)),
        Err(error) => match error.api_error().map(|refusal| refusal.errcode) {
            Some(API_NOT_ALLOWED) => Ok((ApiAccess::NotAllowed, None)),
            Some(code) if OPAQUE_ERRORS.contains(&code) => Ok((ApiAccess::Unknown, None)),
            _ => Err(error.into()),
        },
    }
}

fn check_apis(session: &mut AccountSession, type_sender: &Sender<AccountType>) -> anyhow::Result<Check> {
    let (mut allowed, mut used_up, mut denied) = (Vec::new(), Vec::new(), Vec::new());
    for api in [CUSTOM_SEND_API, TEMPLATE_SEND_API, USER_INFO_API, USER_LIST_API] {
        let (api_access_level, limit) = api_access(session, api)?;
        if let Some(limit) = limit.filter(|_| api == USER_LIST_API) {
            let _ = type_sender.send(AccountType::from_quota(limit));
        }
        match api_access_level {
            ApiAccess::Allowed => allowed.push(api),
            ApiAccess::QuotaExceeded => used_up.push(api),
            ApiAccess::NotAllowed => denied.push(api),
            ApiAccess::Unknown => {}
        }
    }
    let labels = |apis: &[&str]| join_list(apis.iter().map(|api| api_label(api)));
    if [CUSTOM_SEND_API, TEMPLATE_SEND_API].iter().all(|api| denied.contains(api)) {
        return Ok(Check::failure(CheckName::Apis, t!("doctor-apis-none"), t!("doctor-apis-fix")));
    }
    if !denied.is_empty() {
        return Ok(Check::warning(
            CheckName::Apis,
            t!("doctor-apis-denied", apis = labels(&denied)),
            t!("doctor-apis-fix"),
        ));
    }
    if !used_up.is_empty() {
        let detail = t!("doctor-apis-used-up", apis = labels(&used_up));
        return Ok(Check::warning(CheckName::Apis, detail, t!("doctor-apis-used-up-fix")));
    }
    Ok(match allowed.is_empty() {
        true => Check::warning(CheckName::Apis, t!("doctor-apis-unknown"), None),
        false => Check::ok(CheckName::Apis, labels(&allowed)),
    })
}

/// Returns the purpose of an API.
fn api_label(api: &str) -> String {
    match api {
        CUSTOM_SEND_API => t!("doctor-api-texts"),
        TEMPLATE_SEND_API => t!("doctor-api-templates"),
        USER_INFO_API => t!("doctor-api-people"),
        _ => t!("doctor-api-followers"),
    }
}
