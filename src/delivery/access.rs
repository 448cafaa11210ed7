//! The access token of a run: read from the database where one is kept, else asked for on a thread of its own,
//! so that Ctrl-C need not wait for WeChat.

use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::thread::spawn;
use crate::secret::{ExposeSecret, Secret};
use crate::store::{Store, Token};
use crate::token::{self, Account};
use crate::wechat::Client;

type Answer = Result<Token, token::Error>;

/// How often a new token may be refused in a row before the account is taken to be.
const REFUSALS: u32 = 3;

/// Where the token comes from, and how it stands.
pub(super) struct Access {
    account: Account,
    client: Client,
    database: PathBuf,
    patience: Duration,
    state: State,
    /// The token that WeChat would not take: the next must be another.
    refused: Option<Secret>,
    refusals: u32,
    answers: (Sender<Answer>, Receiver<Answer>),
}

enum State {
    Unread,
    Have(Token),
    Asked,
}

impl Access {
    pub(super) fn new(account: Account, client: Client, store: &Store) -> Self {
        let (database, patience, state) = (store.path().to_owned(), store.patience(), State::Unread);
        Self { account, client, database, patience, state, refused: None, refusals: 0, answers: unbounded() }
    }

    /// The token; `None` while it is asked for, which begins here where it has not.
    pub(super) fn token(&mut self, store: &Store) -> Result<Option<Token>, token::Error> {
        if matches!(self.state, State::Unread) {
            let kept = if self.refused.is_none() { token::kept(store, &self.account)? } else { None };
            match kept {
                Some(token) => self.state = State::Have(token),
                None => self.ask(),
            }
        }
        Ok(match &self.state {
            State::Have(token) => Some(token.clone()),
            State::Unread | State::Asked => None,
        })
    }

    /// WeChat refused this token; whether a new one is worth asking for.
    pub(super) fn refuse(&mut self, token: &Secret) -> bool {
        // Many requests were under way with it: only the first says something new.
        if matches!(&self.state, State::Have(have) if have.token.expose_secret() == token.expose_secret()) {
            self.state = State::Unread;
            self.refused = Some(token.clone());
            self.refusals += 1;
        }
        self.refusals <= REFUSALS
    }

    /// WeChat took a token.
    pub(super) fn accepted(&mut self) {
        self.refusals = 0;
    }

    /// Hears of answers to what was asked.
    pub(super) fn answers(&self) -> &Receiver<Answer> {
        &self.answers.1
    }

    /// Takes the answer, where there is one.
    pub(super) fn hear(&mut self) -> Result<(), token::Error> {
        let Ok(answer) = self.answers.1.try_recv() else { return Ok(()) };
        self.state = State::Unread;
        let token = answer?;
        self.refused = None;
        self.state = State::Have(token);
        Ok(())
    }

    /// Whether there is a token.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.state, State::Have(_))
    }

    fn ask(&mut self) {
        let (client, account, database) = (self.client.clone(), self.account.clone(), self.database.clone());
        let (refused, tell, patience) = (self.refused.clone(), self.answers.0.clone(), self.patience);
        spawn("token", move || {
            let store = Store::open(&database).and_then(|store| store.patient_for(patience));
            let answer = store.map_err(token::Error::from).and_then(|mut store| match &refused {
                Some(refused) => token::instead_of(refused, &mut store, &client, &account),
                None => token::valid(&mut store, &client, &account),
            });
            // Nobody listens where the run has ended meanwhile.
            let _ = tell.send(answer);
        });
        self.state = State::Asked;
    }
}
