//! Delivery: store ⇄ WeChat. A run takes queued messages one by one: attempt written down, request,
//! outcome written down. It works on a thread of its own with its own database connection, so that the
//! command can answer Ctrl-C while a request is under way.

pub mod policy;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::secret::Secret;
use crate::store::{self, Message, Outcome, State, Store};
use crate::t;
use crate::time::Timestamp;
use crate::token::{self, Account};
use crate::wechat::message::Content;
use crate::wechat::{self, Client};
use policy::{Effect, Verdict, judge};

/// What a run tells while it works.
#[derive(Debug)]
pub enum Event {
    /// A message as it stands after this run.
    Settled(Box<Message>),
    /// The account was refused (credentials, IP) or WeChat cannot be reached: nothing more can be sent.
    Stopped(anyhow::Error),
    /// The run could not go on; the last event.
    Broken(anyhow::Error),
    /// The run is over, and the database closed; the last event.
    Over,
}

/// An attempt has ended and the database would not take its outcome: the message must not be sent again as
/// if nothing had happened.
#[derive(Debug, thiserror::Error)]
#[error("{}", t!("delivery-unrecorded", id = id, state = state.as_str(), cause = cause.to_string()))]
pub struct Unrecorded {
    id: i64,
    state: State,
    cause: store::Error,
}

/// A run under way.
pub struct Run {
    /// What it tells, to its end.
    pub events: Receiver<Event>,
    stop: Arc<AtomicBool>,
    _thread: JoinHandle<()>,
}

impl Run {
    /// Delivers these messages, in order. The run owns the store; what it leaves is in the database.
    ///
    /// # Errors
    /// The operating system's, where no thread can be made.
    pub fn begin(store: Store, client: Client, account: Account, ids: Vec<i64>) -> std::io::Result<Self> {
        let (tell, events) = unbounded();
        let stop = Arc::new(AtomicBool::new(false));
        let mut worker =
            Worker { store, client, account, token: None, stopped: HashMap::new(), tell, stop: stop.clone() };
        let thread = std::thread::Builder::new().name("delivery".into()).spawn(move || {
            let result = worker.work(&ids);
            let Worker { store, tell, client, .. } = worker;
            // The database is closed before the end is told, so that the process may leave at once.
            drop(store);
            // Nobody listens any more where the command has left.
            let _ = tell.send(result.map_or_else(Event::Broken, |()| Event::Over));
            drop(client);
        })?;
        Ok(Self { events, stop, _thread: thread })
    }

    /// Begins no further message.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Worker {
    store: Store,
    client: Client,
    account: Account,
    token: Option<Secret>,
    /// What every further message of a kind (or template) would be told.
    stopped: HashMap<String, Outcome>,
    tell: Sender<Event>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn work(&mut self, ids: &[i64]) -> anyhow::Result<()> {
        let mut going = true;
        for &id in ids {
            let went = going;
            going = going && !self.stop.load(Ordering::Relaxed);
            if going
                && let Some(message) = self.store.message(&self.account.app_id, id)?
                && message.state == State::Queued
            {
                going = self.one(&message)?;
            }
            if went && !going {
                // What is said to stay queued is there after a power cut too.
                self.store.to_disk()?;
            }
            self.settled(id)?;
        }
        Ok(())
    }

    fn settled(&mut self, id: i64) -> anyhow::Result<()> {
        if let Some(message) = self.store.message(&self.account.app_id, id)? {
            // Nobody listens any more: the command has left.
            let _ = self.tell.send(Event::Settled(Box::new(message)));
        }
        Ok(())
    }

    /// Tries one message; `false` ends the run.
    fn one(&mut self, message: &Message) -> anyhow::Result<bool> {
        let (Some(openid), Some(body)) = (&message.openid, &message.body) else { return Ok(true) };
        let content: Content = serde_json::from_str(body)?;
        let class = class(&content);
        if let Some(outcome) = self.stopped.get(&class) {
            self.store.settle(message.id, outcome, Timestamp::now())?;
            return Ok(true);
        }
        let mut repeated = false;
        loop {
            let Some(token) = self.token(message)? else { return Ok(false) };
            let Some(n) = self.store.begin_attempt(message.id, Timestamp::now())? else { return Ok(true) };
            let result = self.client.send(&token, &content, openid, message.client_msg_id.as_deref());
            let verdict = judge(result.as_ref().err());
            let outcome = outcome(&verdict, &result);
            self.store.end_attempt(message.id, n, &outcome, Timestamp::now()).map_err(|cause| Unrecorded {
                id: message.id,
                state: outcome.state,
                cause,
            })?;
            log::info!("{}", t!("delivery-attempt", id = message.id, state = outcome.state.as_str()));
            match verdict.effect {
                Effect::Refresh if !repeated => {
                    repeated = true;
                    if self.stop.load(Ordering::Relaxed) {
                        return Ok(false);
                    }
                    match token::instead_of(&token, &mut self.store, &self.client, &self.account) {
                        Ok(token) => self.token = Some(token.token),
                        Err(error) => return self.no_token(message, error).map(|()| false),
                    }
                }
                Effect::Refresh | Effect::StopRun => {
                    if let Err(error) = result {
                        let _ = self.tell.send(Event::Stopped(error.into()));
                    }
                    return Ok(false);
                }
                Effect::Mark => {
                    if let Some(code) = outcome.errcode {
                        self.store.mark_unreachable(&self.account.app_id, openid, code)?;
                    }
                    return Ok(true);
                }
                Effect::StopKind => {
                    self.stopped.insert(class, outcome);
                    return Ok(true);
                }
                Effect::None => return Ok(true),
            }
        }
    }

    /// The token of this run; without one the reason stands in the message, which stays queued.
    fn token(&mut self, message: &Message) -> anyhow::Result<Option<Secret>> {
        if self.token.is_none() {
            match token::valid(&mut self.store, &self.client, &self.account) {
                Ok(token) => self.token = Some(token.token),
                Err(error) => self.no_token(message, error)?,
            }
        }
        Ok(self.token.clone())
    }

    fn no_token(&mut self, message: &Message, error: token::Error) -> anyhow::Result<()> {
        let token::Error::WeChat(cause) = &error else { return Err(error.into()) };
        let refusal = cause.refusal();
        let outcome = Outcome {
            attempt: store::Attempt::NotSent,
            state: State::Queued,
            msgid: None,
            errcode: refusal.map(|refusal| refusal.errcode),
            errmsg: refusal.map(|refusal| refusal.errmsg.clone()),
            error: Some(error.to_string()),
        };
        self.store.settle(message.id, &outcome, Timestamp::now())?;
        let _ = self.tell.send(Event::Stopped(error.into()));
        Ok(())
    }
}

/// What a `stop_kind` refusal covers: the API, and for a template message that template.
fn class(content: &Content) -> String {
    match content {
        Content::Text { .. } => content.kind().to_owned(),
        Content::Template { template_id, .. } => format!("{} {template_id}", content.kind()),
    }
}

fn outcome(verdict: &Verdict, result: &Result<Option<String>, wechat::Error>) -> Outcome {
    let error = result.as_ref().err();
    let refusal = error.and_then(wechat::Error::refusal);
    Outcome {
        attempt: verdict.attempt,
        state: verdict.state,
        msgid: result.as_ref().ok().cloned().flatten(),
        errcode: refusal.map(|refusal| refusal.errcode),
        errmsg: refusal.map(|refusal| refusal.errmsg.clone()),
        error: error.map(ToString::to_string),
    }
}
