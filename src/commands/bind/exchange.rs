//! A code's exchange for the person, over the WeChat client.

use std::time::Duration;

use crossbeam_channel::bounded;

use crate::callback::{Exchange, Person, Refusal};
use crate::secret::Secret;
use crate::t;
use crate::token::Account;
use crate::wechat::{self, Client, Grant};

/// How long the nickname may take.
const NICKNAME: Duration = Duration::from_millis(1500);

/// Refusals that are about the code, not about the account: doc/service/api/webdev/access/api_snsaccesstoken.
const CODE_REFUSALS: [i64; 4] = [40029, 40163, 41008, 42003];

/// The way to WeChat, and in whose name.
pub(super) struct WeChat {
    pub(super) client: Client,
    pub(super) account: Account,
}

impl Exchange for WeChat {
    fn person(&self, code: &Secret) -> Result<Person, Refusal> {
        let grant =
            self.client.exchange_code(&self.account.app_id, &self.account.secret, code).map_err(|error| match error
                .refusal()
            {
                Some(refusal) if CODE_REFUSALS.contains(&refusal.errcode) => Refusal::Code { errcode: refusal.errcode },
                Some(refusal) if wechat::errcode::action(refusal.errcode) != wechat::errcode::Action::Backoff => {
                    Refusal::Fatal(error.into())
                }
                _ => Refusal::Unreachable(error.into()),
            })?;
        let nickname = if grant.userinfo && !grant.snapshot { self.nickname(&grant) } else { None };
        Ok(Person { openid: grant.openid, nickname, snapshot: grant.snapshot })
    }
}

impl WeChat {
    /// Only for the operator to see who bound: neither its failure nor its silence spoils anything, since
    /// the code is spent and the binding waits to be kept.
    fn nickname(&self, grant: &Grant) -> Option<String> {
        let (tell, answer) = bounded(1);
        let (client, grant) = (self.client.clone(), grant.clone());
        let asked = std::thread::Builder::new().name("nickname".into()).spawn(move || {
            // Nobody listens any more where it took too long.
            let _ = tell.send(client.nickname(&grant));
        });
        let cause = match asked.map(|_| answer.recv_timeout(NICKNAME)) {
            Ok(Ok(Ok(nickname))) => return nickname,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(late)) => late.to_string(),
            Err(error) => error.to_string(),
        };
        log::info!("{}", t!("bind-no-nickname", cause = cause));
        None
    }
}
