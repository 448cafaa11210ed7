//! The session in which the doctor calls WeChat as the account.

use super::check::{Check, CheckName};
use crate::access_token::{self, Account};
use crate::context::AppContext;
use crate::report::classify;
use crate::secret::Secret;
use crate::store::{Inspection, Store};
use crate::t;
use crate::time_zone::format_local;
use crate::wechat::{self, Client, Endpoint};

/// A token, and the way to use it.
pub(super) struct AccountSession {
    client: Client,
    account: Account,
    /// Only where it can be opened without a change of its schema.
    store: Option<Store>,
    token: Secret,
}

impl AccountSession {
    /// Asks for a token, so that the secret is tried; how that went, in words. The classic endpoint would end the token
    /// that others have: there a kept one will do.
    pub(super) fn open(app: &AppContext, client: Client, account: Account) -> anyhow::Result<(Self, String)> {
        let current =
            Inspection::open(&app.config.database.value).is_ok_and(|look| look.is_some_and(|it| it.is_current()));
        // A database that cannot be used is told of elsewhere.
        let mut store = if current { app.open_store().ok() } else { None };
        let mut said = t!("doctor-token");
        let token = match &mut store {
            Some(store) => {
                let kept = access_token::cached(store, &account)?.filter(|_| account.endpoint == Endpoint::Classic);
                match kept {
                    Some(kept) => {
                        said = t!("doctor-token-kept", time = format_local(kept.expires_at));
                        kept.token
                    }
                    None => access_token::refresh(store, &client, &account)?.token,
                }
            }
            None => client.access_token(account.endpoint, &account.app_id, &account.secret, false)?.0,
        };
        Ok((Self { client, account, store, token }, said))
    }

    /// Makes a call; where the token is refused, once more with another.
    pub(super) fn call<T>(
        &mut self,
        make: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
    ) -> anyhow::Result<Result<T, wechat::Error>> {
        match &mut self.store {
            Some(store) => Ok(access_token::call_with_token(store, &self.client, &self.account, make)?),
            None => Ok(make(&self.client, &self.token)),
        }
    }
}

/// What a command would have said of it; where no answer came, there is still the network to look at.
pub(super) fn wechat_failure(name: CheckName, error: &anyhow::Error) -> Check {
    let mut check = Check::from_report(name, classify(error));
    if error.chain().any(|it| it.is::<wechat::Error>()) {
        check.fix.get_or_insert_with(|| t!("wechat-not-sent-hint"));
    }
    check
}
