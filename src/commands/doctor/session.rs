//! The session in which the doctor calls WeChat as the account.

use super::check::{Check, CheckName};
use crate::access_token::{self, Account};
use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::secret::Secret;
use crate::store::Store;
use crate::t;
use crate::time_zone::format_local;
use crate::wechat::{self, Client, Endpoint};

/// The client, the account and a valid token.
pub(super) struct AccountSession {
    client: Client,
    account: Account,
    /// Set if the database can be opened without a migration.
    store: Option<Store>,
    token: Secret,
}

impl AccountSession {
    /// Requests a token, which tests the secret, and returns the session and a description.
    ///
    /// The classic endpoint would invalidate the token of other processes, so a cached token is
    /// used there.
    pub(super) fn open(app: &AppContext, client: Client, account: Account) -> anyhow::Result<(Self, String)> {
        // The database check reports a database that cannot be opened.
        let mut store = app.open_current_store();
        let mut detail = t!("doctor-token");
        let token = match &mut store {
            Some(store) => {
                let cached = access_token::cached(store, &account, Timestamp::now())?
                    .filter(|_| account.endpoint == Endpoint::Classic);
                match cached {
                    Some(cached) => {
                        detail = t!("doctor-token-kept", time = format_local(cached.expires_at));
                        cached.token
                    }
                    None => access_token::refresh(store, &client, &account, Timestamp::now())?.token,
                }
            }
            None => client.access_token(account.endpoint, &account.app_id, &account.secret, false)?.0,
        };
        Ok((Self { client, account, store, token }, detail))
    }

    /// Makes a request. If WeChat refuses the token, the request is repeated with a new one.
    pub(super) fn call<T>(
        &mut self,
        request: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
    ) -> anyhow::Result<Result<T, wechat::Error>> {
        match &mut self.store {
            Some(store) => Ok(access_token::call_with_token(store, &self.client, &self.account, request)?),
            None => Ok(request(&self.client, &self.token)),
        }
    }
}

/// Returns the failure that a command would have printed. Without a response from WeChat, the fix
/// is to check the network.
pub(super) fn wechat_failure(name: CheckName, error: anyhow::Error) -> Check {
    let is_from_client = error.chain().any(|cause| cause.is::<wechat::Error>());
    let mut check = Check::from_error(name, error);
    if is_from_client {
        check.fix.get_or_insert_with(|| t!("wechat-not-sent-hint"));
    }
    check
}
