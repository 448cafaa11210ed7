//! The exchange of an OAuth code for the person's identity through the WeChat client.

use std::time::Duration;

use crossbeam_channel::bounded;

use crate::access_token::Account;
use crate::callback::{CodeExchange, ExchangeError, OAuthIdentity};
use crate::secret::Secret;
use crate::t;
use crate::wechat::{self, Client, Grant};

const NICKNAME_TIMEOUT: Duration = Duration::from_millis(1500);

/// The errcodes that mean that the code is invalid, not the account:
/// doc/service/api/webdev/access/api_snsaccesstoken.
const CODE_ERRORS: [i64; 4] = [40029, 40163, 41008, 42003];

/// Exchanges OAuth codes for one account.
#[derive(Clone)]
pub struct WechatExchange {
    /// The HTTP client.
    pub client: Client,
    /// The account that the codes belong to.
    pub account: Account,
}

impl CodeExchange for WechatExchange {
    fn exchange(&self, code: &Secret) -> Result<OAuthIdentity, ExchangeError> {
        let grant =
            self.client.exchange_code(&self.account.app_id, &self.account.secret, code).map_err(|error| match error
                .api_error()
            {
                Some(refusal) if CODE_ERRORS.contains(&refusal.errcode) => {
                    ExchangeError::Code { errcode: refusal.errcode }
                }
                Some(refusal) if wechat::errcode::action(refusal.errcode) != wechat::errcode::Action::Backoff => {
                    ExchangeError::Account(error.into())
                }
                _ => ExchangeError::Unreachable(error.into()),
            })?;
        let nickname = if grant.allows_userinfo && !grant.is_snapshot { self.fetch_nickname(&grant) } else { None };
        Ok(OAuthIdentity { openid: grant.openid, nickname, snapshot: grant.is_snapshot })
    }
}

impl WechatExchange {
    /// Fetches the nickname, which only tells the operator which person was bound. A failure or a
    /// timeout is logged and does not stop the binding, because the code is spent by now.
    fn fetch_nickname(&self, grant: &Grant) -> Option<String> {
        let (sender, response) = bounded(1);
        let (client, grant) = (self.client.clone(), grant.clone());
        let thread = std::thread::Builder::new().name("nickname".into()).spawn(move || {
            // The send fails after the timeout, when the receiver is gone.
            let _ = sender.send(client.nickname(&grant));
        });
        let cause = match thread.map(|_| response.recv_timeout(NICKNAME_TIMEOUT)) {
            Ok(Ok(Ok(nickname))) => return nickname,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        log::info!("{}", t!("bind-no-nickname", cause = cause));
        None
    }
}
