//! What WeChat says to the account: a token, the IP allow-list, the APIs that it may use.

use crossbeam_channel::Sender;

use super::check::{Check, Name};
use super::group::Tell;
use super::{network, templates};
use crate::app::App;
use crate::error::classify;
use crate::secret::Secret;
use crate::store::{Look, Store};
use crate::t;
use crate::token::{self, Account};
use crate::wechat::redirect::Kind;
use crate::wechat::{self, Client, Endpoint};
use crate::words::listed;
use crate::zone::local;

pub(super) const NAMES: &[Name] = &[Name::Token, Name::IpList, Name::Apis, Name::Templates];

/// Refusals that are about where the call comes from.
const OF_PLACE: [i64; 7] = [40164, 45035, 61004, 89501, 89503, 89506, 89507];
/// What the counter of an API answers that the account may not use.
const NOT_ALLOWED: i64 = 76022;
/// Refusals of the question itself, which leave the answer open.
const UNANSWERED: [i64; 3] = [48001, 76003, 76021];

const TEXTS: &str = "/cgi-bin/message/custom/send";
const TEMPLATES: &str = "/cgi-bin/message/template/send";
const PEOPLE: &str = "/cgi-bin/user/info";
const FOLLOWERS: &str = "/cgi-bin/user/get";

/// A token, and the way to use it.
pub(super) struct Access {
    client: Client,
    account: Account,
    /// Only where it can be opened without a change of its schema.
    store: Option<Store>,
    token: Secret,
}

impl Access {
    /// Makes a call; where the token is refused, once more with another.
    pub(super) fn call<T>(
        &mut self,
        make: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
    ) -> anyhow::Result<Result<T, wechat::Error>> {
        match &mut self.store {
            Some(store) => Ok(token::call(store, &self.client, &self.account, make)?),
            None => Ok(make(&self.client, &self.token)),
        }
    }
}

/// Looks; what kind of account it is goes to `kind`.
pub(super) fn look(tell: &Tell, app: &App, kind: &Sender<Kind>) {
    // Both are told elsewhere: what is wrong with the account, and with the way to WeChat.
    let Ok(account) = app.account() else { return };
    let Ok(client) = Client::new(&network::settings(app)) else { return };
    let mut access = match token(app, client, account) {
        Ok((access, said)) => {
            let _ = tell.send(Check::ok(Name::Token, said));
            let _ = tell.send(Check::ok(Name::IpList, t!("doctor-ip-list")));
            access
        }
        Err(error) => {
            let refusal = error.chain().find_map(|it| it.downcast_ref::<wechat::Error>()?.refusal());
            let of_place = refusal.is_some_and(|it| OF_PLACE.contains(&it.errcode));
            let name = if of_place { Name::IpList } else { Name::Token };
            let _ = tell.send(failure(name, &error));
            return;
        }
    };
    let _ = tell.send(apis(&mut access, kind).unwrap_or_else(|error| failure(Name::Apis, &error)));
    for check in templates::look(&mut access, app) {
        let _ = tell.send(check);
    }
}

/// What a command would have said of it; where no answer came, there is still the network to look at.
pub(super) fn failure(name: Name, error: &anyhow::Error) -> Check {
    let mut check = Check::of(name, classify(error));
    if error.chain().any(|it| it.is::<wechat::Error>()) {
        check.fix.get_or_insert_with(|| t!("wechat-not-sent-hint"));
    }
    check
}

/// Asks for a token, so that the secret is tried; how that went, in words. The classic endpoint would end the token
/// that others have: there a kept one will do.
fn token(app: &App, client: Client, account: Account) -> anyhow::Result<(Access, String)> {
    let current = Look::open(&app.config.database.value).is_ok_and(|look| look.is_some_and(|it| it.is_current()));
    // A database that cannot be used is told of elsewhere.
    let mut store = if current { app.store().ok() } else { None };
    let mut said = t!("doctor-token");
    let token = match &mut store {
        Some(store) => {
            let kept = token::kept(store, &account)?.filter(|_| account.endpoint == Endpoint::Classic);
            match kept {
                Some(kept) => {
                    said = t!("doctor-token-kept", time = local(kept.expires_at));
                    kept.token
                }
                None => token::anew(store, &client, &account)?.token,
            }
        }
        None => client.access_token(account.endpoint, &account.app_id, &account.secret, false)?.0,
    };
    Ok((Access { client, account, store, token }, said))
}

/// What the counter of an API tells of it.
enum Use {
    Allowed,
    UsedUp,
    NotAllowed,
    Unknown,
}

fn use_of(access: &mut Access, api: &str) -> anyhow::Result<(Use, Option<u64>)> {
    match access.call(|client, token| client.quota(token, api))? {
        Ok(quota) if quota.remain == Some(0) => Ok((Use::UsedUp, quota.daily_limit)),
        Ok(quota) => Ok((Use::Allowed, quota.daily_limit)),
        Err(error) => match error.refusal().map(|refusal| refusal.errcode) {
            Some(NOT_ALLOWED) => Ok((Use::NotAllowed, None)),
            Some(code) if UNANSWERED.contains(&code) => Ok((Use::Unknown, None)),
            _ => Err(error.into()),
        },
    }
}

fn apis(access: &mut Access, kind: &Sender<Kind>) -> anyhow::Result<Check> {
    let (mut allowed, mut used_up, mut denied) = (Vec::new(), Vec::new(), Vec::new());
    for api in [TEXTS, TEMPLATES, PEOPLE, FOLLOWERS] {
        let (found, limit) = use_of(access, api)?;
        if let Some(limit) = limit.filter(|_| api == FOLLOWERS) {
            let _ = kind.send(Kind::by_limit(limit));
        }
        match found {
            Use::Allowed => allowed.push(api),
            Use::UsedUp => used_up.push(api),
            Use::NotAllowed => denied.push(api),
            Use::Unknown => {}
        }
    }
    let said = |apis: &[&str]| listed(apis.iter().map(|api| said(api)));
    if [TEXTS, TEMPLATES].iter().all(|api| denied.contains(api)) {
        return Ok(Check::failure(Name::Apis, t!("doctor-apis-none"), t!("doctor-apis-fix")));
    }
    if !denied.is_empty() {
        return Ok(Check::warning(Name::Apis, t!("doctor-apis-denied", apis = said(&denied)), t!("doctor-apis-fix")));
    }
    if !used_up.is_empty() {
        let what = t!("doctor-apis-used-up", apis = said(&used_up));
        return Ok(Check::warning(Name::Apis, what, t!("doctor-apis-used-up-fix")));
    }
    Ok(match allowed.is_empty() {
        true => Check::warning(Name::Apis, t!("doctor-apis-unknown"), None),
        false => Check::ok(Name::Apis, said(&allowed)),
    })
}

/// What an API is for.
fn said(api: &str) -> String {
    match api {
        TEXTS => t!("doctor-api-texts"),
        TEMPLATES => t!("doctor-api-templates"),
        PEOPLE => t!("doctor-api-people"),
        _ => t!("doctor-api-followers"),
    }
}
